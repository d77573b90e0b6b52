"""``outdial serve`` that cannot start: one line that says why, and an exit status that a supervisor understands."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from cli_builders import Home, an_occupied_port, refused_to_serve
from store_builders import server_url


class TestAnOccupiedPort:
    @pytest.mark.parametrize("setting", ["HTTP_PORT", "SIMULATOR_SIP_PORT", "SIP_PORT"])
    async def test_is_named_with_the_setting_to_change(self, home: Home, setting: str) -> None:
        with an_occupied_port() as taken:
            line = await refused_to_serve(home, **{setting: str(taken)})

        assert f"127.0.0.1:{taken}" in line
        assert f"set OUTDIAL_{setting} to a free one" in line


class TestADatabaseThatCannotBeUsed:
    async def test_because_no_server_listens_is_named_without_its_password(self, home: Home) -> None:
        line = await refused_to_serve(home, DATABASE_URL="postgresql://postgres:secret@127.0.0.1:1/outdial")

        assert "postgres:***@127.0.0.1:1/outdial does not answer" in line
        assert "OUTDIAL_DATABASE_URL" in line

    async def test_because_the_server_does_not_know_it_is_named(self, home: Home) -> None:
        url = sa.make_url(server_url()).set(database="outdial_that_nobody_made")

        line = await refused_to_serve(home, DATABASE_URL=url.render_as_string(hide_password=False))

        assert 'database "outdial_that_nobody_made" does not exist' in line

    async def test_because_its_folder_is_missing_is_named(self, home: Home) -> None:
        line = await refused_to_serve(home, DATABASE_URL=f"sqlite:///{home.folder}/nowhere/outdial.db")

        assert f"{home.folder}/nowhere/outdial.db cannot be used" in line
        assert "check that its folder exists" in line

    async def test_because_its_folder_takes_no_files_is_named(self, home: Home) -> None:
        # Nobody may make files there, not even root.
        line = await refused_to_serve(home, DATABASE_URL="sqlite:////proc/outdial.db")

        assert "/proc/outdial.db cannot be used" in line

    async def test_because_the_file_is_something_else_is_named(self, home: Home) -> None:
        letter = home.file("letter.db", "this is a letter, and much longer than a header" * 100)

        line = await refused_to_serve(home, DATABASE_URL=f"sqlite:///{letter}")

        assert f"{letter} cannot be used (file is not a database)" in line
