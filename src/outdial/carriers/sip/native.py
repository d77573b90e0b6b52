"""The few native things a call is made of, as types: the binding itself comes without any we can check against."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol


class NativeAudioInfo(Protocol):
    @property
    def rx_sample_rate(self) -> int: ...

    @property
    def rx_channels(self) -> int: ...


class NativeAudio(Protocol):
    """The sound of one call, 16 bit: read as the codec has it, written in 8 kHz mono. Nothing here blocks."""

    def info(self) -> NativeAudioInfo: ...

    def read(self, max_bytes: int) -> bytes: ...

    def write(self, pcm: bytes) -> int: ...

    def flush_tx(self) -> None: ...


class NativeCall(Protocol):
    @property
    def handle(self) -> int: ...

    @property
    def audio(self) -> NativeAudio: ...

    async def hangup(self) -> None: ...

    async def reject(self) -> None: ...

    async def send_dtmf(self, digits: str) -> None: ...

    def _on_stack_event(self, event: NativeEvent) -> None: ...


class NativeEvent(Protocol):
    @property
    def event(self) -> int: ...

    @property
    def call(self) -> int: ...

    @property
    def text(self) -> str | None: ...


class NativeIdentity(Protocol):
    async def dial(self, uri: str, headers: Mapping[str, str]) -> NativeCall: ...

    def on_incoming(self, callback: Callable[[NativeCall], None]) -> None: ...


class NativeRuntime(Protocol):
    on_dead: Callable[[], None] | None

    async def start(self, config: object) -> None: ...

    async def close(self) -> None: ...

    def subscribe(self, listener: Callable[[NativeEvent], None]) -> None: ...
