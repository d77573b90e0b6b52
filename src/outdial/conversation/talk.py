"""One conversation: the actors, wired to the floor and to the clock.

Each beat, in this order: what left and what came in is recorded and heard; the voice detector judges; keypad, timers
and the line itself are asked; the mouth gets its next frame.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Final

import structlog

from outdial.audio.frames import FRAME_MS
from outdial.conversation.floor import Floor
from outdial.conversation.listener import Listener
from outdial.conversation.manners import GOOD_MANNERS, Manners
from outdial.conversation.metronome import Metronome
from outdial.conversation.ports import Leg, Parts
from outdial.conversation.recorder import Recorder
from outdial.conversation.timers import Keypad
from outdial.conversation.transcript import Transcript
from outdial.conversation.turns import Event
from outdial.domain.agent import Brief
from outdial.domain.attempt import DigitsPressed, Said, TalkSummary, Turn
from outdial.domain.clock import Clock
from outdial.domain.errors import Refused, Unreachable
from outdial.domain.outcome import EndedBy

_HANG_UP_TIMEOUT_S: Final = 5.0
_log = structlog.get_logger(__name__)

Report = Callable[[Said | DigitsPressed], None]


async def converse(
    leg: Leg,
    brief: Brief,
    parts: Parts,
    *,
    metronome: Metronome,
    clock: Clock,
    report: Report,
    recording_path: Path | None,
    manners: Manners = GOOD_MANNERS,
) -> TalkSummary:
    """Talk until one side ends the call; the line is down when this returns.

    A part that fails ends the talk with the farewell and is named in ``trouble``; nothing is raised for it.
    Cancelling hangs up: the talk ends like any other, with its summary, as ended by the operator. Cancelled again, it
    waits for no late words any more.
    """
    talk = Talk(leg, brief, Recorder(recording_path), clock=clock, report=report, manners=manners)
    talking = asyncio.create_task(_talk_to_the_end(talk, parts, metronome))
    try:
        await _ended(talking, talk.hang_up)
    finally:
        metronome.leave(talk)
        await talk.let_go()
    return talk.summary()


async def _talk_to_the_end(talk: Talk, parts: Parts, metronome: Metronome) -> None:
    try:
        async with asyncio.TaskGroup() as tasks:
            talk.begin(parts, metronome, tasks)
            await talk.wind_up()
    except* Exception as errors:
        for error in errors.exceptions:
            talk.broke(error)


async def _ended(talking: asyncio.Task[None], hang_up: Callable[[], None]) -> None:
    """Returns when the talk has ended; cancelling only hastens it, for its summary is still wanted."""
    hasten: Callable[[], object] = hang_up
    while not talking.done():
        try:
            await asyncio.wait([talking])
        except asyncio.CancelledError:
            hasten()
            hasten = talking.cancel
            if task := asyncio.current_task():
                task.uncancel()
    if not talking.cancelled():
        talking.result()


class Talk:
    """What belongs to one conversation; a ``Player`` of the metronome."""

    def __init__(
        self, leg: Leg, brief: Brief, recorder: Recorder, *, clock: Clock, report: Report, manners: Manners
    ) -> None:
        self._leg = leg
        self._brief = brief
        self._recorder = recorder
        self._clock = clock
        self._report = report
        self._manners = manners
        self._transcript = Transcript(self._said)
        self._floor = Floor(leg, brief, self._transcript, manners)
        self._keypad = Keypad(manners.digits_pause_ms)
        self._listener: Listener | None = None
        self._periods = 0
        self._hung_up = False
        self._recording_ms = 0

    def begin(self, parts: Parts, metronome: Metronome, tasks: asyncio.TaskGroup) -> None:
        """Open the parts and get on the clock; ``tasks`` owns everything that waits.

        Raises:
            Unreachable: a part could not be opened.
        """
        dialogue = parts.language.open(self._brief)
        self._listener = Listener(
            voice_activity=metronome.voice_activity,
            recogniser=parts.hearing,
            language=self._brief.language,
            manners=self._manners,
            tasks=tasks,
            post=self._floor.post,
            on_words=self._floor.heard,
            failed=self._floor.hearing_failed,
        )
        metronome.join(self)
        self._floor.open(dialogue, parts, tasks)

    def listen(self, periods: int) -> None:
        if self._floor.closed.is_set() or self._listener is None:
            return
        self._periods += periods
        if self._floor.mouth.busy:
            self._floor.sounded_ms = self._now_ms
        self._floor.now_ms = self._now_ms
        left = self._floor.mouth.elapse(periods)
        came = self._leg.hear()
        self._recorder.put(left, came, self._periods)
        self._listener.hear(came, left)

    def act(self) -> None:
        if self._floor.closed.is_set() or self._listener is None:
            return
        self._listener.judge(self._now_ms)
        if digits := self._leg.digits():
            self._keypad.press(digits, self._now_ms)
        if entry := self._keypad.entry(self._now_ms):
            self._report(DigitsPressed(self._clock(), entry))
            self._floor.entered(entry)
        if due := self._floor.timers.due(self._now_ms):
            self._floor.post(due)
        if self._leg.gone is not None:
            self._floor.post(Event.LINE_GONE)
        self._floor.mouth.send()

    def broke(self, error: Exception) -> None:
        """Something failed that nobody was prepared for: this call ends, and says why."""
        expected = isinstance(error, Refused | Unreachable)
        if not expected:
            _log.error("conversation broke", exc_info=error)
        self._floor.troubles.append(str(error) if expected else f"broken: {error!r}")
        self._floor.close(EndedBy.AGENT)

    def hang_up(self) -> None:
        """Somebody outside wants it to end; a talk that has ended stays as it ended."""
        self._floor.close(EndedBy.OPERATOR)

    async def wind_up(self) -> None:
        """Wait for the end, hang up, then wait a little for words that are still on their way."""
        await self._floor.closed.wait()
        await self._put_down()
        if self._listener is not None:
            await self._listener.finish(self._now_ms, self._manners.late_words_timeout_s)

    async def let_go(self) -> None:
        """Give everything back, whatever happened before."""
        self.hang_up()
        self._recording_ms = self._recorder.close(self._periods)
        await self._put_down()
        if self._listener is not None:
            await self._listener.close()

    def summary(self) -> TalkSummary:
        troubles = [*self._floor.troubles, self._recorder.trouble]
        return TalkSummary(
            talk_ms=self._now_ms,
            turns=self._transcript.in_order(),
            ended_by=self._floor.ended_by,
            first_word_ms=self._transcript.first_word_ms,
            captured=dict(self._floor.captured),
            recording_ms=self._recording_ms,
            trouble="; ".join(trouble for trouble in dict.fromkeys(troubles) if trouble),
        )

    @property
    def _now_ms(self) -> int:
        return self._periods * FRAME_MS

    def _said(self, turn: Turn) -> None:
        self._report(Said(self._clock(), turn))

    async def _put_down(self) -> None:
        if self._hung_up:
            return
        self._hung_up = True
        try:
            async with asyncio.timeout(_HANG_UP_TIMEOUT_S):
                await self._leg.hang_up()
        except TimeoutError:
            self._floor.troubles.append("line: the far side was not told of the hang-up in time")
