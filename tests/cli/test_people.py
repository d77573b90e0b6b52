"""``outdial user``, as its commands are reached through ``outdial.cli.people``."""

import pytest

from cli_builders import printed
from outdial.cli.people import people
from outdial.domain.errors import Conflict, Invalid

pytestmark = pytest.mark.usefixtures("own_home")


def user(*arguments: str) -> str:
    return printed(people, *arguments)


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
