"""``outdial policy``, ``suppress`` and limits: what is set is shown, and every mistake names its option."""

from __future__ import annotations

import pytest

from cli_builders import Home


def shown(home: Home) -> dict[str, str]:
    """What ``outdial policy`` prints, by its first column."""
    ran = home.outdial("policy")
    assert ran.status == 0, ran.errors
    return {line[:21].strip(): line[21:].strip() for line in ran.printed.splitlines()}


class TestThePolicy:
    def test_of_a_fresh_installation_is_off_except_for_suppression(self, home: Home) -> None:
        ran = home.outdial("policy")

        assert ran.status == 0
        assert [line.split() for line in ran.printed.splitlines()] == [
            ["hours", "off"],
            ["dials", "per", "day", "off"],
            ["dials", "per", "week", "off"],
            ["suppression", "on"],
            ["calls", "at", "once", "off"],
        ]

    def test_is_set_member_by_member(self, home: Home) -> None:
        home.outdial("policy", "set", "--hours", "08:00-21:00", "--per-day", "3", "--max-calls", "20")
        home.outdial("policy", "set", "--per-week", "7", "--no-suppression")

        ran = home.outdial("policy", "set", "--per-day", "off")

        assert ran.status == 0, ran.errors
        assert [line.split()[-1] for line in ran.printed.splitlines()] == ["08:00-21:00", "off", "7", "off", "20"]
        assert ran.printed == home.outdial("policy").printed

    @pytest.mark.parametrize(
        ("wrong", "said"),
        [
            (("--hours", "8-21"), "outdial: --hours must be HH:MM-HH:MM or off, not '8-21'"),
            (("--hours", "09:00-09:00"), "outdial: --hours must open and close at different times"),
            (("--per-day", "0"), "outdial: --per-day must be a whole number of 1 or more"),
            (("--per-week", "often"), "outdial: --per-week must be a number or off, not 'often'"),
            (("--max-calls", "-1"), "outdial: --max-calls must be a whole number of 0 or more"),
            ((), "outdial: policy set needs an option, such as --hours 08:00-21:00"),
        ],
    )
    def test_set_wrongly_is_refused_naming_the_option(self, installed: Home, wrong: tuple[str, ...], said: str) -> None:
        ran = installed.outdial("policy", "set", *wrong)

        assert ran.status == 2
        assert ran.error_lines == [said]
        assert ran.printed == ""


class TestLimits:
    def test_of_a_number_are_shown_until_they_are_lifted(self, installed: Home) -> None:
        ran = installed.outdial("number", "limit", "+15550009999", "--max-calls", "5")

        assert ran.status == 0, ran.errors
        assert "calls at once 5" in ran.printed
        assert shown(installed)["number +15550009999"] == "calls at once 5"
        installed.outdial("number", "limit", "+15550009999", "--max-calls", "off")
        assert "5550009999" not in installed.outdial("policy").printed

    def test_of_a_trunk_are_set_one_by_one(self, installed: Home) -> None:
        installed.outdial("trunk", "limit", "simulated", "--max-calls", "30", "--calls-per-s", "0.5")

        ran = installed.outdial("trunk", "limit", "simulated", "--max-calls", "off")

        assert ran.status == 0, ran.errors
        assert ran.printed == "trunk simulated: calls at once off, calls a second 0.5\n"

    @pytest.mark.parametrize(
        ("wrong", "said"),
        [
            (("number", "limit", "+15550009999", "--max-calls", "-1"), "--max-calls must be a whole number"),
            (("number", "limit", "+15550009998", "--max-calls", "1"), "there is no caller number +15550009998"),
            (("trunk", "limit", "nobody", "--max-calls", "1"), "there is no trunk named nobody; there are: simulated"),
            (("trunk", "limit", "simulated", "--calls-per-s", "0"), "--calls-per-s must be a number between"),
            (("trunk", "limit", "simulated"), "trunk limit needs an option"),
        ],
    )
    def test_that_cannot_be_are_refused(self, installed: Home, wrong: tuple[str, ...], said: str) -> None:
        ran = installed.outdial(*wrong)

        assert ran.status == 2
        assert len(ran.error_lines) == 1
        assert said in ran.errors


class TestTheSuppressionList:
    def test_is_kept_number_by_number(self, home: Home) -> None:
        home.outdial("suppress", "add", "+12025550101", "--reason", "asked [twice] not to be rung")

        again = home.outdial("suppress", "add", "+12025550101", "--reason", "x")
        listed = home.outdial("suppress", "list")
        removed, gone = (home.outdial("suppress", "remove", "+12025550101") for _ in range(2))

        assert again.printed == "+12025550101 is on the suppression list already\n"
        assert listed.printed.startswith("+12025550101")
        assert listed.printed.endswith("asked [twice] not to be rung\n")
        assert (removed.status, gone.status) == (0, 2)
        assert gone.error_lines == ["outdial: Number not found on the suppression list"]

    def test_refuses_what_is_no_number(self, installed: Home) -> None:
        ran = installed.outdial("suppress", "add", "555 0101")

        assert (ran.status, ran.error_lines) == (2, ["outdial: number must be in E.164 format"])

    def test_takes_a_file_of_numbers_and_reasons(self, home: Home) -> None:
        file = home.file("list.csv", "\ufeff+12025550102, moved, twice\r\n\r\n# from the register\n+12025550101\n")
        home.outdial("suppress", "add", "+12025550101", "--reason", "first")

        ran = home.outdial("suppress", "import", file)

        assert ran.printed == "1 numbers added to the suppression list, 1 were on it already\n"
        rows = [line.split(maxsplit=2) for line in home.outdial("suppress", "list").printed.splitlines()]
        assert [(row[0], row[2]) for row in rows] == [("+12025550101", "first"), ("+12025550102", "moved, twice")]

    def test_reads_numbers_of_a_file_as_people_write_them(self, home: Home) -> None:
        file = home.file("list.csv", "+1 (202) 555-0102,moved\n+52 1 55 1234 5678\n+52 55 1234 5678\n")

        ran = home.outdial("suppress", "import", file)

        assert ran.printed == "2 numbers added to the suppression list, 1 were on it already\n"
        listed = [line.split()[0] for line in home.outdial("suppress", "list").printed.splitlines()]
        assert listed == ["+12025550102", "+5215512345678"]

    def test_takes_nothing_of_a_file_with_wrong_lines_and_names_each(self, home: Home) -> None:
        file = home.file("list.csv", "+12025550102\n\nnobody,reason\n+12025550103\n5550101\n")

        ran = home.outdial("suppress", "import", file)

        assert ran.status == 2
        assert ran.error_lines == [
            "outdial: line 3: number must be in E.164 format",
            "outdial: line 5: number must be in E.164 format",
        ]
        assert home.outdial("suppress", "list").printed == ""

    def test_names_the_first_of_very_many_wrong_lines(self, installed: Home) -> None:
        ran = installed.outdial("suppress", "import", installed.file("list.csv", "nobody\n" * 50))

        assert len(ran.error_lines) == 21
        assert ran.error_lines[-1] == "outdial: and 30 more lines of this file"

    def test_cannot_be_a_file_that_is_no_text(self, installed: Home) -> None:
        ran = installed.outdial("suppress", "import", installed.file("list.csv", b"\xff\xfe\x00"))

        assert ran.status == 2
        assert len(ran.error_lines) == 1
        assert "is not UTF-8 text" in ran.errors
