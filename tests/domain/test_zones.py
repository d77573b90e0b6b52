"""Where a number may be, by its prefix."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from importlib import resources
from zoneinfo import ZoneInfo

import phonenumbers
import pytest

from outdial.domain.request import Window
from outdial.domain.zones import spoken_zone, zones_of

ONE_ZONE = {
    "+12125550100": "America/New_York",
    "+442079460018": "Europe/London",
    "+919876543210": "Asia/Kolkata",
    "+9779841234567": "Asia/Kathmandu",
    "+6433050123": "Pacific/Chatham",
    "+6857212345": "Pacific/Apia",
    "+5511961234567": "America/Sao_Paulo",
    "+989121234567": "Asia/Tehran",
    # phonenumbers names zones of other countries for these, an hour wrong for half of the year.
    "+212650123456": "Africa/Casablanca",
    "+213551234567": "Africa/Algiers",
    "+218912345678": "Africa/Tripoli",
    "+50581234567": "America/Managua",
    "+211977123456": "Africa/Juba",
    # Countries the time zone database does not list.
    "+38349123456": "Europe/Belgrade",
}


@lru_cache(maxsize=1024)
def clock(name: str) -> tuple[timedelta | None, ...]:
    """What a zone's clock shows, day by day through two years."""
    days = (datetime(2026, 1, 1, 12, tzinfo=UTC) + timedelta(days=day) for day in range(730))
    return tuple(day.astimezone(ZoneInfo(name)).utcoffset() for day in days)


def countries_with_one_clock() -> list[tuple[str, str]]:
    """Countries and their only zone, by the table of the time zone database."""
    zones: dict[str, list[str]] = {}
    table = resources.files("tzdata").joinpath("zoneinfo", "zone.tab").read_text("utf-8")
    for line in table.splitlines():
        if not line.startswith("#"):
            zones.setdefault(line.split("\t")[0], []).append(line.split("\t")[2])
    return sorted((country, names[0]) for country, names in zones.items() if len(set(map(clock, names))) == 1)


class TestANumber:
    @pytest.mark.parametrize(("number", "zone"), ONE_ZONE.items(), ids=ONE_ZONE.values())
    def test_with_the_prefix_of_one_zone_is_in_that(self, number: str, zone: str) -> None:
        assert {clock(name) for name in zones_of(number)} == {clock(zone)}

    @pytest.mark.parametrize(
        ("number", "some"),
        [
            ("+17095550123", {"America/St_Johns", "America/Halifax"}),
            ("+61412345678", {"Australia/Perth", "Australia/Lord_Howe", "Australia/Adelaide", "Australia/Sydney"}),
            ("+68672012345", {"Pacific/Kiritimati", "Pacific/Tarawa"}),
            ("+79161234567", {"Europe/Kaliningrad", "Europe/Moscow", "Asia/Kamchatka"}),
            ("+18005550100", {"Pacific/Guam", "America/St_Johns", "Pacific/Honolulu", "America/New_York"}),
            # Kaliningrad, for which phonenumbers names Bucharest.
            ("+74012345678", {"Europe/Kaliningrad", "Asia/Kamchatka"}),
        ],
    )
    def test_that_may_be_in_several_is_in_all_of_them(self, number: str, some: set[str]) -> None:
        assert some <= set(zones_of(number))

    @pytest.mark.parametrize(
        "number",
        [
            pytest.param("+881612345678", id="a satellite phone"),
            pytest.param("+80012345678", id="an international free-phone number"),
            pytest.param("+15550001111", id="an area code nobody has"),
            pytest.param("+9999999999", id="a country nobody knows"),
            pytest.param("", id="no number at all"),
        ],
    )
    def test_that_tells_nothing_is_nowhere(self, number: str) -> None:
        assert zones_of(number) == ()

    def test_of_a_country_with_one_clock_goes_by_it(self) -> None:
        wrong = []
        for country, zone in countries_with_one_clock():
            for kind in (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE):
                example = phonenumbers.example_number_for_type(country, kind)
                if example is None:
                    continue
                number = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
                if clock(zone) not in {clock(name) for name in zones_of(number)}:
                    wrong.append((country, number, zones_of(number)))

        assert not wrong


class TestTheClockTimesAreMeantBy:
    @pytest.mark.parametrize(
        ("window", "number", "zone"),
        [
            (Window(timezone="America/New_York"), "+4930123456", "America/New_York"),
            (None, "+4930123456", "Europe/Berlin"),
            (None, "+4915123456789", "Europe/Berlin"),
            (None, "+919876543210", "Asia/Calcutta"),
            (None, "+12125550100", "America/New_York"),
            (None, "+881612345678", "Asia/Kolkata"),
        ],
    )
    def test_is_the_windows_else_the_numbers_else_the_default(
        self, window: Window | None, number: str, zone: str
    ) -> None:
        found = spoken_zone(window, number, datetime(2026, 11, 30, 12, tzinfo=UTC))

        assert clock(found) == clock(zone)

    def test_of_a_number_of_many_zones_is_in_their_middle(self) -> None:
        at = datetime(2026, 11, 30, 12, tzinfo=UTC)
        offsets = sorted(at.astimezone(ZoneInfo(name)).utcoffset() or timedelta() for name in zones_of("+79161234567"))

        found = at.astimezone(ZoneInfo(spoken_zone(None, "+79161234567", at))).utcoffset()

        assert offsets[0] < (found or timedelta()) < offsets[-1]
