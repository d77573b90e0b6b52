"""Ears and voice together, with one pool between them: what ``bootstrap`` opens for a media worker."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Final, TypeVar

from outdial.domain.errors import Broken, Unreachable
from outdial.speech.local.ears import LocalEars
from outdial.speech.local.models import find_whisper
from outdial.speech.local.voice import HibariEngine, LocalVoice
from outdial.speech.local.whisper import Whisper
from outdial.speech.pool import SpeechPool

T = TypeVar("T")

LOAD_WITHIN_S: Final = 60.0


class LocalSpeech:
    """Local speech parts that load beside the event loop.

    ``start`` returns at once and loads in the pool; ``hearing`` and ``voice`` can be used straight away and wait for
    their model. Create it inside a running loop; the pool's threads belong to it until ``close``.
    """

    def __init__(
        self, *, models_dir: Path | None = None, workers: int = 1, waiting: int = 64, cache_bytes: int = 32_000_000
    ) -> None:
        """Look the models up, without reading them.

        Raises:
            NotInstalled: there is no speech-to-text model, or ``models_dir`` is wrong; the message says what to do.
        """
        self._files = find_whisper(models_dir)
        self._pool = SpeechPool(workers=workers, waiting=waiting)
        self._loading: tuple[asyncio.Task[HibariEngine], asyncio.Task[Whisper]] | None = None
        self.voice = LocalVoice(self._hibari, self._pool, cache_bytes=cache_bytes)
        self.hearing = LocalEars(self._whisper, self._pool)

    def start(self) -> None:
        """Begin to load, once."""
        if self._loading is None:
            loop = asyncio.get_running_loop()
            load_whisper = partial(Whisper, self._files, workers=self._pool.workers)
            self._loading = (
                loop.create_task(self._pool.run(HibariEngine, within_s=LOAD_WITHIN_S, what="loading local voices")),
                loop.create_task(self._pool.run(load_whisper, within_s=LOAD_WITHIN_S, what="loading local ears")),
            )

    async def ready(self) -> None:
        """Wait until both models are loaded and warm.

        Raises:
            NotInstalled: a model is damaged.
            Unreachable: loading took too long.
        """
        await self._hibari()
        await self._whisper()

    async def close(self) -> None:
        """Stop loading, drop what waits. What is being computed ends by itself within seconds."""
        self._pool.close()
        if self._loading is not None:
            for task in self._loading:
                task.cancel()
            await asyncio.gather(*self._loading, return_exceptions=True)

    async def __aenter__(self) -> LocalSpeech:
        self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _hibari(self) -> HibariEngine:
        return await _loaded(self._started()[0])

    async def _whisper(self) -> Whisper:
        return await _loaded(self._started()[1])

    def _started(self) -> tuple[asyncio.Task[HibariEngine], asyncio.Task[Whisper]]:
        self.start()
        if self._loading is None:
            raise Broken("local speech did not begin to load")
        return self._loading


async def _loaded(loading: asyncio.Task[T]) -> T:
    """What is being loaded for all; who stops waiting does not stop the loading.

    Raises:
        Unreachable: loading failed, or was given up because the process closes.
    """
    await asyncio.wait({loading})
    if loading.cancelled():
        raise Unreachable("local speech is shut down")
    return loading.result()
