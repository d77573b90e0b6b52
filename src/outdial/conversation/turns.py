"""The table of turns: who may speak when, as pure data. Events in, actions out; no sound, no clock, no waiting.

A reply is one piece of agent speech: greeting, answer, idle question or farewell. ``docs/conversation.md`` shows the
diagram that ``diagram()`` prints.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from outdial.domain.errors import Broken


class State(StrEnum):
    THINKING = "thinking"
    """A reply is being made; none of it has sounded yet."""
    SPEAKING = "agent_speaking"
    OVERLAP = "overlap"
    """The agent speaks and so does the callee, too shortly yet to tell an interruption from a "mm-hm"."""
    INTERRUPTED = "interrupted"
    """The callee has the word; the rest of the reply is kept."""
    WEIGHING = "weighing"
    """The interruption is over; the recogniser tells whether it was words."""
    LISTENING = "listening"
    """Silence, and it is the callee's turn."""
    CALLEE_SPEAKING = "callee_speaking"
    TRANSCRIBING = "transcribing"
    WARNING = "idle_warning"
    """The agent asks whether anybody is there."""
    CLOSING = "closing"
    """The last words; nothing interrupts them any more."""
    CLOSED = "closed"


class Event(StrEnum):
    SPEECH_BEGAN = "speech_began"
    SPEECH_LASTED = "speech_lasted"
    """The speech is now long enough to interrupt the agent."""
    SPEECH_ENDED = "speech_ended"
    HEARD = "heard"
    """The recogniser has brought words that want an answer."""
    HEARD_NOTHING = "heard_nothing"
    """It was noise, or a "mm-hm" that wants no answer."""
    DIGITS = "digits"
    VOICE_BEGAN = "voice_began"
    """The first sound of a reply has left."""
    LAST_WORDS = "last_words"
    """The last sentence before the agent hangs up has begun."""
    SPOKE_ALL = "spoke_all"
    """The whole reply was heard."""
    GOODBYE = "goodbye"
    """The whole reply was heard, and the agent wants to hang up."""
    PARTED = "parted"
    """Both sides have said goodbye, or one has and the other is silent."""
    IDLE_WARNING = "idle_warning_due"
    IDLE_END = "idle_end_due"
    MAX_LENGTH = "max_length_due"
    TROUBLE = "trouble"
    """A part has failed for good."""
    LINE_GONE = "line_gone"


class Action(StrEnum):
    GREET = "greet"
    REPLY = "reply"
    """Answer what was heard; whatever was being said or made is dropped."""
    HUSH = "hush"
    """Stop the voice at once and keep the rest."""
    RESUME = "resume"
    """Say the rest that was kept."""
    WARN = "warn"
    SAY_FAREWELL = "say_farewell"
    START_IDLE = "start_idle"
    """From now on the callee's silence counts."""
    HANG_UP = "hang_up"


@dataclass(frozen=True)
class Move:
    state: State
    actions: tuple[Action, ...] = ()


def _to(state: State, *actions: Action) -> Move:
    return Move(state, actions)


S, E, A = State, Event, Action
_STAY: Final = None

_ALWAYS: Final[dict[Event, Move]] = {
    E.MAX_LENGTH: _to(S.CLOSED, A.HANG_UP),
    E.LINE_GONE: _to(S.CLOSED),
    E.TROUBLE: _to(S.CLOSING, A.HUSH, A.SAY_FAREWELL),
    E.DIGITS: _to(S.THINKING, A.REPLY),
    E.PARTED: _to(S.CLOSED, A.HANG_UP),
}
"""What holds in every state but the last two, unless its row says otherwise."""

_CALLEE_HAS_THE_WORD: Final[dict[Event, Move | None]] = {E.DIGITS: _STAY, E.PARTED: _STAY}
"""Keys are answered, and goodbyes carried out, when the callee has ended."""

_ROWS: Final[dict[State, dict[Event, Move | None]]] = {
    S.THINKING: {
        E.SPEECH_BEGAN: _to(S.INTERRUPTED, A.HUSH),
        E.SPEECH_LASTED: _to(S.INTERRUPTED, A.HUSH),
        E.SPEECH_ENDED: _STAY,
        E.HEARD: _to(S.THINKING, A.REPLY),
        E.HEARD_NOTHING: _STAY,
        E.VOICE_BEGAN: _to(S.SPEAKING),
        E.SPOKE_ALL: _to(S.LISTENING, A.START_IDLE),
        E.GOODBYE: _to(S.CLOSED, A.HANG_UP),
    },
    S.SPEAKING: {
        E.SPEECH_BEGAN: _to(S.OVERLAP),
        E.SPEECH_LASTED: _to(S.INTERRUPTED, A.HUSH),
        E.SPEECH_ENDED: _STAY,
        E.HEARD: _STAY,
        E.HEARD_NOTHING: _STAY,
        E.LAST_WORDS: _to(S.CLOSING),
        E.SPOKE_ALL: _to(S.LISTENING, A.START_IDLE),
        E.GOODBYE: _to(S.CLOSED, A.HANG_UP),
    },
    S.OVERLAP: {
        E.SPEECH_LASTED: _to(S.INTERRUPTED, A.HUSH),
        E.SPEECH_ENDED: _to(S.SPEAKING),
        E.HEARD: _STAY,
        E.HEARD_NOTHING: _STAY,
        E.DIGITS: _to(S.INTERRUPTED, A.HUSH),
        E.PARTED: _STAY,
        E.LAST_WORDS: _to(S.CLOSING),
        E.SPOKE_ALL: _to(S.CALLEE_SPEAKING),
        E.GOODBYE: _to(S.CLOSED, A.HANG_UP),
    },
    S.INTERRUPTED: {
        **_CALLEE_HAS_THE_WORD,
        E.SPEECH_LASTED: _STAY,
        E.SPEECH_ENDED: _to(S.WEIGHING),
        E.HEARD: _STAY,
        E.HEARD_NOTHING: _STAY,
    },
    S.WEIGHING: {
        E.DIGITS: _STAY,
        E.SPEECH_BEGAN: _to(S.INTERRUPTED),
        E.HEARD: _to(S.THINKING, A.REPLY),
        E.HEARD_NOTHING: _to(S.THINKING, A.RESUME),
    },
    S.LISTENING: {
        E.SPEECH_BEGAN: _to(S.CALLEE_SPEAKING),
        E.SPEECH_LASTED: _to(S.CALLEE_SPEAKING),
        E.SPEECH_ENDED: _to(S.TRANSCRIBING),
        E.HEARD: _to(S.THINKING, A.REPLY),
        E.HEARD_NOTHING: _STAY,
        E.IDLE_WARNING: _to(S.WARNING, A.WARN),
        E.IDLE_END: _to(S.CLOSED, A.HANG_UP),
    },
    S.CALLEE_SPEAKING: {
        **_CALLEE_HAS_THE_WORD,
        E.SPEECH_LASTED: _STAY,
        E.SPEECH_ENDED: _to(S.TRANSCRIBING),
        E.HEARD: _STAY,
        E.HEARD_NOTHING: _STAY,
    },
    S.TRANSCRIBING: {
        E.DIGITS: _STAY,
        E.SPEECH_BEGAN: _to(S.CALLEE_SPEAKING),
        E.HEARD: _to(S.THINKING, A.REPLY),
        E.HEARD_NOTHING: _to(S.LISTENING, A.START_IDLE),
    },
    S.WARNING: {
        E.SPEECH_BEGAN: _to(S.CALLEE_SPEAKING, A.HUSH),
        E.SPEECH_LASTED: _to(S.CALLEE_SPEAKING, A.HUSH),
        E.SPEECH_ENDED: _STAY,
        E.HEARD: _to(S.THINKING, A.REPLY),
        E.HEARD_NOTHING: _STAY,
        E.VOICE_BEGAN: _STAY,
        E.SPOKE_ALL: _to(S.LISTENING),
        E.IDLE_END: _to(S.CLOSED, A.HANG_UP),
    },
    S.CLOSING: {
        **dict.fromkeys((E.SPEECH_BEGAN, E.SPEECH_LASTED, E.SPEECH_ENDED, E.HEARD, E.HEARD_NOTHING, E.DIGITS)),
        **dict.fromkeys((E.VOICE_BEGAN, E.LAST_WORDS, E.PARTED)),
        E.GOODBYE: _to(S.CLOSED, A.HANG_UP),
        E.TROUBLE: _to(S.CLOSED, A.HANG_UP),
        E.MAX_LENGTH: _to(S.CLOSED, A.HANG_UP),
        E.LINE_GONE: _to(S.CLOSED),
    },
    # The line is down: whatever still comes is late.
    S.CLOSED: dict.fromkeys(Event),
}

START: Final = Move(State.THINKING, (Action.GREET,))
"""How every conversation begins: the agent greets. A greeting without words leads straight to listening."""


def _complete(state: State, row: dict[Event, Move | None]) -> Mapping[Event, Move]:
    shared = {} if state in (S.CLOSING, S.CLOSED) else _ALWAYS
    return MappingProxyType({event: move or Move(state) for event, move in {**shared, **row}.items()})


TURNS: Final = MappingProxyType({state: _complete(state, row) for state, row in _ROWS.items()})
"""state → event → move. An event missing from a row cannot happen in that state."""


def step(state: State, event: Event) -> Move:
    """What follows on an event.

    Raises:
        Broken: the event cannot happen in this state; an actor has lost its place.
    """
    move = TURNS[state].get(event)
    if move is None:
        raise Broken(f"{event} cannot happen while {state}")
    return move


def diagram() -> str:
    """The table as a Mermaid state diagram; events that change nothing are left out, but where they would elsewhere."""
    inner, outer = (
        [f"        [*] --> {START.state}: {_does(START)}"],
        [f"    open {_arrow(e, m)}" for e, m in _ALWAYS.items()],
    )
    for state, row in TURNS.items():
        is_open = state not in (State.CLOSING, State.CLOSED)
        for event, move in row.items():
            shared = _ALWAYS.get(event) if is_open else None
            if move == (shared or Move(state)):
                continue
            (inner if is_open else outer).append(f"{'        ' if is_open else '    '}{state} {_arrow(event, move)}")
    return "\n".join(
        [
            "stateDiagram-v2",
            "    [*] --> open",
            "    state open {",
            *inner,
            "    }",
            *outer,
            f"    {State.CLOSED} --> [*]\n",
        ]
    )


def _arrow(event: Event, move: Move) -> str:
    return f"--> {move.state}: {event}{' / ' if move.actions else ''}{_does(move)}"


def _does(move: Move) -> str:
    return ", ".join(move.actions)
