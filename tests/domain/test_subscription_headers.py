"""Headers of subscriptions: shown without their values, and written back without losing them."""

from __future__ import annotations

import pytest

from outdial.domain.errors import Invalid
from outdial.domain.subscription import Subscription
from outdial.domain.subscription_headers import masked, may_be_sent, replaced

STORED = (
    Subscription("native", ("call_ended",), "https://a.test", {"X": "ours"}),
    Subscription("ringg", ("call_started",), "https://a.test", {"X": "first"}),
    Subscription("ringg", ("call_completed",), "https://b.test", {"X": "second"}),
)


def wanted(url: str, event: str, **headers: str) -> Subscription:
    return Subscription("ringg", (event,), url, headers or {"x": "***"})


class TestAMaskedValue:
    @pytest.mark.parametrize(
        ("entry", "value"),
        [
            (wanted("https://a.test", "call_completed"), "first"),
            (wanted("https://c.test", "call_completed"), "second"),
            (wanted("https://a.test", "call_started", X="new"), "new"),
        ],
    )
    def test_is_that_of_the_same_address_else_of_a_shared_event(self, entry: Subscription, value: str) -> None:
        *_, changed = replaced(STORED, "ringg", [entry], "subscriptions")

        assert list(changed.headers.values()) == [value]

    def test_is_never_that_of_another_dialect(self) -> None:
        with pytest.raises(Invalid) as refused:
            replaced(STORED[:1], "ringg", [wanted("https://a.test", "call_ended")], "subscriptions")

        assert refused.value.faults[0].path == ("subscriptions", "0", "headers", "x")

    def test_is_all_that_is_shown(self) -> None:
        assert masked({"Authorization": "secret"}) == {"Authorization": "***"}


def test_other_dialects_keep_their_entries() -> None:
    assert replaced(STORED, "ringg", [], "subscriptions") == STORED[:1]


@pytest.mark.parametrize(
    ("name", "value", "good"),
    [("X-A", "b c", True), ("X A", "b", False), ("", "b", False), ("X", "b\r\nY: z", False), ("X", "b\x00", False)],
)
def test_what_breaks_a_request_is_not_sent(name: str, value: str, good: bool) -> None:
    assert may_be_sent(name, value) is good
