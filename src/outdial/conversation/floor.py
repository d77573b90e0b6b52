"""Who has the floor: puts every event through the table of turns and carries out its actions.

Events go through at once, wherever they come from; one that comes up on the way waits for its turn. The actions are
the only thing that changes who speaks.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import Final

from outdial.conversation.manners import Manners
from outdial.conversation.overlap import Answer, Overlap
from outdial.conversation.parting import Parting
from outdial.conversation.phrases import asks
from outdial.conversation.ports import Capture, Dialogue, HangUp, Leg, Move, Parts, Say
from outdial.conversation.reply import VOICE, Reply, Stage
from outdial.conversation.speaker import Speaker as Mouth
from outdial.conversation.speaker import Utterance
from outdial.conversation.timers import Timers
from outdial.conversation.transcript import Transcript
from outdial.conversation.turns import START, Action, Event, State, step
from outdial.domain.agent import Brief
from outdial.domain.attempt import Speaker, Turn
from outdial.domain.outcome import EndedBy

_ENDED_BY: Final = {Event.IDLE_END: EndedBy.IDLE, Event.MAX_LENGTH: EndedBy.MAX_LENGTH, Event.LINE_GONE: EndedBy.CALLEE}
_CARRIER_ENDED: Final = "carrier:"
_INTERRUPTING: Final = {
    State.THINKING: (Event.SPEECH_BEGAN, Event.SPEECH_LASTED),
    State.SPEAKING: (Event.SPEECH_LASTED,),
    State.OVERLAP: (Event.SPEECH_LASTED,),
}
"""What takes the word from the agent. A line that sends back all it says, or a television, could do so for ever."""
_HUSHED: Final = frozenset({State.INTERRUPTED, State.WEIGHING})
_OVER_VOICE: Final = frozenset({State.SPEAKING, State.OVERLAP}) | _HUSHED
"""States in which words may have come while the agent was speaking."""


class Floor:
    """The turn state of one conversation. ``now_ms`` and ``sounded_ms`` (when the agent's latest sound left) are
    kept by whoever counts the beats."""

    def __init__(self, leg: Leg, brief: Brief, transcript: Transcript, manners: Manners) -> None:
        self._leg = leg
        self._brief = brief
        self._transcript = transcript
        self._manners = manners
        self.mouth = Mouth(leg, manners.lead_frames, self._utterance_began)
        phrases = manners.phrases_of(brief.language)
        self._parting = Parting(phrases, brief.agent_name)
        self._overlap = Overlap(phrases, self._parting, brief.agent_name, manners.early_answer_ms)
        self.timers = Timers(brief.limits, manners.goodbye_silence_ms)
        self.now_ms = 0
        self.sounded_ms = 0
        self.captured: dict[str, str] = {}
        self.troubles: list[str] = []
        self.ended_by = EndedBy.AGENT
        self.closed = asyncio.Event()
        self._state = START.state
        self._events: deque[Event] = deque()
        self._reply: Reply | None = None
        self._in_vain = 0
        """Interruptions of the present reply that brought no words."""
        self._greeting: Reply | None = None
        self._sounding: Utterance | None = None
        """The latest sentence that has begun to sound."""
        self._turn_began_ms: int | None = None
        self._latency_ms: int | None = None
        self._asked_ms: int | None = None
        """When the callee ended the words that no reply has sounded to yet."""
        self._voice_works = True

    def open(self, dialogue: Dialogue, parts: Parts, tasks: asyncio.TaskGroup) -> None:
        """Begin with the greeting; ``tasks`` owns everything that waits."""
        self._dialogue = dialogue
        self._stage = Stage(
            leg=self._leg,
            speaker=self.mouth,
            synthesiser=parts.voice,
            voice=self._brief.voice,
            manners=self._manners,
            tasks=tasks,
            post=self.post,
            capture=self._capture,
            is_last=self._is_last,
            troubled=self._troubled,
            failed=self._reply_failed,
            noted=self.troubles.append,
        )
        self._do(START.actions)

    def post(self, event: Event) -> None:
        self._events.append(event)
        if len(self._events) > 1:
            return
        while self._events:
            self._step(self._events[0])
            self._events.popleft()

    def close(self, ended_by: EndedBy) -> None:
        """Nobody has the floor any more; a second time does nothing."""
        if self.closed.is_set():
            return
        self.ended_by = ended_by
        self._state = State.CLOSED
        self.closed.set()
        if self._reply is not None:
            self._end_turn()
            self._reply.drop()

    def _step(self, event: Event) -> None:
        if event in _INTERRUPTING.get(self._state, ()) and self._in_vain >= self._manners.most_in_vain:
            return
        move = step(self._state, event)
        if event in (Event.SPOKE_ALL, Event.GOODBYE):
            self._end_turn()
        if move.state is State.CLOSED and self._state is not State.CLOSED:
            self.close(self._who_ended(event))
        self._state = move.state
        self.timers.follow(self._state)
        self._do(move.actions)
        if event is Event.SPOKE_ALL:
            self._answer_late()

    def _who_ended(self, event: Event) -> EndedBy:
        if event is Event.LINE_GONE and (self._leg.gone or "").startswith(_CARRIER_ENDED):
            return EndedBy.CARRIER
        return _ENDED_BY.get(event, EndedBy.AGENT)

    # The actions.

    def _do(self, actions: tuple[Action, ...]) -> None:
        for action in actions:
            self._ACTIONS[action](self)

    def _greet(self) -> None:
        self._start(self._dialogue.greet)
        self._greeting = self._reply

    def _answer(self) -> None:
        words = self._transcript.ask()
        turns = tuple(self._transcript.turns)
        self._start(lambda: self._dialogue.reply(words, turns))

    def _hush(self) -> None:
        self._end_turn()
        if self._reply is not None:
            self._reply.hush()

    def _resume(self) -> None:
        self._in_vain += 1
        if self._reply is not None:
            self._reply.resume()

    def _warn(self) -> None:
        self._start(lambda: _moves(Say(self._brief.idle_question)))

    def _say_farewell(self) -> None:
        words = self._brief.farewell if self._voice_works else ""
        self._start(lambda: _moves(Say(words), HangUp()))

    def _start_idle(self) -> None:
        parting = self._manners.ends_after_goodbyes and self._parting.in_the_air
        self.timers.start_idle(self.now_ms, after_goodbye=parting)

    def _hang_up(self) -> None:
        """Nothing to do here: whoever waits for ``closed`` hangs up."""

    _ACTIONS: Final[dict[Action, Callable[[Floor], None]]] = {
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
        self._parting.reply_begins()
        self._overlap.reply_begins()
        self._sounding = None
        self._in_vain = 0
        self._reply = Reply(self._stage, make)

    # What comes from the actors.

    def heard(self, text: str, began_ms: int, ended_ms: int) -> None:
        """The recogniser's words for a piece of speech; empty: it was none."""
        if not text:
            self.post(self._heard_event)
            return
        self._transcript.add(Turn(Speaker.CALLEE, text, began_ms, ended_ms))
        both_parted = self._parting.callee_said(text) and self._manners.ends_after_goodbyes
        if (reply := self._reply_under_words()) is not None:
            greets, hushed = reply is self._greeting, self._state in _HUSHED
            answer = self._overlap.weigh(text, began_ms, ended_ms, reply, greets=greets, hushed=hushed)
            if answer is Answer.NOW:
                self._wants_answer(text, ended_ms)
        else:
            self._wants_answer(text, ended_ms)
            if both_parted:
                self.post(Event.PARTED)
        self.post(self._heard_event)

    def entered(self, digits: str) -> None:
        """An entry on the keypad: words like any others, which interrupt the agent."""
        words = f"digits {digits}"
        self._transcript.add(Turn(Speaker.CALLEE, words, self.now_ms, self.now_ms))
        self._transcript.entry_wants_answer(words)
        self._asked_ms = self.now_ms
        self.post(Event.DIGITS)

    def hearing_failed(self, why: str, final: bool) -> None:
        self.troubles.append(f"speech-to-text: {why}")
        if final:
            self.post(Event.TROUBLE)

    @property
    def _heard_event(self) -> Event:
        return Event.HEARD if self._transcript.has_news else Event.HEARD_NOTHING

    def _wants_answer(self, text: str, ended_ms: int) -> None:
        self._asked_ms = ended_ms
        self._transcript.wants_answer(text)

    def _reply_under_words(self) -> Reply | None:
        """The reply that words heard just now came over; None: they came into silence. The greeting counts before its
        first sound already: what somebody picks up with is no answer to it."""
        reply = self._reply if self._state in _OVER_VOICE else None
        return reply if reply is not None and (reply.begun or reply is self._greeting) else None

    def _answer_late(self) -> None:
        """The agent has ended; words that came meanwhile may want their answer."""
        asked = self._reply is not None and self._reply.asks
        for text, ended_ms in self._overlap.late_answers(self.sounded_ms, asks=asked):
            self._wants_answer(text, ended_ms)
        if self._transcript.has_news:
            self.post(Event.HEARD)

    def _is_last(self, words: str) -> bool:
        return self._manners.ends_after_goodbyes and self._parting.ends_with(words)

    def _capture(self, capture: Capture) -> None:
        self.captured[capture.name] = capture.value

    def _reply_failed(self, part: str, why: str) -> None:
        self._voice_works = self._voice_works and part != VOICE
        self._troubled(part, why)
        self.post(Event.TROUBLE)

    def _troubled(self, part: str, why: str) -> None:
        self.troubles.append(f"{part}: {why}")

    def _utterance_began(self, utterance: Utterance) -> None:
        if self._turn_began_ms is None:
            self._turn_began_ms = self.now_ms
            self._latency_ms = None if self._asked_ms is None else max(self.now_ms - self._asked_ms, 0)
            self._asked_ms = None
            self._transcript.answered()
            self.post(Event.VOICE_BEGAN)
        if self._sounding is not None and asks(self._sounding.text):
            self._overlap.question_ended(self.now_ms)
        self._sounding = utterance
        if self._reply is not None:
            self._reply.note_begin(utterance)

    def _end_turn(self) -> None:
        """Write down what the agent has said since it began to speak, if it did."""
        if self._reply is None or self._turn_began_ms is None:
            return
        began_ms, self._turn_began_ms = self._turn_began_ms, None
        if words := self._reply.heard:
            self._parting.agent_said(words)
            cut = not self._reply.heard_all
            self._transcript.add(Turn(Speaker.AGENT, words, began_ms, self.sounded_ms, cut, self._latency_ms))


async def _moves(*moves: Move) -> AsyncIterator[Move]:
    for move in moves:
        yield move
