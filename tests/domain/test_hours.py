"""Windows and schedules by the clock on the wall (Ringg §2.7)."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outdial.domain.errors import Broken
from outdial.domain.hours import HORIZON, common_opening, hours_of, is_open, opening, scheduled_instant
from outdial.domain.request import Window

ZONES = [
    "Asia/Kolkata", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia",
    "America/St_Johns", "Pacific/Chatham", "Africa/Casablanca", "America/Sao_Paulo", "Pacific/Kiritimati", "UTC",
]  # fmt: skip
MINUTES = st.builds(time, st.integers(0, 23), st.integers(0, 59))
WINDOWS = st.builds(Window, MINUTES, MINUTES, st.sampled_from(ZONES))
INSTANTS = st.datetimes(datetime(2025, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


class TestAWindow:
    def test_is_open_through_the_whole_end_minute(self) -> None:
        day = Window(time(9, 0), time(17, 0), "UTC")

        assert is_open(at("2026-03-02T17:00:59+00:00"), day)
        assert not is_open(at("2026-03-02T17:01:00+00:00"), day)

    def test_of_equal_times_is_always_open(self) -> None:
        assert is_open(at("2026-03-02T03:00:00+00:00"), Window(time(9), time(9), "UTC"))

    def test_may_cross_midnight(self) -> None:
        night = Window(time(22, 0), time(6, 0), "UTC")

        assert is_open(at("2026-03-02T23:00:00+00:00"), night)
        assert is_open(at("2026-03-02T05:00:00+00:00"), night)
        assert opening(at("2026-03-02T12:00:00+00:00"), night) == at("2026-03-02T22:00:00+00:00")

    def test_is_read_in_its_own_zone(self) -> None:
        kolkata = Window(time(9, 0), time(18, 0), "Asia/Kolkata")

        assert opening(at("2026-03-02T20:00:00+00:00"), kolkata) == at("2026-03-03T09:00:00+05:30")

    def test_whose_start_is_skipped_opens_when_the_clock_has_jumped_over_it(self) -> None:
        early = Window(time(2, 30), time(5, 0), "America/New_York")

        assert opening(at("2026-03-08T06:30:00+00:00"), early) == at("2026-03-08T03:00:00-04:00")

    def test_opens_again_when_the_clock_is_set_back_into_it(self) -> None:
        early = Window(time(0, 30), time(1, 15), "America/New_York")

        assert opening(at("2026-11-01T01:30:00-04:00"), early) == at("2026-11-01T01:00:00-05:00")

    def test_opens_by_the_new_clock_on_the_morning_after_a_change(self) -> None:
        day = Window(time(8, 0), time(18, 0), "America/New_York")

        # One before midnight UTC, one after it.
        assert opening(at("2026-03-07T18:30:00-05:00"), day) == at("2026-03-08T08:00:00-04:00")
        assert opening(at("2026-03-07T21:30:00-05:00"), day) == at("2026-03-08T08:00:00-04:00")

    def test_of_an_unknown_zone_lets_nothing_through(self) -> None:
        with pytest.raises(Broken, match="Mars/Olympus"):
            opening(at("2026-03-02T12:00:00+00:00"), Window(time(9), time(10), "Mars/Olympus"))

    @given(INSTANTS, WINDOWS)
    def test_opens_at_the_first_open_minute_and_never_before(self, now: datetime, window: Window) -> None:
        opens = opening(now, window)

        assert opens >= now
        assert is_open(opens, window)
        minute = now.replace(second=0, microsecond=0)
        while minute + timedelta(minutes=1) <= opens:
            assert not is_open(max(minute, now), window)
            minute += timedelta(minutes=1)


class TestSeveralWindows:
    @settings(max_examples=50, deadline=None)
    @given(INSTANTS, st.lists(WINDOWS, max_size=3))
    def test_have_in_common_the_first_minute_in_which_all_are_open(self, now: datetime, windows: list[Window]) -> None:
        opens = common_opening(now, [hours_of(window) for window in windows])

        minute, end = now, now + HORIZON if opens is None else opens
        while minute < end:
            assert not all(is_open(minute, window) for window in windows)
            minute = minute.replace(second=0, microsecond=0) + timedelta(minutes=1)
        assert opens is None or all(is_open(opens, window) for window in windows)

    def test_that_are_never_open_at_once_have_nothing_in_common(self) -> None:
        morning, evening = (hours_of(Window(time(hour), time(hour + 1), "UTC")) for hour in (8, 20))

        assert common_opening(at("2026-03-02T12:00:00+00:00"), [morning, evening]) is None

    def test_may_be_none_which_closes_nothing(self) -> None:
        now = at("2026-03-02T12:00:00.5+00:00")

        assert common_opening(now, []) == now


class TestAScheduledTime:
    def test_without_offset_is_local(self) -> None:
        assert scheduled_instant(datetime(2026, 3, 3, 1, 55), "Asia/Kolkata") == at("2026-03-03T01:55:00+05:30")

    def test_with_offset_is_that_instant(self) -> None:
        assert scheduled_instant(at("2026-03-03T01:55:00Z"), "Asia/Kolkata") == at("2026-03-03T01:55:00Z")

    def test_that_is_skipped_moves_forward_by_the_gap(self) -> None:
        assert scheduled_instant(datetime(2026, 3, 8, 2, 30), "America/New_York") == at("2026-03-08T03:30:00-04:00")

    def test_that_is_repeated_means_the_first(self) -> None:
        assert scheduled_instant(datetime(2026, 11, 1, 1, 30), "America/New_York") == at("2026-11-01T01:30:00-04:00")
