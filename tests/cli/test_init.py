"""``outdial init``, and what every command does first: settings and the folder all state lives in."""

from __future__ import annotations

import json
import stat
from pathlib import Path

from cli_builders import Home


class TestInit:
    def test_prints_the_same_every_time(self, home: Home) -> None:
        first, again = home.outdial("init", "--json"), home.outdial("init", "--json")

        assert first.status == again.status == 0
        assert first.printed == again.printed
        made = json.loads(first.printed)
        assert made["number"] == "+15550009999"
        assert len({made["ringg_key"], made["ringly_key"], made["native_key"]}) == 3

    def test_prints_the_same_for_a_person(self, home: Home) -> None:
        made = json.loads(home.outdial("init", "--json").printed)

        lines = home.outdial("init").printed.splitlines()

        assert dict(line.split(None, 1) for line in lines) == made

    def test_keeps_the_keys_in_a_file_only_its_owner_can_read(self, home: Home) -> None:
        home.outdial("init")

        file = home.folder / "secrets" / "installation.json"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700

    def test_names_the_address_of_today(self, home: Home) -> None:
        home.outdial("init")

        moved = home.outdial("init", "--json", PUBLIC_URL="https://calls.example.com/")

        assert json.loads(moved.printed)["base_url"] == "https://calls.example.com"

    def test_without_its_database_says_so_and_makes_nothing_new(self, home: Home) -> None:
        home.outdial("init")
        for file in home.folder.glob("outdial.db*"):
            file.unlink()

        ran = home.outdial("init")

        assert ran.status == 2
        assert "names a workspace that is not in the database" in ran.errors
        assert len(ran.error_lines) == 1

    def test_with_a_damaged_file_says_which(self, home: Home) -> None:
        home.outdial("init")
        file = home.folder / "secrets" / "installation.json"
        file.write_text("{")

        ran = home.outdial("init")

        assert ran.status == 2
        assert f"{file} is damaged" in ran.errors
        assert len(ran.error_lines) == 1


class TestTheHome:
    def test_is_made_with_the_folders_above_it(self, home: Home) -> None:
        deep = home.folder / "a" / "b"

        assert home.outdial("init", HOME=str(deep)).status == 0

        assert (deep / "outdial.db").exists()

    def test_that_cannot_be_made_is_one_line_that_names_the_setting(self, home: Home) -> None:
        letter = Path(home.file("letter", "not a folder"))

        for impossible in (letter, letter / "home"):
            ran = home.outdial("init", HOME=str(impossible))

            assert ran.status == 2
            assert str(impossible) in ran.errors
            assert "OUTDIAL_HOME" in ran.errors
            assert len(ran.error_lines) == 1


class TestSettings:
    def test_that_are_wrong_are_one_line_each_naming_the_variable(self, home: Home) -> None:
        ran = home.outdial(
            "init",
            HTTP_PORT="eighty",
            LOG_LEVEL="loud",
            SIP_HOST="sip.example.com",
            DATABASE_URL="mysql://u:secret@h/n",
        )

        assert ran.status == 2
        assert [line.split(": ")[1] for line in ran.error_lines] == [
            "OUTDIAL_LOG_LEVEL",
            "OUTDIAL_HTTP_PORT",
            "OUTDIAL_DATABASE_URL",
            "OUTDIAL_SIP_HOST",
        ]
        assert all(line.startswith("outdial: ") for line in ran.error_lines)
        assert "secret" not in ran.errors
        assert not ran.printed

    def test_that_do_not_exist_are_warned_about_and_ignored(self, home: Home) -> None:
        ran = home.outdial("init", HTTP_PRT="1")

        assert ran.status == 0
        assert ran.error_lines == ["outdial: OUTDIAL_HTTP_PRT is not a setting of Outdial and is ignored"]

    def test_file_that_is_not_there_is_named(self, home: Home) -> None:
        ran = home.outdial("init", SETTINGS_FILE="/nowhere/outdial.yaml")

        assert ran.status == 2
        assert "/nowhere/outdial.yaml: cannot be read" in ran.errors


class TestACommandThatDoesNotExist:
    def test_is_refused_with_the_way_to_help(self, home: Home) -> None:
        ran = home.outdial("dial")

        assert ran.status == 2
        assert "No such command 'dial'" in ran.errors
        assert "--help" in ran.errors
