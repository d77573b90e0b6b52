"""One conversation: the actors, wired to the table of turns.

Each beat, in this order: what left and what came in is recorded and heard; the voice detector judges; keypad, timers
and the line itself are asked; the mouth gets its next frame. Events go through the table at once, wherever they
come from, and the table's actions are the only thing that changes who speaks.
"""

from __future__ import annotations

import asyncio
import string
from collections import deque
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Final

import structlog

from outdial.audio.frames import FRAME_MS
from outdial.conversation.listener import Listener
from outdial.conversation.manners import GOOD_MANNERS, Manners
from outdial.conversation.metronome import Metronome
from outdial.conversation.ports import Capture, HangUp, Leg, Move, Parts, Say
from outdial.conversation.recorder import Recorder
from outdial.conversation.reply import VOICE, Reply, Stage
from outdial.conversation.speaker import Speaker as Mouth
from outdial.conversation.speaker import Utterance
from outdial.conversation.timers import Keypad, Timers
from outdial.conversation.transcript import Transcript
from outdial.conversation.turns import START, Action, Event, State, step
from outdial.domain.agent import Brief
from outdial.domain.attempt import DigitsPressed, Said, Speaker, TalkSummary, Turn
from outdial.domain.clock import Clock
from outdial.domain.outcome import EndedBy

_HANG_UP_TIMEOUT_S: Final = 5.0
_ENDED_BY: Final = {Event.IDLE_END: EndedBy.IDLE, Event.MAX_LENGTH: EndedBy.MAX_LENGTH, Event.LINE_GONE: EndedBy.CALLEE}
_CARRIER_ENDED: Final = "carrier:"
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
    Cancelling hangs up and completes the recording.
    """
    talk = Talk(leg, brief, Recorder(recording_path), clock=clock, report=report, manners=manners)
    try:
        async with asyncio.TaskGroup() as tasks:
            talk.begin(parts, metronome, tasks)
            await talk.closed.wait()
            await talk.wind_up()
    except* Exception as errors:
        for error in errors.exceptions:
            talk.broke(error)
    finally:
        metronome.leave(talk)
        await talk.let_go()
    return talk.summary()


class Talk:
    """The state of one conversation; a ``Player`` of the metronome."""

    def __init__(
        self, leg: Leg, brief: Brief, recorder: Recorder, *, clock: Clock, report: Report, manners: Manners
    ) -> None:
        self._leg = leg
        self._brief = brief
        self._recorder = recorder
        self._clock = clock
        self._report = report
        self._manners = manners
        self._periods = 0
        self._state = START.state
        self._events: deque[Event] = deque()
        self._timers = Timers(brief.limits)
        self._keypad = Keypad(manners.digits_pause_ms)
        self._mouth = Mouth(leg, manners.lead_frames, self._utterance_began)
        self._transcript = Transcript(self._said)
        self._captured: dict[str, str] = {}
        self._troubles: list[str] = []
        self._ended_by = EndedBy.AGENT
        self._listener: Listener | None = None
        self._reply: Reply | None = None
        self._turn_began_ms: int | None = None
        self._sounded_ms = 0
        """When the agent's latest sound left."""
        self._latency_ms: int | None = None
        self._asked_ms: int | None = None
        """When the callee ended the words that no reply has sounded to yet."""
        self._agent_was_heard = False
        self._voice_works = True
        self._hung_up = False
        self._recording_ms = 0
        self.closed = asyncio.Event()

    def begin(self, parts: Parts, metronome: Metronome, tasks: asyncio.TaskGroup) -> None:
        """Open the parts and get on the clock; ``tasks`` owns everything that waits."""
        self._dialogue = parts.language.open(self._brief)
        self._stage = Stage(
            leg=self._leg,
            speaker=self._mouth,
            synthesiser=parts.voice,
            voice=self._brief.voice,
            manners=self._manners,
            tasks=tasks,
            post=self._post,
            capture=self._capture,
            failed=self._reply_failed,
        )
        self._listener = Listener(
            ear=metronome.voice_activity.open(),
            recogniser=parts.hearing,
            language=self._brief.language,
            manners=self._manners,
            tasks=tasks,
            post=self._post,
            on_words=self._heard,
            failed=self._hearing_failed,
        )
        metronome.join(self)
        self._do(START.actions)

    # The player's part: two moves a beat.

    def listen(self, periods: int) -> None:
        if self.closed.is_set() or self._listener is None:
            return
        self._periods += periods
        if self._mouth.busy:
            self._sounded_ms = self._now_ms
        left = self._mouth.elapse(periods)
        came = self._leg.hear()
        self._recorder.put(left, came, self._periods)
        self._listener.hear(came, periods)

    def act(self) -> None:
        if self.closed.is_set() or self._listener is None:
            return
        self._listener.judge(self._now_ms)
        if digits := self._leg.digits():
            self._keypad.press(digits, self._now_ms)
        if entry := self._keypad.entry(self._now_ms):
            self._entered(entry)
        if due := self._timers.due(self._now_ms):
            self._post(due)
        if self._leg.gone is not None:
            self._post(Event.LINE_GONE)
        self._mouth.send()

    def broke(self, error: Exception) -> None:
        _log.error("conversation broke", exc_info=error)
        self._troubles.append(f"broken: {error!r}")
        self._close(EndedBy.AGENT)

    @property
    def _now_ms(self) -> int:
        return self._periods * FRAME_MS

    # Events go in, actions come out.

    def _post(self, event: Event) -> None:
        """Put an event through the table; one that comes up on the way waits for its turn."""
        self._events.append(event)
        if len(self._events) > 1:
            return
        while self._events:
            self._step(self._events[0])
            self._events.popleft()

    def _step(self, event: Event) -> None:
        move = step(self._state, event)
        if event in (Event.SPOKE_ALL, Event.GOODBYE):
            self._end_turn()
        if move.state is State.CLOSED and self._state is not State.CLOSED:
            self._close(self._who_ended(event))
        self._state = move.state
        self._timers.follow(self._state)
        self._do(move.actions)
        if event is Event.SPOKE_ALL and self._answered_early():
            self._post(Event.HEARD)

    def _do(self, actions: tuple[Action, ...]) -> None:
        for action in actions:
            self._ACTIONS[action](self)

    def _greet(self) -> None:
        self._start(self._dialogue.greet)

    def _answer(self) -> None:
        words = self._transcript.ask()
        turns = tuple(self._transcript.turns)
        self._start(lambda: self._dialogue.reply(words, turns))

    def _hush(self) -> None:
        self._end_turn()
        if self._reply is not None:
            self._reply.hush()

    def _resume(self) -> None:
        if self._reply is not None:
            self._reply.resume()

    def _warn(self) -> None:
        self._start(lambda: _moves(Say(self._brief.idle_question)))

    def _say_farewell(self) -> None:
        words = self._brief.farewell if self._voice_works else ""
        self._start(lambda: _moves(Say(words), HangUp()))

    def _start_idle(self) -> None:
        self._timers.start_idle(self._now_ms)

    def _hang_up(self) -> None:
        """Nothing to do here: whoever waits for ``closed`` hangs up."""

    _ACTIONS: Final[dict[Action, Callable[[Talk], None]]] = {
        Action.GREET: _greet,
        Action.REPLY: _answer,
        Action.HUSH: _hush,
        Action.RESUME: _resume,
        Action.WARN: _warn,
        Action.SAY_FAREWELL: _say_farewell,
        Action.START_IDLE: _start_idle,
        Action.HANG_UP: _hang_up,
    }

    def _start(self, make: Callable[[], AsyncIterator[Move]]) -> None:
        """Begin a new reply; the one before is over, whatever was left of it."""
        self._end_turn()
        if self._reply is not None:
            self._reply.drop()
        self._reply = Reply(self._stage, make)

    # What the actors bring.

    def _utterance_began(self, utterance: Utterance) -> None:
        if self._turn_began_ms is None:
            self._turn_began_ms = self._now_ms
            self._latency_ms = None if self._asked_ms is None else max(self._now_ms - self._asked_ms, 0)
            self._asked_ms = None
            self._agent_was_heard = True
            self._transcript.answered()
            self._post(Event.VOICE_BEGAN)
        if self._reply is not None:
            self._reply.note_begin(utterance)

    def _heard(self, text: str, began_ms: int, ended_ms: int) -> None:
        if text:
            self._transcript.add(Turn(Speaker.CALLEE, text, began_ms, ended_ms))
        if text and not self._needs_no_answer(text):
            self._asked_ms = ended_ms
            self._transcript.wants_answer(text)
        self._post(Event.HEARD if self._transcript.has_news else Event.HEARD_NOTHING)

    def _needs_no_answer(self, text: str) -> bool:
        """Over the agent's voice, an "mm-hm" or a "hello" is no answer; before its first word, nothing is."""
        if self._state not in (State.SPEAKING, State.OVERLAP, State.INTERRUPTED, State.WEIGHING):
            return False
        return not self._agent_was_heard or text.strip(string.punctuation + " ").lower() in self._manners.backchannels

    def _answered_early(self) -> bool:
        """A short answer came into the agent's last words: too short to interrupt, but an answer all the same."""
        early_ms = self._sounded_ms - self._manners.early_answer_ms
        return self._transcript.has_news and self._asked_ms is not None and self._asked_ms >= early_ms

    def _entered(self, digits: str) -> None:
        self._report(DigitsPressed(self._clock(), digits))
        words = f"digits {digits}"
        self._transcript.add(Turn(Speaker.CALLEE, words, self._now_ms, self._now_ms))
        self._transcript.wants_answer(words)
        self._asked_ms = self._now_ms
        self._post(Event.DIGITS)

    def _capture(self, capture: Capture) -> None:
        self._captured[capture.name] = capture.value

    def _reply_failed(self, part: str, why: str) -> None:
        self._voice_works = self._voice_works and part != VOICE
        self._troubles.append(f"{part}: {why}")
        self._post(Event.TROUBLE)

    def _hearing_failed(self, why: str, final: bool) -> None:
        self._troubles.append(f"speech-to-text: {why}")
        if final:
            self._post(Event.TROUBLE)

    def _said(self, turn: Turn) -> None:
        self._report(Said(self._clock(), turn))

    def _end_turn(self) -> None:
        """Write down what the agent has said since it began to speak, if it did."""
        if self._reply is None or self._turn_began_ms is None:
            return
        began_ms, self._turn_began_ms = self._turn_began_ms, None
        words = self._reply.heard
        if words:
            cut = not self._reply.heard_all
            self._transcript.add(Turn(Speaker.AGENT, words, began_ms, self._sounded_ms, cut, self._latency_ms))

    # The end.

    def _who_ended(self, event: Event) -> EndedBy:
        if event is Event.LINE_GONE and (self._leg.gone or "").startswith(_CARRIER_ENDED):
            return EndedBy.CARRIER
        return _ENDED_BY.get(event, EndedBy.AGENT)

    def _close(self, ended_by: EndedBy) -> None:
        if self.closed.is_set():
            return
        self._ended_by = ended_by
        self._state = State.CLOSED
        self.closed.set()
        if self._reply is not None:
            self._end_turn()
            self._reply.drop()

    async def wind_up(self) -> None:
        """Hang up, then wait a little for words that are still on their way."""
        await self._put_down()
        if self._listener is not None:
            await self._listener.finish(self._now_ms, self._manners.late_words_timeout_s)

    async def let_go(self) -> None:
        """Give everything back, whatever happened before."""
        self._close(EndedBy.OPERATOR)
        self._recording_ms = self._recorder.close(self._periods)
        await self._put_down()
        if self._listener is not None:
            await self._listener.close()

    async def _put_down(self) -> None:
        if self._hung_up:
            return
        self._hung_up = True
        try:
            async with asyncio.timeout(_HANG_UP_TIMEOUT_S):
                await self._leg.hang_up()
        except TimeoutError:
            self._troubles.append("line: the far side was not told of the hang-up in time")

    def summary(self) -> TalkSummary:
        troubles = [*self._troubles, *([self._recorder.trouble] if self._recorder.trouble else [])]
        return TalkSummary(
            talk_ms=self._now_ms,
            turns=self._transcript.in_order(),
            ended_by=self._ended_by,
            first_word_ms=self._transcript.first_word_ms,
            captured=dict(self._captured),
            recording_ms=self._recording_ms,
            trouble="; ".join(dict.fromkeys(troubles)),
        )


async def _moves(*moves: Move) -> AsyncIterator[Move]:
    for move in moves:
        yield move
