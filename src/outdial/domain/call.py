"""A call and its attempts: the states they go through, changed only along these tables."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, TypeVar

from outdial.domain.errors import Broken

State = TypeVar("State", bound=StrEnum)


class CallState(StrEnum):
    REGISTERED = "registered"
    """Accepted and durable; waits for its first dial."""
    ACTIVE = "active"
    """One attempt is under way: claimed, dialled, ringing or talking."""
    RETRY = "retry"
    """Waits for another attempt."""
    COMPLETED = "completed"
    FORWARDED = "forwarded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    ERROR = "error"


WAITING: Final = frozenset({CallState.REGISTERED, CallState.RETRY})
TERMINAL: Final = frozenset(
    {CallState.COMPLETED, CallState.FORWARDED, CallState.FAILED, CallState.CANCELLED, CallState.ERROR}
)

CALL_MOVES: Final[dict[CallState, frozenset[CallState]]] = {
    CallState.REGISTERED: frozenset({CallState.ACTIVE, CallState.CANCELLED, CallState.FAILED}),
    CallState.ACTIVE: frozenset({CallState.REGISTERED, CallState.RETRY, *TERMINAL}),
    CallState.RETRY: frozenset({CallState.ACTIVE, CallState.CANCELLED, CallState.FAILED}),
    **dict.fromkeys(TERMINAL, frozenset()),
}


class AttemptState(StrEnum):
    CLAIMED = "claimed"
    """The intent is written; no carrier has been asked yet."""
    DIALING = "dialing"
    """The carrier has been asked: from here on a lost worker may have rung a phone."""
    RINGING = "ringing"
    TALKING = "talking"
    ENDED = "ended"


ATTEMPT_MOVES: Final[dict[AttemptState, frozenset[AttemptState]]] = {
    AttemptState.CLAIMED: frozenset({AttemptState.DIALING, AttemptState.ENDED}),
    AttemptState.DIALING: frozenset({AttemptState.RINGING, AttemptState.TALKING, AttemptState.ENDED}),
    AttemptState.RINGING: frozenset({AttemptState.TALKING, AttemptState.ENDED}),
    AttemptState.TALKING: frozenset({AttemptState.ENDED}),
    AttemptState.ENDED: frozenset(),
}


def move_call(now: CallState, to: CallState) -> CallState:
    """The new state.

    Raises:
        Broken: the table knows no such move.
    """
    if to not in CALL_MOVES[now]:
        raise Broken(f"a call cannot go from {now} to {to}")
    return to


def diagram(moves: Mapping[State, frozenset[State]]) -> str:
    """A table of moves as a Mermaid state diagram; its first state is where everything begins."""
    start = next(iter(moves))
    lines = ["stateDiagram-v2", f"    [*] --> {start}"]
    for state in type(start):
        lines += [f"    {state} --> {to}" for to in type(start) if to in moves[state]]
        lines += [] if moves[state] else [f"    {state} --> [*]"]
    return "\n".join(lines) + "\n"
