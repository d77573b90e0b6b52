"""The rules of a workspace as they are stored: what was laid down is read back, and nothing else is."""

from __future__ import annotations

from datetime import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outdial.domain.errors import Broken
from outdial.domain.rules import CallingHours, CallingPolicy, Price, Rules, hours_from_text, trunk_faults

MINUTES = st.builds(time, st.integers(0, 23), st.integers(0, 59))
HOURS = st.tuples(MINUTES, MINUTES).filter(lambda pair: pair[0] != pair[1]).map(lambda pair: CallingHours(*pair))
CAPS = st.none() | st.integers(1, 1000)
POLICIES = st.builds(CallingPolicy, st.none() | HOURS, CAPS, CAPS, st.booleans())
PRICES = st.none() | st.builds(Price, st.integers(0, 10**9), st.integers(1, 3600))
RULES = st.builds(Rules, POLICIES, st.none() | st.integers(0, 1000), PRICES)


class TestRules:
    @given(RULES)
    def test_are_read_back_as_they_were_laid_down(self, rules: Rules) -> None:
        assert rules.faults() == []
        assert Rules.from_json(rules.to_json()) == rules

    def test_of_a_workspace_nobody_laid_any_down_for_heed_its_suppression_list_only(self) -> None:
        assert Rules.from_json({}) == Rules(CallingPolicy(None, None, None, suppression=True), None, None)

    @pytest.mark.parametrize(
        "stored",
        [
            None,
            [],
            "off",
            {"max_cals": 5},
            {"max_calls": -1},
            {"max_calls": "5"},
            {"max_calls": 5.0},
            {"max_calls": True},
            {"max_calls": 2**31},
            {"policy": None},
            {"policy": {"quiet": "08:00-21:00"}},
            {"policy": {"hours": "08:00"}},
            {"policy": {"hours": "8:00-21:00"}},
            {"policy": {"hours": "08:00-24:00"}},
            {"policy": {"hours": "08:00-21:00:30"}},
            {"policy": {"hours": "09:00-09:00"}},
            {"policy": {"hours": ""}},
            {"policy": {"hours": 8}},
            {"policy": {"hours": {"opens": "08:00", "closes": "21:00"}}},
            {"policy": {"per_day": 0}},
            {"policy": {"per_day": -3}},
            {"policy": {"per_week": "7"}},
            {"policy": {"per_week": False}},
            {"policy": {"suppression": None}},
            {"policy": {"suppression": 1}},
            {"price": {}},
            {"price": {"per_minute_micros": -1}},
            {"price": {"per_minute_micros": 0.5}},
            {"price": {"per_minute_micros": 5, "pulse_s": 0}},
            {"price": {"per_minute_micros": 5, "currency": "EUR"}},
        ],
        ids=str,
    )
    def test_that_nobody_can_read_are_nobodys_rules(self, stored: Any) -> None:
        with pytest.raises(Broken, match="rules of a workspace cannot be read"):
            Rules.from_json(stored)

    def test_say_all_that_is_wrong_with_them(self) -> None:
        hours = CallingHours(time(9), time(9))
        rules = Rules(CallingPolicy(hours, per_day=0, per_week=-1), max_calls=-1, price=Price(-1, 0))

        faults = {fault.path: fault.message for fault in rules.faults()}

        assert set(faults) == {(name,) for name in ("hours", "per_day", "per_week", "max_calls")} | {
            ("per_minute_micros",),
            ("pulse_s",),
        }
        assert faults["per_day",] == "per_day must be a whole number of 1 or more"


class TestHours:
    def test_are_written_by_the_24_hour_clock(self) -> None:
        assert hours_from_text("08:00-21:30") == CallingHours(time(8), time(21, 30))
        assert str(CallingHours(time(8), time(21, 30))) == "08:00-21:30"


class TestATrunksLimits:
    @pytest.mark.parametrize(("max_calls", "calls_per_s"), [(None, None), (0, 0.01), (30, 2), (1, 1000.0)])
    def test_may_be(self, max_calls: int | None, calls_per_s: float | None) -> None:
        assert trunk_faults(max_calls, calls_per_s) == []

    @pytest.mark.parametrize("calls_per_s", [0, -1, 1001, "2", True, float("nan"), float("inf")])
    def test_of_speed_lie_between_the_slowest_and_the_fastest(self, calls_per_s: Any) -> None:
        (fault,) = trunk_faults(None, calls_per_s)

        assert (fault.path, fault.message) == (("calls_per_s",), "calls_per_s must be a number between 0.01 and 1000")
