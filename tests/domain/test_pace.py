"""How fast a trunk is asked."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attempt_builders import NOON
from outdial.domain.pace import dials_to_know, longest_span, paced_room, paced_until

SPEEDS = st.one_of(st.integers(1, 60).map(float), st.floats(0.05, 60))


def ms(count: float) -> timedelta:
    return timedelta(milliseconds=count)


def story(calls_per_s: float, ticks_ms: list[int], wanted: int = 100) -> list[datetime]:
    """Dials of somebody who takes at each tick whatever room there is."""
    dials: list[datetime] = []
    now = NOON
    for tick in ticks_ms:
        now += ms(tick)
        latest = sorted(dials)[-dials_to_know(calls_per_s) :]
        dials += [now] * min(wanted, paced_room(latest, calls_per_s, now))
    return dials


def most_within(dials: list[datetime], span: timedelta) -> int:
    return max((sum(begin <= at < begin + span for at in dials) for begin in dials), default=0)


@given(SPEEDS, st.lists(st.integers(1, 900), max_size=60))
def test_no_second_sees_more_calls_than_agreed(calls_per_s: float, ticks_ms: list[int]) -> None:
    dials = story(calls_per_s, ticks_ms)

    most = ceil(calls_per_s)
    assert most_within(dials, timedelta(seconds=1)) <= most
    assert most_within(dials, timedelta(seconds=0.25)) <= ceil(most / 4)


@given(SPEEDS, st.lists(st.integers(1, 900), max_size=40))
def test_there_is_room_from_the_moment_on_that_was_said(calls_per_s: float, ticks_ms: list[int]) -> None:
    dials = story(calls_per_s, ticks_ms)
    now = NOON + ms(sum(ticks_ms))

    opens = paced_until(dials, calls_per_s, now)

    assert opens is not None
    assert paced_room(dials, calls_per_s, opens) > 0
    assert opens == now or paced_room(dials, calls_per_s, opens - ms(0.001)) == 0


@pytest.mark.parametrize(("calls_per_s", "pause"), [(0.5, 2), (0.1, 10), (1.0, 1)])
def test_a_slow_trunk_is_asked_once_in_its_time(calls_per_s: float, pause: float) -> None:
    dials = story(calls_per_s, [100] * 300)

    assert {later - earlier for earlier, later in pairwise(dials)} == {timedelta(seconds=pause)}


def test_asked_often_enough_a_trunk_is_used_to_the_full() -> None:
    dials = story(40, [50] * 200)

    assert len(dials) == pytest.approx(400, abs=10)


@pytest.mark.parametrize("calls_per_s", [0.0, -1.0])
def test_a_trunk_without_any_speed_is_never_asked(calls_per_s: float) -> None:
    assert (paced_room([], calls_per_s, NOON), paced_until([], calls_per_s, NOON)) == (0, None)
    assert longest_span(calls_per_s) == timedelta()
