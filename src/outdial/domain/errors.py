"""Three answers to everything that goes wrong.

Refused      the caller's move: a wrong or impossible request. Never paged, never retried as it is.
├── Invalid      a field is missing or wrong; every fault is listed
├── NotFound     the thing named does not exist in this workspace
├── Unauthorized the key is missing or not valid
├── Forbidden    the key lacks permission for the action
├── Conflict     the same request is still running, or another state rules it out
├── Reused       the Idempotency-Key belongs to another request
├── TooMany      over a rate; carries when to come back
├── Unsupported  a well-formed wish that no version of this request can have
├── NotOffered   what this installation does not do at all
└── NoCredits    credit accounting is on and nothing is left
Unreachable  theirs: a carrier, provider, endpoint or database did not answer. Retried where that is safe.
Broken       ours: a promise inside Outdial does not hold. Paged.

The domain knows no HTTP: each dialect maps these to its vendor's JSON.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from outdial.domain.limits import MAX_FAULT_LETTERS, MAX_FAULTS_NAMED, MAX_QUOTED_LETTERS

AND_MORE: Final = "and_more"
"""Kind of the last fault of a long list: it counts those that are not named."""


class OutdialError(Exception):
    """Base of all errors Outdial raises on purpose."""


class Refused(OutdialError):
    """The request cannot be done as asked; the message says why, in words for the customer, and is cut when long."""

    def __init__(self, message: str) -> None:
        super().__init__(cut(message, MAX_FAULT_LETTERS))


@dataclass(frozen=True)
class Fault:
    """One thing wrong with one field. ``path`` is where it stands in the body, outermost name first.

    ``stands_for``: how many faults this is; more than one only where the kind is ``AND_MORE``.
    """

    path: tuple[str, ...]
    message: str
    kind: str = "value_error"
    stands_for: int = 1

    def within(self, *path: str) -> Fault:
        """The same, in a part that stands there."""
        return self if self.kind == AND_MORE else replace(self, path=(*path, *self.path))


class Invalid(Refused):
    """One or more fields are missing or wrong; ``faults`` lists them, most important first.

    At most ``MAX_FAULTS_NAMED`` are named, the last entry then counts the others. Sentences and names are cut: they may
    quote what was sent, and an answer is never large.
    """

    def __init__(self, *faults: Fault) -> None:
        super().__init__(faults[0].message)
        self.faults = tuple(_bounded(faults))


def must_be_sound(faults: Iterable[Fault]) -> None:
    """
    Raises:
        Invalid: there are faults; with all of them.
    """
    if found := [*faults]:
        raise Invalid(*found)


def cut(text: str, letters: int = MAX_QUOTED_LETTERS) -> str:
    """``text``, or its beginning and an ellipsis, ``letters`` long."""
    return text if len(text) <= letters else text[: letters - 1] + "…"


def _bounded(faults: Iterable[Fault]) -> Iterator[Fault]:
    named, more = 0, 0
    for fault in faults:
        if fault.kind == AND_MORE or named == MAX_FAULTS_NAMED:
            more += fault.stands_for
        else:
            named += 1
            yield replace(fault, path=tuple(map(cut, fault.path)), message=cut(fault.message, MAX_FAULT_LETTERS))
    if more:
        yield Fault((), f"and {more} more", AND_MORE, more)


class NotFound(Refused):
    """The thing named does not exist, is archived, or belongs to another workspace."""

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = cut(field)


class Unauthorized(Refused):
    """The key is missing, unknown or revoked; the message never says which."""


class Forbidden(Refused):
    """The key is valid but may not do this."""


class Conflict(Refused):
    """The current state of the thing rules the request out."""


class Reused(Refused):
    """An Idempotency-Key names one request; this is another one under the same key."""


class TooMany(Refused):
    """Over an allowed rate. ``retry_after_s`` is in whole seconds, at least 1."""

    def __init__(self, message: str, *, retry_after_s: int) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class Unsupported(Refused):
    """Well formed and known, and yet nothing that can be done this way; the message names the way, if there is one."""


class NotOffered(Refused):
    """Outdial does not do this; the message says so plainly."""


class NoCredits(Refused):
    """Credit accounting is on and the workspace has nothing left."""


class Unreachable(OutdialError):
    """Something outside did not answer or answered nonsense; trying again later may help."""


class Broken(OutdialError):
    """A promise inside Outdial does not hold: our fault, to be looked at by a person."""
