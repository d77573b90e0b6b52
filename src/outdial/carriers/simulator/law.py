"""The two codecs of a telephone line with their static RTP payload types (RFC 3551 §6)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from outdial.audio import g711
from outdial.carriers.simulator.sdp import PCMA, PCMU


@dataclass(frozen=True)
class Law:
    payload_type: int
    encode: Callable[[bytes], bytes]
    decode: Callable[[bytes], bytes]


LAWS: Final[Mapping[int, Law]] = MappingProxyType({
    PCMU: Law(PCMU, g711.mu_law_encode, g711.mu_law_decode),
    PCMA: Law(PCMA, g711.a_law_encode, g711.a_law_decode),
})  # fmt: skip
