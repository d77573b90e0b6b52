"""Keep the suppression list: numbers that are never rung, whatever anybody asks for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from outdial.domain.clock import Clock
from outdial.domain.errors import Fault, NotFound, must_be_sound
from outdial.domain.numbers import e164
from outdial.store.database import Database
from outdial.store.policy import suppressions

_LONGEST_REASON: Final = 200


async def suppress(db: Database, workspace_id: str, number: str, reason: str = "", *, now: Clock) -> bool:
    """Put a number on the list, with all others of its subscriber; False: it is on it already, under this number or
    another, and keeps its reason and time.

    From the commit on it is not dialled. A call that waits for it is cancelled when its turn comes; a phone that
    rings already goes on ringing.

    Raises:
        Invalid: ``number`` is not E.164, or the reason cannot be kept.
    """
    must_be_sound(_faults(number, reason))
    reasons, at = {number.strip(): reason}, now()
    return await db.write(suppressions.add, workspace_id, reasons, at) == 1


async def suppress_all(db: Database, workspace_id: str, entries: Sequence[tuple[str, str]], *, now: Clock) -> int:
    """Put all of these numbers on the list, each with its reason, or none; how many were not on it yet.

    Raises:
        Invalid: some cannot be put on it; every fault names the place of its entry, counted from 0.
    """
    faults = [
        Fault((str(place), *fault.path), fault.message)
        for place, (number, reason) in enumerate(entries)
        for fault in _faults(number, reason)
    ]
    must_be_sound(faults)
    # Of a number named twice the first reason is kept, as if they were added one after the other.
    reasons: dict[str, str] = {}
    for number, reason in entries:
        reasons.setdefault(number.strip(), reason)
    at = now()
    return await db.write(suppressions.add, workspace_id, reasons, at)


async def unsuppress(db: Database, workspace_id: str, number: str) -> None:
    """Take a number off the list, under whichever number of its subscriber it stands there.

    Raises:
        NotFound: it is not on it.
    """
    if not await db.write(suppressions.remove, workspace_id, number.strip()):
        raise NotFound("Number not found on the suppression list", field="number")


def _faults(number: str, reason: str) -> list[Fault]:
    faults = []
    if e164(number) is None:
        faults.append(Fault(("number",), "number must be in E.164 format"))
    if len(reason) > _LONGEST_REASON or not reason.isprintable():
        faults.append(
            Fault(("reason",), f"reason must be a text of at most {_LONGEST_REASON} characters that can be printed")
        )
    return faults
