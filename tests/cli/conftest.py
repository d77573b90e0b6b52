"""A folder of one's own for the command line."""

from __future__ import annotations

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
