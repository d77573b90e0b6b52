"""Moments people name, and numbers that are none."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from outdial.analysis.when import moment, named_in

MONDAY = datetime(2026, 3, 2, 15, 30, tzinfo=ZoneInfo("Asia/Kolkata"))


def meant(text: str, now: datetime = MONDAY) -> str:
    at = moment(named_in(text, now), now)
    return f"{at:%Y-%m-%d %H:%M}" if at else ""


class TestAMoment:
    @pytest.mark.parametrize(
        ("said", "at"),
        [
            ("tomorrow at five", "2026-03-03 17:00"),
            ("tomorrow at 11", "2026-03-03 11:00"),
            ("at ten", "2026-03-03 10:00"),
            ("today at nine", "2026-03-02 21:00"),
            ("6 p.m.", "2026-03-02 18:00"),
            ("at half past five", "2026-03-02 17:30"),
            ("quarter to six", "2026-03-02 17:45"),
            ("around five thirty", "2026-03-02 17:30"),
            ("seven in the evening", "2026-03-02 19:00"),
            ("tomorrow morning", "2026-03-03 10:00"),
            ("tonight", "2026-03-02 20:00"),
            ("between four and five on Friday", "2026-03-06 16:00"),
            ("Friday", "2026-03-06 15:30"),
            ("next Monday at noon", "2026-03-09 12:00"),
            ("the day after tomorrow", "2026-03-04 15:30"),
            ("on the 5th of March at 3 pm", "2026-03-05 15:00"),
            ("on the 1st", "2026-04-01 15:30"),
            ("2026-03-10 at 10:00", "2026-03-10 10:00"),
            ("in two hours", "2026-03-02 17:30"),
            ("after half an hour", "2026-03-02 16:00"),
            ("an hour and a half later", "2026-03-02 17:00"),
            ("in a week at eleven", "2026-03-09 11:00"),
            ("कल शाम पाँच बजे", "2026-03-03 17:00"),
            ("परसों सुबह साढ़े दस बजे", "2026-03-04 10:30"),
            ("सोमवार को", "2026-03-09 15:30"),
            ("२ घंटे बाद", "2026-03-02 17:30"),
            ("kal shaam 5 baje", "2026-03-03 17:00"),
            ("in 15 mins", "2026-03-02 15:45"),
            ("in 2 hrs", "2026-03-02 17:30"),
            ("in a few hours", "2026-03-02 18:30"),
            ("do ghante baad", "2026-03-02 17:30"),
            ("dhai ghante baad", "2026-03-02 18:00"),
            ("डेढ़ घंटे बाद", "2026-03-02 17:00"),
            ("kal dhai baje", "2026-03-03 14:30"),
            ("sham ko saade paanch baje", "2026-03-02 17:30"),
            ("tomorrow, no, the day after tomorrow at four", "2026-03-04 16:00"),
            ("at five, sorry, at six", "2026-03-02 18:00"),
            ("tomorrow, no problem, at five", "2026-03-03 17:00"),
        ],
    )
    def test_is_counted_from_when_it_is_said(self, said: str, at: str) -> None:
        assert meant(said) == at

    @pytest.mark.parametrize(
        "said",
        [
            "",
            "five",
            "order number 530",
            "at 98765 43210",
            "after 3 people",
            "about 20 boxes",
            "it costs 6.50",
            "later",
            "good morning",
            "today at 3 pm",
            "on the 31st of February",
            "for five days",
        ],
    )
    def test_is_not_read_out_of_bare_numbers_and_what_has_passed(self, said: str) -> None:
        assert meant(said) == ""

    def test_is_by_the_clock_on_the_wall_when_that_is_changed(self) -> None:
        saturday = datetime(2026, 3, 28, 15, 0, tzinfo=ZoneInfo("Europe/Berlin"))

        named = named_in("tomorrow at five", saturday)

        at = moment(named, saturday)
        assert at is not None
        assert at.isoformat() == "2026-03-29T17:00:00+02:00"
