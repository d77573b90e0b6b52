"""Whether a trunk works, judged by its latest dials alone: nothing is kept, so nothing has to be reset."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from outdial.domain.outcome import ANSWERED, Outcome

FAILURES_IN_A_ROW: Final = 5
"""One failure is bad luck and two are a bad route; a trunk that refuses five in a row refuses everything, and each
further try costs a call one of its attempts."""
REST: Final = timedelta(seconds=30)
"""Long enough for a carrier to fail over, short enough that a hiccup costs a campaign next to nothing."""
LOOK_BACK: Final = timedelta(minutes=10)
"""Probes come one in half a minute or slower: five of them must fit in, or a dead trunk would be forgotten."""
DIALS_TO_KNOW: Final = 50
"""Of those last claimed; a later claim may end sooner, so more than five are looked at."""

_OF_ONE_NUMBER: Final = frozenset({50, 54, 55, 57, 65, 70, 79, 87, 88})
"""Q.850 causes for which a call to this number is refused, and one to another need not be: a facility or a bearer that
it does not have, calls to it that are barred (groups 3 to 6). What a trunk itself lacks or is short of is not here."""
_WORKED: Final = ANSWERED | {Outcome.BUSY, Outcome.NO_ANSWER, Outcome.DECLINED, Outcome.INVALID_NUMBER}


@dataclass(frozen=True)
class Evidence:
    """What one dial told of its trunk, and since when that is known."""

    at: datetime
    failed: bool


def evidence_of(
    outcome: Outcome | None,
    ringing_at: datetime | None,
    answered_at: datetime | None,
    ended_at: datetime | None,
    *,
    q850: int = 0,
) -> Evidence | None:
    """None: nothing yet, or nothing at all: a call given up before its trunk had answered, or a refusal that is about
    the number alone (``q850``: its cause, 0: none was sent)."""
    if outcome is Outcome.TRUNK_FAILED and q850 in _OF_ONE_NUMBER:
        return None
    if outcome is Outcome.TRUNK_FAILED and ended_at is not None:
        return Evidence(ended_at, failed=True)
    if reached := answered_at or ringing_at:
        return Evidence(reached, failed=False)
    if outcome in _WORKED and ended_at is not None:
        return Evidence(ended_at, failed=False)
    return None


def rests_until(known: Iterable[Evidence]) -> datetime | None:
    """The end of the trunk's rest; None: it is well.

    When the rest is over it is given one call at a time until one of them gets through.
    """
    latest = sorted(known, key=lambda one: one.at)[-FAILURES_IN_A_ROW:]
    if len(latest) < FAILURES_IN_A_ROW or not all(one.failed for one in latest):
        return None
    return latest[-1].at + REST
