"""The callback a call names for itself: Ringg §2.10."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outdial.domain.delivery import DeliveryState
from outdial.domain.request import Callback
from outdial.webhooks.callback import address_of
from webhook_builders import Office, Receiver

NAMES = st.text(min_size=1)
PARAMS = st.dictionaries(NAMES, st.text())


class TestItsAddress:
    @pytest.mark.parametrize(
        ("url", "params", "called"),
        [
            ("https://h.test/x", {}, "https://h.test/x"),
            ("https://h.test/x", {"a": "1"}, "https://h.test/x?a=1"),
            ("https://h.test/x?a=1&b=2", {"c": "3"}, "https://h.test/x?a=1&b=2&c=3"),
            ("https://h.test/x?a=1&b=2", {"a": "3"}, "https://h.test/x?b=2&a=3"),
            ("https://h.test/x?a=1&a=2", {"a": "3"}, "https://h.test/x?a=3"),
            ("https://h.test/x?%61=1", {"a": "3"}, "https://h.test/x?a=3"),
            (
                "https://h.test/x?sig=a%2Fb+c%20d&flag",
                {"c": "ü&="},
                "https://h.test/x?sig=a%2Fb+c%20d&flag&c=%C3%BC%26%3D",
            ),
            ("https://h.test/x#part", {"a": "1"}, "https://h.test/x?a=1#part"),
            ("https://[h/", {"a": "1"}, "https://[h/"),
        ],
    )
    def test_keeps_what_the_url_has_unless_a_parameter_replaces_it(
        self, url: str, params: Mapping[str, str], called: str
    ) -> None:
        assert address_of(Callback(url, params=params)) == called

    @given(params=PARAMS)
    def test_carries_every_parameter(self, params: dict[str, str]) -> None:
        address = address_of(Callback("https://h.test/x?kept=1", params=params))

        assert dict(parse_qsl(urlsplit(address).query, keep_blank_values=True)) == {"kept": "1"} | params


class TestACallWithACallback:
    async def test_sends_headers_and_parameters_along(self, office: Office, receiver: Receiver) -> None:
        await office.call(receiver.url("/hook?a=1"), headers={"X-Token": "secret"}, params={"b": "2"})

        await office.work()

        [request] = receiver.requests
        assert (request.method, request.target) == ("POST", "/hook?a=1&b=2")
        assert request.values("x-token") == ["secret"]
        assert request.json["kind"] == "callback"

    async def test_that_leads_inside_is_given_up_with_a_reason(self, small_office: Office, receiver: Receiver) -> None:
        call_id = await small_office.call(f"http://[::1]:{receiver.port}/hook")

        await small_office.work()

        delivery = await small_office.delivery(call_id)
        assert delivery.state is DeliveryState.GIVEN_UP
        assert "OUTDIAL_WEBHOOK_ALLOWED_NETWORKS" in delivery.log[0].error
        assert receiver.requests == []
