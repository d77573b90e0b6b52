"""When a trunk is taken for broken, and when for mended."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attempt_builders import NOON
from outdial.domain.health import FAILURES_IN_A_ROW, REST, Evidence, evidence_of, rests_until
from outdial.domain.outcome import Outcome


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def failures(count: int, *, begin: float = 0) -> list[Evidence]:
    return [Evidence(after(begin + second), failed=True) for second in range(count)]


def test_a_trunk_nobody_used_is_well() -> None:
    assert rests_until([]) is None


@pytest.mark.parametrize("cause", [50, 54, 55, 57, 65, 70, 79, 87, 88])
def test_a_refusal_that_is_about_one_number_tells_nothing_of_it(cause: int) -> None:
    assert evidence_of(Outcome.TRUNK_FAILED, None, None, after(3), q850=cause) is None
    assert evidence_of(Outcome.DECLINED, None, None, after(3), q850=cause) == Evidence(after(3), failed=False)


@pytest.mark.parametrize("cause", [0, 16, 34, 38, 41, 42, 47, 52, 58, 63, 102, 127])
def test_one_that_is_about_the_trunk_is_its_failure(cause: int) -> None:
    assert evidence_of(Outcome.TRUNK_FAILED, None, None, after(3), q850=cause) == Evidence(after(3), failed=True)


def test_it_rests_after_the_last_of_five_failures() -> None:
    assert rests_until(failures(4)) is None
    assert rests_until(failures(5)) == after(4) + REST
    assert rests_until(failures(7)) == after(6) + REST


def test_one_success_among_the_last_five_makes_it_well() -> None:
    got_through = Evidence(after(7), failed=False)

    assert rests_until([*failures(7), got_through]) is None
    assert rests_until([*failures(7), got_through, *failures(4, begin=8)]) is None
    assert rests_until([*failures(7), got_through, *failures(5, begin=8)]) == after(12) + REST


@given(st.lists(st.booleans(), max_size=20), st.randoms())
def test_what_counts_is_when_it_was_known_and_not_the_order_of_telling(story: list[bool], rng: object) -> None:
    known = [Evidence(after(second), failed=failed) for second, failed in enumerate(story)]
    told = list(known)
    rng.shuffle(told)  # type: ignore[attr-defined]

    broken = len(story) >= FAILURES_IN_A_ROW and all(story[-FAILURES_IN_A_ROW:])
    assert rests_until(told) == (known[-1].at + REST if broken else None)


@pytest.mark.parametrize(
    ("outcome", "ringing", "answered", "ended", "told"),
    [
        (None, None, None, None, None),
        (None, 2, None, None, Evidence(after(2), failed=False)),
        (None, 2, 5, None, Evidence(after(5), failed=False)),
        (Outcome.TRUNK_FAILED, None, None, 3, Evidence(after(3), failed=True)),
        (Outcome.TRUNK_FAILED, 2, None, 3, Evidence(after(3), failed=True)),
        (Outcome.BUSY, None, None, 3, Evidence(after(3), failed=False)),
        (Outcome.INVALID_NUMBER, None, None, 3, Evidence(after(3), failed=False)),
        (Outcome.COMPLETED, 2, 5, 900, Evidence(after(5), failed=False)),
        (Outcome.CANCELLED, None, None, 3, None),
        (Outcome.WORKER_LOST, None, None, 3, None),
        (Outcome.CANCELLED, 2, None, 3, Evidence(after(2), failed=False)),
    ],
)
def test_what_a_dial_tells_of_its_trunk(
    outcome: Outcome | None, ringing: int | None, answered: int | None, ended: int | None, told: Evidence | None
) -> None:
    moments = [None if second is None else after(second) for second in (ringing, answered, ended)]

    assert evidence_of(outcome, *moments) == told
