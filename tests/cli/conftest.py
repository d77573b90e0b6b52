"""A folder of one's own for the command line."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cli_builders import Home, a_home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Empty."""
    return a_home(tmp_path)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Set up by ``outdial init``; shared by a file's tests, so that each adds things of its own names."""
    home = a_home(tmp_path_factory.mktemp("installed"))
    assert home.outdial("init").status == 0
    return home


@pytest.fixture
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For commands that are called in this process: its environment names an empty home, and no other setting."""
    for name in os.environ:
        if name.startswith("OUTDIAL_"):
            monkeypatch.delenv(name)
    for name, value in a_home(tmp_path).environment().items():
        monkeypatch.setenv(name, value)
