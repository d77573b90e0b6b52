"""``outdial cancel``, ``hang-up`` and ``reschedule``: what is typed, what is read back. No server runs here."""

from __future__ import annotations

import re

import pytest

from cli_builders import Home

UNKNOWN = "00000000-0000-4000-8000-000000000000"


def a_waiting_call(home: Home) -> str:
    placed = home.outdial("call", "+15550001111", "--no-follow")
    (call_id,) = re.findall(r"call (\S+) registered", placed.printed)
    return str(call_id)


class TestCancel:
    def test_ends_a_waiting_call_and_says_so(self, installed: Home) -> None:
        call_id = a_waiting_call(installed)

        ran = installed.outdial("cancel", call_id)

        assert ran.status == 0, ran.errors
        assert ran.printed == f"call {call_id} is cancelled: nobody will be rung\n"

    def test_of_a_call_that_is_over_is_refused_in_one_line(self, installed: Home) -> None:
        call_id = a_waiting_call(installed)
        installed.outdial("cancel", call_id)

        ran = installed.outdial("cancel", call_id)

        assert ran.status == 2
        assert ran.error_lines == ["outdial: the call is over: cancelled"]


class TestHangUp:
    def test_of_a_waiting_call_is_refused_and_changes_nothing(self, installed: Home) -> None:
        call_id = a_waiting_call(installed)

        ran = installed.outdial("hang-up", call_id)

        assert ran.status == 2
        assert ran.error_lines == ["outdial: no attempt is under way: the call waits (registered)"]
        assert installed.outdial("cancel", call_id).status == 0


class TestReschedule:
    def test_says_when_the_call_is_due_then(self, installed: Home) -> None:
        call_id = a_waiting_call(installed)

        ran = installed.outdial("reschedule", call_id, "now")

        assert ran.status == 0, ran.errors
        assert re.fullmatch(rf"call {call_id} is due at \d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d UTC\n", ran.printed)

    @pytest.mark.parametrize("when", ["tomorrow", "2026-03-03", "2026-13-03T15:00", ""])
    def test_to_what_is_no_moment_shows_one_that_is(self, installed: Home, when: str) -> None:
        ran = installed.outdial("reschedule", UNKNOWN, when)

        assert ran.status == 2
        assert "2026-03-03T15:00+01:00" in ran.errors

    def test_to_another_century_is_refused(self, installed: Home) -> None:
        ran = installed.outdial("reschedule", a_waiting_call(installed), "2126-03-03T15:00Z")

        assert ran.status == 2
        assert "365 days" in ran.errors


@pytest.mark.parametrize("typed", [("cancel",), ("hang-up",), ("reschedule", "now")])
@pytest.mark.parametrize("call_id", [UNKNOWN, "nonsense"])
def test_a_call_that_is_not_there_is_named_as_such(installed: Home, typed: tuple[str, ...], call_id: str) -> None:
    ran = installed.outdial(typed[0], call_id, *typed[1:])

    assert ran.status == 2
    assert ran.errors.startswith("outdial: Call not found")
