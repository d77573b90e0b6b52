"""What lies in an installation's folder is its owner's alone."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from cli_builders import Home, a_home
from outdial.bootstrap.private_files import mend
from outdial.settings import load


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def everything(folder: Path) -> list[Path]:
    return [folder, *folder.rglob("*")]


@pytest.fixture(autouse=True)
def _everybodys_umask() -> object:
    """As most machines have it; commands in this process change it."""
    before = os.umask(0o022)
    yield
    os.umask(before)


class TestANewHome:
    def test_has_no_file_others_can_reach(self, tmp_path: Path) -> None:
        home = a_home(tmp_path / "new")

        assert home.outdial("init").status == 0

        assert [path for path in everything(home.folder) if mode(path) & 0o077] == []
        assert mode(home.folder / "outdial.db") == 0o600


class TestAHomeThatWasLeftOpen:
    def test_is_closed_by_the_next_command(self, tmp_path: Path) -> None:
        home = a_home(tmp_path / "old")
        assert home.outdial("init").status == 0
        home.file("outdial.yaml", "chat_api_key: secret")
        for path in everything(home.folder):
            path.chmod(0o755 if path.is_dir() else 0o644)

        home.outdial("agent", "list")

        assert [path for path in everything(home.folder) if mode(path) & 0o077] == []

    def test_is_closed_to_its_depths_by_a_server(self, home: Home) -> None:
        deep = home.folder / "recordings" / "2026" / "03"
        deep.mkdir(parents=True)
        (deep / "call.wav").write_bytes(b"RIFF")

        left = mend(load(home.environment()))

        assert [path for path in everything(home.folder) if mode(path) & 0o077] == []
        assert left.open == left.foreign == ()

    def test_that_is_a_database_elsewhere_is_closed_too(self, tmp_path: Path) -> None:
        home, elsewhere = a_home(tmp_path / "home"), tmp_path / "elsewhere.db"
        elsewhere.touch(0o644)

        assert home.outdial("init", DATABASE_URL=f"sqlite:///{elsewhere}").status == 0

        assert mode(elsewhere) == 0o600

    def test_follows_no_link(self, home: Home, tmp_path_factory: pytest.TempPathFactory) -> None:
        theirs = tmp_path_factory.mktemp("theirs")
        (theirs / "page.html").touch(0o644)
        theirs.chmod(0o755)
        (home.folder / "recordings").symlink_to(theirs)
        (home.folder / "linked").symlink_to(theirs / "page.html")

        mend(load(home.environment()))

        assert mode(theirs) == 0o755
        assert mode(theirs / "page.html") == 0o644

    def test_leaves_what_is_somebody_elses(self, home: Home) -> None:
        theirs = home.folder / "theirs"
        theirs.touch(0o644)

        found = mend(load(home.environment()), owner=os.geteuid() + 1)

        assert theirs in found.foreign
        assert mode(theirs) == 0o644


class TestADoctor:
    def test_says_that_others_can_read_a_file(self, home: Home) -> None:
        (home.folder / "recordings").mkdir()
        left_open = home.folder / "recordings" / "call.wav"
        left_open.touch(0o644)
        left_open.chmod(0o644)

        report = home.outdial("doctor", MEDIA_WORKERS="0")

        assert f"others can read {left_open}" in report.printed
        assert report.status == 1
