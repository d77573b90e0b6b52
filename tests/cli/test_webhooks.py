"""``outdial webhooks``, as its commands are reached through ``outdial.cli.webhooks``."""

import pytest

from cli_builders import printed
from outdial.cli.webhooks import app
from outdial.domain.errors import Conflict, Invalid, NotFound

pytestmark = pytest.mark.usefixtures("own_home")
URL = "https://hooks.example.test/outdial"
NOBODY = "00000000-0000-4000-8000-000000000000"


def webhooks(*arguments: str) -> str:
    return printed(app, *arguments)


def test_an_endpoint_is_given_a_secret_another_one_and_is_forgotten() -> None:
    endpoint_id, secret = webhooks("add", URL + "?order=17").split()

    listed = webhooks("list")
    same_id, second = webhooks("rotate", endpoint_id, "--grace-h", "1").split()

    assert listed.split() == [endpoint_id, "active", "own", "secret", URL]
    assert same_id == endpoint_id
    assert secret.startswith("whsec_")
    assert second.startswith("whsec_")
    assert second != secret
    assert webhooks("enable", endpoint_id).startswith(f"{endpoint_id} enabled")
    assert webhooks("replay", "--endpoint", endpoint_id) == "0 go out again\n"
    assert webhooks("remove", endpoint_id) == f"{endpoint_id} removed\n"
    assert webhooks("list") == ""


def test_a_span_may_be_sent_again() -> None:
    span = ("--since", "2026-03-03T15:00+01:00", "--before", "2026-03-03T18:00+01:00", "--arrived")

    assert webhooks("replay", *span) == "0 go out again\n"


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("add", "hooks"), Invalid),
        (("add", URL, "--secret", "a password"), Invalid),
        (("rotate", NOBODY), NotFound),
        (("enable", "x"), NotFound),
        (("remove", NOBODY), NotFound),
        (("replay",), Invalid),
        (("replay", "--arrived"), Invalid),
        (("replay", "--since", "yesterday"), Invalid),
        (("replay", NOBODY), NotFound),
        (("replay", "--endpoint", NOBODY), NotFound),
    ],
)
def test_what_cannot_be_is_refused(arguments: tuple[str, ...], error: type[Exception]) -> None:
    with pytest.raises(error):
        webhooks(*arguments)


def test_a_second_secret_is_a_rotation() -> None:
    webhooks("add", URL)

    with pytest.raises(Conflict):
        webhooks("add", URL)
