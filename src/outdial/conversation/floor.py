"""Who has the floor: puts every event through the table of turns and carries out its actions.

Events go through at once, wherever they come from; one that comes up on the way waits for its turn. The actions are
the only thing that changes who speaks.
"""

from __future__ import annotations

import asyncio
import string
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import Final

from outdial.conversation.manners import Manners
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


class Floor:
    """The turn state of one conversation. ``now_ms`` and ``sounded_ms`` (when the agent's latest sound left) are
    kept by whoever counts the beats."""

    def __init__(self, leg: Leg, brief: Brief, transcript: Transcript, manners: Manners) -> None:
        self._leg = leg
        self._brief = brief
        self._transcript = transcript
        self._manners = manners
        self.mouth = Mouth(leg, manners.lead_frames, self._utterance_began)
        self.timers = Timers(brief.limits)
        self.now_ms = 0
        self.sounded_ms = 0
        self.captured: dict[str, str] = {}
        self.troubles: list[str] = []
        self.ended_by = EndedBy.AGENT
        self.closed = asyncio.Event()
        self._state = START.state
        self._events: deque[Event] = deque()
        self._reply: Reply | None = None
        self._turn_began_ms: int | None = None
        self._latency_ms: int | None = None
        self._asked_ms: int | None = None
        """When the callee ended the words that no reply has sounded to yet."""
        self._agent_was_heard = False
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
            failed=self._reply_failed,
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
        move = step(self._state, event)
        if event in (Event.SPOKE_ALL, Event.GOODBYE):
            self._end_turn()
        if move.state is State.CLOSED and self._state is not State.CLOSED:
            self.close(self._who_ended(event))
        self._state = move.state
        self.timers.follow(self._state)
        self._do(move.actions)
        if event is Event.SPOKE_ALL and self._answered_early():
            self.post(Event.HEARD)

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
        self.timers.start_idle(self.now_ms)

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
        self._reply = Reply(self._stage, make)

    # What comes from the actors.

    def heard(self, text: str, began_ms: int, ended_ms: int) -> None:
        """The recogniser's words for a piece of speech; empty: it was none."""
        if text:
            self._transcript.add(Turn(Speaker.CALLEE, text, began_ms, ended_ms))
        if text and not self._needs_no_answer(text):
            self._asked_ms = ended_ms
            self._transcript.wants_answer(text)
        self.post(Event.HEARD if self._transcript.has_news else Event.HEARD_NOTHING)

    def entered(self, digits: str) -> None:
        """An entry on the keypad: words like any others, which interrupt the agent."""
        words = f"digits {digits}"
        self._transcript.add(Turn(Speaker.CALLEE, words, self.now_ms, self.now_ms))
        self._transcript.wants_answer(words)
        self._asked_ms = self.now_ms
        self.post(Event.DIGITS)

    def hearing_failed(self, why: str, final: bool) -> None:
        self.troubles.append(f"speech-to-text: {why}")
        if final:
            self.post(Event.TROUBLE)

    def _needs_no_answer(self, text: str) -> bool:
        """Over the agent's voice, an "mm-hm" or a "hello" is no answer; before its first word, nothing is."""
        if self._state not in (State.SPEAKING, State.OVERLAP, State.INTERRUPTED, State.WEIGHING):
            return False
        return not self._agent_was_heard or text.strip(string.punctuation + " ").lower() in self._manners.backchannels

    def _answered_early(self) -> bool:
        """A short answer came into the agent's last words: too short to interrupt, but an answer all the same."""
        early_ms = self.sounded_ms - self._manners.early_answer_ms
        return self._transcript.has_news and self._asked_ms is not None and self._asked_ms >= early_ms

    def _capture(self, capture: Capture) -> None:
        self.captured[capture.name] = capture.value

    def _reply_failed(self, part: str, why: str) -> None:
        self._voice_works = self._voice_works and part != VOICE
        self.troubles.append(f"{part}: {why}")
        self.post(Event.TROUBLE)

    def _utterance_began(self, utterance: Utterance) -> None:
        if self._turn_began_ms is None:
            self._turn_began_ms = self.now_ms
            self._latency_ms = None if self._asked_ms is None else max(self.now_ms - self._asked_ms, 0)
            self._asked_ms = None
            self._agent_was_heard = True
            self._transcript.answered()
            self.post(Event.VOICE_BEGAN)
        if self._reply is not None:
            self._reply.note_begin(utterance)

    def _end_turn(self) -> None:
        """Write down what the agent has said since it began to speak, if it did."""
        if self._reply is None or self._turn_began_ms is None:
            return
        began_ms, self._turn_began_ms = self._turn_began_ms, None
        if words := self._reply.heard:
            cut = not self._reply.heard_all
            self._transcript.add(Turn(Speaker.AGENT, words, began_ms, self.sounded_ms, cut, self._latency_ms))


async def _moves(*moves: Move) -> AsyncIterator[Move]:
    for move in moves:
        yield move
