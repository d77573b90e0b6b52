"""What customers are told of a failure names nothing of the inside."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outdial.domain.inside import INTERNAL, without_addresses


class TestAReason:
    @pytest.mark.parametrize(
        ("text", "told"),
        [
            ("[Errno 111] Connect call failed ('10.0.0.3', 80)", f"[Errno 111] Connect call failed {INTERNAL}"),
            ("connect to 10.0.0.3: refused", f"connect to {INTERNAL}: refused"),
            (
                "the model endpoint http://llm.inside:8000/v1 (model m) failed",
                f"the model endpoint {INTERNAL} (model m) failed",
            ),
            ("the endpoint http://[fd00::1]:8000/v1 failed", f"the endpoint {INTERNAL} failed"),
            ("Cannot connect to host stt.inside:443 ssl:default", f"Cannot connect to host {INTERNAL} ssl:default"),
            ("llm:8000 does not answer", f"{INTERNAL} does not answer"),
            ("via [fd00::1]:5060 it failed", f"via {INTERNAL} it failed"),
            ("from ::1, it failed", f"from {INTERNAL}, it failed"),
            ("wss://u:p@host/x broke", f"{INTERNAL} broke"),
            ("/var/lib/outdial/secrets/x.pem is gone", "a file is gone"),
        ],
    )
    def test_loses_addresses(self, text: str, told: str) -> None:
        assert without_addresses(text) == told

    @pytest.mark.parametrize(
        "text",
        [
            "the line is busy (SIP 486, Q.850 17)",
            "not answered within 45 s; the trunk never said that the phone rings",
            "it answered status:404 at 12:30:45, ratio 3:2",
            "set OUTDIAL_CHAT_BASE_URL: does chat_base_url end in /v1?",
            "and/or text/html, 1.5 s",
            "trunk acme refuses connections: check host, port and transport",
            "the number +12025550143 does not exist",
            "",
        ],
    )
    def test_keeps_everything_else(self, text: str) -> None:
        assert without_addresses(text) == text

    @given(st.ip_addresses(v=4))
    def test_names_no_ipv4_address(self, address: IPv4Address) -> None:
        assert str(address) not in without_addresses(f"no way to {address}:5060, nor to {address}.")

    @given(st.ip_addresses(v=6))
    def test_names_no_ipv6_address(self, address: IPv6Address) -> None:
        assert without_addresses(f"no way to {address} now") == f"no way to {INTERNAL} now"

    @given(st.text())
    def test_is_never_much_longer_than_it_was(self, text: str) -> None:
        assert len(without_addresses(text)) <= 2000 * len(INTERNAL)

    @pytest.mark.parametrize("piece", ["a.", "1.", ":", "/a", "http://", "a-", "('", "0:", "[", "%a"])
    def test_of_any_length_is_read_at_once(self, piece: str) -> None:
        assert len(without_addresses(piece * 500_000)) <= 40_000
