"""What a supervisor and its media workers say to each other: one JSON object a line, over a socket pair.

No sound crosses here, only orders and facts. Lines that are too long or make no sense are logged (by size, never by
content: they may hold words spoken) and survived.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Final, Literal, TypeVar

import structlog
from pydantic import Discriminator, Tag, TypeAdapter, ValidationError

from outdial.domain.attempt import Answered, DigitsPressed, Order, Result, Ringing, Said
from outdial.domain.errors import Broken

MAX_LINE_BYTES: Final = 4 * 1024 * 1024
"""An order with a large flow is tens of kilobytes; an hour of transcript is hundreds."""

_log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)
_T = TypeVar("_T")


def _kind_of_progress(progress: object) -> str:
    """Each kind is known by the one field only it has, so that the domain's words need no tag of their own."""
    names = progress.keys() if isinstance(progress, Mapping) else vars(progress).keys()
    return next((name for name in ("early_media", "turn", "digits") if name in names), "at")


TaggedProgress = Annotated[
    Annotated[Ringing, Tag("early_media")]
    | Annotated[Answered, Tag("at")]
    | Annotated[Said, Tag("turn")]
    | Annotated[DigitsPressed, Tag("digits")],
    Discriminator(_kind_of_progress),
]


@dataclass(frozen=True)
class CarryOut:
    order: Order
    kind: Literal["carry_out"] = "carry_out"


@dataclass(frozen=True)
class Cancel:
    """Hang up, or stop ringing; the result still comes."""

    call_id: str
    attempt: int
    kind: Literal["cancel"] = "cancel"


@dataclass(frozen=True)
class Drain:
    """Take no more orders; those under way go on."""

    kind: Literal["drain"] = "drain"


@dataclass(frozen=True)
class Shutdown:
    """Hang up everything and end the process."""

    kind: Literal["shutdown"] = "shutdown"


@dataclass(frozen=True)
class Ready:
    """The worker can take orders, ``capacity`` at once."""

    capacity: int
    pid: int
    kind: Literal["ready"] = "ready"


@dataclass(frozen=True)
class Trouble:
    """The worker cannot start; ``reason`` is one line a person can act on."""

    reason: str
    kind: Literal["trouble"] = "trouble"


@dataclass(frozen=True)
class Beat:
    """Sent every second: how late timers fire (99th percentile of the last seconds) and how many attempts run."""

    lag_p99_ms: float
    active: int
    kind: Literal["beat"] = "beat"


@dataclass(frozen=True)
class Progressed:
    call_id: str
    attempt: int
    progress: TaggedProgress
    kind: Literal["progress"] = "progress"


@dataclass(frozen=True)
class Ended:
    call_id: str
    attempt: int
    result: Result
    kind: Literal["result"] = "result"


ToWorker = CarryOut | Cancel | Drain | Shutdown
ToSupervisor = Ready | Trouble | Beat | Progressed | Ended

TO_WORKER: Final[TypeAdapter[ToWorker]] = TypeAdapter(Annotated[ToWorker, Discriminator("kind")])
TO_SUPERVISOR: Final[TypeAdapter[ToSupervisor]] = TypeAdapter(Annotated[ToSupervisor, Discriminator("kind")])


def encode(words: TypeAdapter[_T], message: _T) -> bytes:
    """One line, with its end.

    Raises:
        Broken: the line would be longer than the other side reads.
    """
    line = words.dump_json(message) + b"\n"
    if len(line) > MAX_LINE_BYTES:
        raise Broken(f"a message to or from a media worker is {len(line)} bytes long; {MAX_LINE_BYTES} are allowed")
    return line


def decode(words: TypeAdapter[_T], line: bytes) -> _T | None:
    """The message, or None (logged) when the line is none."""
    try:
        return words.validate_json(line)
    except ValidationError as fault:
        _log.warning("worker message not understood", bytes=len(line), faults=fault.error_count())
        return None
