"""Nothing a person enters can become SIP syntax, and what cannot travel is refused by name."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outdial.carriers.sip.addresses import CODECS, Unfit, next_hop, route
from outdial.domain.attempt import Dial, Trunk

TRUNK = Trunk(id="t", name="T", host="sip.example.com")
DIAL = Dial(call_id="c", attempt=1, to_number="+15550001111", from_number="+15551230001", trunk=TRUNK)


def a_dial(*, to_number: str = DIAL.to_number, from_number: str = DIAL.from_number, **trunk: Any) -> Dial:
    return replace(DIAL, to_number=to_number, from_number=from_number, trunk=replace(TRUNK, **trunk))


FREE_TEXT = ["to_number", "from_number", "host", "auth_user", "display_name"]


class TestARoute:
    def test_of_a_plain_trunk(self) -> None:
        found = route(a_dial())

        assert found.target == "sip:+15550001111@sip.example.com:5060;transport=udp"
        assert found.identity.startswith("<sip:+15551230001@sip.example.com:5060;transport=udp>;regint=0;")
        assert "audio_codecs=pcmu/8000/1,pcma/8000/1" in found.identity

    def test_of_a_trunk_with_everything(self) -> None:
        dial = a_dial(
            transport="tls",
            port=5061,
            auth_user="acct",
            password="p;w x",
            srtp="mandatory",
            codecs=("opus", "g722"),
            outbound_proxy="edge.example.com:5071",
            display_name="ACME",
            headers={"X-A": "1"},
        )

        found = route(dial)

        assert found.identity.startswith('"ACME" <sip:+15551230001@sip.example.com:5061;transport=tls>;')
        for part in (
            'auth_user=acct;auth_pass="p;w x"',
            "mediaenc=srtp-mand",
            'outbound="sip:edge.example.com:5071;transport=tls;lr"',
            "audio_codecs=opus/48000/2,g722/16000/1",
        ):
            assert part in found.identity
        assert found.headers == {"X-A": "1"}

    def test_hides_the_password_from_logs(self) -> None:
        assert "hush" not in repr(route(a_dial(password="hush")))

    def test_goes_to_the_outbound_proxy_first(self) -> None:
        assert next_hop(replace(TRUNK, outbound_proxy="edge:5071")) == ("edge", 5071, "udp")
        assert next_hop(replace(TRUNK, outbound_proxy="sip:edge;transport=tls")) == ("edge", 5061, "tls")
        assert next_hop(TRUNK) == ("sip.example.com", 5060, "udp")


class TestWhatCannotTravel:
    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("host", "sip.example.com\r\nX: y"),
            ("host", "a b"),
            ("host", "user@host"),
            ("port", 0),
            ("port", 65536),
            ("transport", "ws"),
            ("srtp", "yes"),
            ("codecs", ()),
            ("codecs", ("pcmu,evil",)),
            ("auth_user", 'a"b'),
            ("auth_user", "a;b"),
            ("password", 'p"w'),
            ("password", "p\\w"),
            ("password", "p\x00w"),
            ("display_name", 'A" <sip:x@y>'),
            ("display_name", "A\r\nVia: x"),
            ("display_name", "A" * 129),
            ("outbound_proxy", "edge;lr;x=<y>"),
            ("outbound_proxy", "edge:99999"),
            ("headers", {"X-A": "b\r\nVia: x"}),
            ("headers", {"X A": "b"}),
            ("headers", {"X-A:": "b"}),
            ("headers", {"Via": "b"}),
            ("headers", {"call-id": "b"}),
            ("headers", {"X-A": "b\x00"}),
            ("headers", {"X-A": "b" * 513}),
        ],
    )
    def test_is_refused_by_the_name_of_its_setting(self, field: str, value: Any) -> None:
        with pytest.raises(Unfit) as refused:
            route(a_dial(**{field: value}))

        assert refused.value.field == field

    @pytest.mark.parametrize(
        "number", ["", "+", "+1 555", "+1555@evil", "+1555;x=y", "+1555\r\n", '"', "<1>", "+1\x00"]
    )
    def test_holds_for_numbers_too(self, number: str) -> None:
        with pytest.raises(Unfit) as callee:
            route(a_dial(to_number=number))
        with pytest.raises(Unfit) as caller:
            route(a_dial(from_number=number))

        assert (callee.value.field, caller.value.field) == ("to_number", "from_number")

    @given(
        st.dictionaries(st.sampled_from(["to_number", "from_number", "host", "auth_user", "display_name"]), st.text())
    )
    def test_never_gets_through_as_syntax(self, settings: dict[str, str]) -> None:
        try:
            found = route(a_dial(**settings))
        except Unfit:
            return

        assert re.fullmatch(r"sip:[^@<>;\"\s]+@[^@<>;\"\s]+:\d+;transport=udp", found.target)
        assert re.fullmatch(r'("[^"\\]*" )?<sip:[^@<>"\s]+@[^@<>"\s]+>;[^<>]*', found.identity)
        assert found.identity.isprintable()

    @given(st.text(), st.text())
    def test_never_gets_through_in_a_header(self, name: str, value: str) -> None:
        try:
            headers = route(a_dial(headers={name: value})).headers
        except Unfit:
            return

        assert re.fullmatch(r"[^\s:]+", next(iter(headers)))
        assert "\r" not in value
        assert "\n" not in value


def test_every_codec_on_offer_can_be_asked_for() -> None:
    for codec in CODECS:
        assert f"audio_codecs={CODECS[codec]};" in route(a_dial(codecs=(codec,))).identity + ";"
