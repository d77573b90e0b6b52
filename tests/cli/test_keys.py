"""``outdial key``, as its commands are reached through ``outdial.cli.keys``."""

import pytest

from cli_builders import printed
from outdial.cli.keys import app
from outdial.domain.errors import Conflict, Invalid, NotFound

pytestmark = pytest.mark.usefixtures("own_home")


def key(*arguments: str) -> str:
    return printed(app, *arguments)


def test_a_key_is_shown_once_listed_and_withdrawn() -> None:
    before = key("list")

    made = key("add", "ringg", "--access", "publishable").strip()

    (line,) = set(key("list").splitlines()) - set(before.splitlines())
    key_id, dialect, access, hint = line.split()
    assert made.startswith("pk_")
    assert (dialect, access, hint) == ("ringg", "publishable", f"…{made[-4:]}")
    assert key("remove", key_id) == f"{key_id} withdrawn\n"
    assert key("list") == before


def test_the_last_full_native_key_stays() -> None:
    (native,) = [line.split()[0] for line in key("list").splitlines() if " native " in line]

    with pytest.raises(Conflict):
        key("remove", native)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("add", "telex"), Invalid),
        (("add", "ringg", "--access", "all"), Invalid),
        (("add", "native", "--access", "publishable"), Invalid),
        (("remove", "x"), NotFound),
        (("remove", "00000000-0000-4000-8000-000000000000"), NotFound),
    ],
)
def test_what_cannot_be_is_refused(arguments: tuple[str, ...], error: type[Exception]) -> None:
    with pytest.raises(error):
        key(*arguments)
