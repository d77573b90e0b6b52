"""The telephone network that is called, in a process nobody strikes: it counts, and says how far each call has come."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Final

from outdial.audio.frames import SILENCE
from outdial.audio.levels import rms_dbfs
from outdial.carriers.simulator.network_sip import SipNetwork
from outdial.carriers.simulator.scenarios import BUSY, DECLINES, Callee, PhoneBook
from outdial.carriers.simulator.seen import SeenCall
from outdial.conversation.ports import Leg
from outdial.domain.agent import Brief
from outdial.domain.clock import utc_now

TALKER: Final = Callee("talker", "answers soon and listens", rings_s=0.3, persona="somebody")
KINDS: Final = (
    TALKER,
    Callee("busy", "is busy", rings_s=0.1, alerts=False, refusal=BUSY),
    TALKER,
    Callee("declines", "declines after a while", rings_s=0.5, refusal=DECLINES),
)
"""By the last digit of the number, in turn."""
_SPEECH_DBFS: Final = -45.0
_PATIENCE_S: Final = 4.0
"""For a caller that falls silent: its process was killed, and no goodbye will come."""

OnStep = Callable[[str, str], None]
"""A step and the number it happened to."""
_number: ContextVar[str] = ContextVar("number")


def _callee(number: str) -> Callee:
    return KINDS[int(number[-1]) % len(KINDS)]


def picks_up(number: str) -> bool:
    return _callee(number).refusal is None


@dataclass(frozen=True)
class _Book(PhoneBook):
    """Tells of each call as it comes in. Each is served in a task of its own, which keeps its number."""

    on_step: OnStep = field(default=lambda step, number: None)

    def callee(self, number: str) -> Callee:
        callee = _callee(number)
        _number.set(number)
        self.on_step("invited", number)
        if callee.alerts:
            asyncio.get_running_loop().call_later(0.05, self.on_step, "ringing", number)
        return callee


class Peer:
    """``on_step`` may be set at any time."""

    def __init__(self) -> None:
        self.on_step: OnStep = lambda step, number: None
        self.network = SipNetwork(talk=self._listen, clock=utc_now, book=_Book(on_step=self._passed))

    @property
    def dialogs(self) -> Counter[str]:
        """How often each number was really dialled: SIP dialogs, not INVITEs, which UDP repeats."""
        seen = {(call.number, call.call_id) for call in self.network.calls}
        return Counter(number for number, _ in seen)

    def seen(self, number: str) -> list[SeenCall]:
        return [call for call in self.network.calls if call.number == number]

    def most_at_once(self, numbers: Collection[str]) -> int:
        """How many calls to these numbers were under way at the same moment, at most; all of them have ended."""
        mine = [call for call in self.network.calls if call.number in numbers]
        changes = [(call.invited_at, 1) for call in mine] + [(call.ended_at or call.invited_at, -1) for call in mine]
        return max(accumulate(change for _, change in sorted(changes)))

    def _passed(self, step: str, number: str) -> None:
        self.on_step(step, number)

    async def _listen(self, leg: Leg, brief: Brief) -> None:
        number, loop = _number.get(), asyncio.get_running_loop()
        self._passed("answered", number)
        spoken_to, until = False, loop.time() + _PATIENCE_S
        while leg.gone is None and loop.time() < until:
            heard = leg.hear()
            if rms_dbfs(heard or SILENCE) > _SPEECH_DBFS:
                until = loop.time() + _PATIENCE_S
                if not spoken_to:
                    spoken_to = True
                    self._passed("said", number)
            await asyncio.sleep(0.02)
        self._passed("ended", number)


@asynccontextmanager
async def a_peer() -> AsyncIterator[Peer]:
    peer = Peer()
    async with peer.network:
        yield peer
