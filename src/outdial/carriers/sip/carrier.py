"""Rings phones over SIP trunks: one dial, read from top to bottom."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

from outdial.carriers.sip import addresses, outcomes
from outdial.carriers.sip.guard import guarded
from outdial.carriers.sip.leg import SipLeg
from outdial.carriers.sip.line import Line, Sign
from outdial.carriers.sip.stack import SipStack
from outdial.domain.attempt import Dial, missed
from outdial.domain.clock import Clock
from outdial.domain.errors import Unreachable
from outdial.domain.outcome import NotReached, Outcome
from outdial.outgoing.trunk_targets import TrunkTargets


class SipCarrier:
    """A ``Carrier`` over the SIP stack of this process."""

    def __init__(self, stack: SipStack, clock: Clock, targets: TrunkTargets | None = None) -> None:
        """``targets``: where trunks may lead that no operator added."""
        self._targets = targets or TrunkTargets()
        self._stack = stack
        self._clock = clock

    async def place(self, dial: Dial, on_ringing: Callable[[bool], None]) -> SipLeg | NotReached:
        """See ``Carrier.place``. A trunk setting that cannot be used is an outcome with its reason.

        Raises:
            Unreachable: the trunk cannot be reached or this process can take no call; no phone rang.
        """
        try:
            addresses.route(dial)
            trunk = await guarded(dial.trunk, self._targets)
            way = addresses.route(replace(dial, trunk=trunk))
            line = await self._stack.dial(way, trunk, hindered=lambda: missed(dial, self._clock()))
        except addresses.Unfit as wrong:
            return _unfit(wrong)
        if isinstance(line, NotReached):
            return line
        setup = _Setup(line, dial, on_ringing)
        answered = False
        try:
            outcome = await setup.outcome()
            if outcome is None:
                answered = True
                return SipLeg(line, self._stack.hang_up, early_media=setup.early_media)
            return outcome
        finally:
            if not answered:
                await self._stack.hang_up(line)


class _Setup:
    """A dial from its INVITE to the answer."""

    def __init__(self, line: Line, dial: Dial, on_ringing: Callable[[bool], None]) -> None:
        self._line = line
        self._dial = dial
        self._on_ringing = on_ringing
        self._seen: set[Sign] = set()

    @property
    def early_media(self) -> bool:
        return Sign.EARLY_MEDIA in self._seen

    async def outcome(self) -> NotReached | None:
        """None when the line was answered."""
        try:
            async with asyncio.timeout(self._dial.ring_timeout_s):
                last = await self._last_sign()
        except TimeoutError:
            return outcomes.rung_out(self._dial.ring_timeout_s, rang=bool(self._seen))
        return None if last is Sign.ANSWERED else self._refused(self._line.closed or "")

    async def _last_sign(self) -> Sign:
        while (sign := await self._line.signs.get()) not in (Sign.ANSWERED, Sign.CLOSED):
            if sign not in self._seen:
                self._seen.add(sign)
                self._on_ringing(sign is Sign.EARLY_MEDIA)
        return sign

    def _refused(self, close_text: str) -> NotReached:
        answer = outcomes.refusal(close_text)
        if answer is not None:
            return answer
        trunk = f"trunk {self._dial.trunk.name or self._dial.trunk.host}"
        if not self._seen and (why := outcomes.unreachable(close_text, trunk)):
            raise Unreachable(why)
        # The INVITE has left: dialling again at once could ring the person twice.
        return NotReached(Outcome.TRUNK_FAILED, reason=f"{trunk} broke off before the answer: {close_text}")


def _unfit(wrong: addresses.Unfit) -> NotReached:
    if wrong.field == "to_number":
        return NotReached(Outcome.INVALID_NUMBER, reason=f"not dialled: {wrong}")
    return NotReached(Outcome.TRUNK_FAILED, reason=f"not dialled, a trunk setting cannot be used: {wrong}")
