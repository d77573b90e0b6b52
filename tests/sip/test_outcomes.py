"""The outcome table: what a SIP status and a Q.850 cause mean, and that the docs print the same."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outdial.carriers.sip import outcomes
from outdial.carriers.sip.outcomes import BY_Q850, BY_SIP, not_reached, refusal, unreachable
from outdial.domain.outcome import ANSWERED, Outcome

DOCS = Path(__file__).parents[2] / "docs" / "sip.md"


class TestARefusal:
    @pytest.mark.parametrize(
        ("close_text", "outcome", "sip_code", "q850"),
        [
            ("486 Busy Here", Outcome.BUSY, 486, 0),
            ('486 Busy Here,Q.850;cause=17;text="User busy"', Outcome.BUSY, 486, 17),
            ("480 Gone,SIP;cause=480;text=x,Q.850 ;cause=19", Outcome.NO_ANSWER, 480, 19),
            ("500 Oops,Q.850;text=a;cause=28", Outcome.INVALID_NUMBER, 500, 28),
            ("403 Forbidden,Q.850;cause=21", Outcome.DECLINED, 403, 21),
            ("503 Service Unavailable,Q.850;cause=16", Outcome.TRUNK_FAILED, 503, 16),
            ("407 Proxy Authentication Required", Outcome.TRUNK_FAILED, 407, 0),
            ("487", Outcome.NO_ANSWER, 487, 0),
            ("699 Never", Outcome.DECLINED, 699, 0),
        ],
    )
    def test_is_read_from_the_native_close_text(
        self, close_text: str, outcome: Outcome, sip_code: int, q850: int
    ) -> None:
        found = refusal(close_text)

        assert found is not None
        assert (found.outcome, found.sip_code, found.q850) == (outcome, sip_code, q850)

    @pytest.mark.parametrize("close_text", ["", "Connection refused [111]", "rtp stream error", "48 hours", "1486 x"])
    def test_is_not_seen_where_the_far_side_said_nothing(self, close_text: str) -> None:
        assert refusal(close_text) is None

    @given(st.integers(300, 699), st.integers(0, 999))
    def test_always_has_an_outcome_of_an_unanswered_call_and_a_reason_with_its_codes(self, sip: int, q850: int) -> None:
        found = not_reached(sip, q850)

        assert found.outcome not in ANSWERED
        assert f"SIP {sip}" in found.reason
        assert (f"Q.850 {q850}" in found.reason) == bool(q850)
        assert "\n" not in found.reason

    @given(st.text())
    def test_of_any_text_never_raises(self, close_text: str) -> None:
        found = refusal(close_text)

        assert found is None or 300 <= found.sip_code <= 699


class TestATrunkThatCannotBeReached:
    @pytest.mark.parametrize(
        ("close_text", "part"),
        [
            ("Connection refused [111]", "refuses connections"),
            ("Destination address required [89]", "host name"),
            ("Cannot assign requested address [99]", "host name"),
            ("Protocol error [71]", "TLS certificate"),
            ("Connection timed out [110]", "does not answer"),
        ],
    )
    def test_says_what_to_check(self, close_text: str, part: str) -> None:
        assert part in (unreachable(close_text, "trunk A") or "")

    def test_that_broke_off_may_have_rung_a_phone(self) -> None:
        assert unreachable("Connection reset by peer [104]", "trunk A") is None


class TestTheDocs:
    def test_print_every_row_of_the_tables(self) -> None:
        printed = DOCS.read_text()
        rows = [f"| SIP {code} | {m.outcome.value} | {m.reason} |" for code, m in sorted(BY_SIP.items())]
        rows += [f"| Q.850 {cause} | {m.outcome.value} | {m.reason} |" for cause, m in sorted(BY_Q850.items())]

        assert [row for row in rows if row not in printed] == []
        assert printed.count("| SIP ") + printed.count("| Q.850 ") == len(rows)

    def test_name_no_status_twice(self) -> None:
        assert not {HTTPStatus.OK.value} & set(BY_SIP)
        assert all(300 <= code <= 699 for code in BY_SIP)
        assert outcomes.rung_out(45, rang=True).reason == "not answered within 45 s"
