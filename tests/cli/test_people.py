"""``outdial user``, as its commands are reached through ``outdial.cli.people``."""

import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli_builders import a_home
from outdial.cli.people import people
from outdial.domain.errors import Conflict, Invalid

runner = CliRunner()


@pytest.fixture(autouse=True)
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith("OUTDIAL_"):
            monkeypatch.delenv(name)
    for name, value in a_home(tmp_path).environment().items():
        monkeypatch.setenv(name, value)


def user(*arguments: str) -> str:
    """What one command prints.

    Raises: what the command raised.
    """
    result = runner.invoke(people, list(arguments))
    if result.exception is not None:
        raise result.exception
    return result.stdout


def test_people_join_are_listed_and_leave() -> None:
    assert user("add", "Owner@example.test", "--role", "owner").startswith("Owner@example.test added as owner (")
    user("add", "ann@example.test", "--name", "Ann")

    listed = [line.split() for line in user("list").splitlines()]
    assert ["owner@example.test", "owner", "owner"] in listed
    assert ["ann@example.test", "Ann", "member"] in listed

    assert user("remove", "ann@example.test") == "ann@example.test removed\n"
    assert "ann" not in user("list")


def test_the_last_owner_stays() -> None:
    user("add", "owner@example.test", "--role", "owner")

    assert user("remove", "owner@localhost") == "owner@localhost removed\n"
    with pytest.raises(Conflict, match="last owner"):
        user("remove", "owner@example.test")


def test_a_role_that_does_not_exist_is_named() -> None:
    with pytest.raises(Invalid, match="role must be one of owner, admin, member"):
        user("add", "ann@example.test", "--role", "king")
