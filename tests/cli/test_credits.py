"""``outdial credits``: what an operator types to count credits, and what is read back."""

from __future__ import annotations

import pytest

from cli_builders import Home


class TestCredits:
    def test_are_not_counted_until_there_is_a_price(self, home: Home) -> None:
        ran = home.outdial("credits")

        assert ran.status == 0, ran.errors
        assert ran.printed.splitlines() == ["credits: 0", "price: none; credits are not counted"]

    def test_are_paid_in_priced_and_taken_back(self, home: Home) -> None:
        added = home.outdial("credits", "add", "100", "--note", "March")
        priced = home.outdial("credits", "price", "--per-minute", "1.25", "--pulse", "6")
        taken = home.outdial("credits", "take", "0.5")
        off = home.outdial("credits", "price", "--off")

        assert added.printed.splitlines()[0] == "credits: 100"
        assert priced.printed.splitlines() == ["credits: 100", "price: 1.25 a minute, every 6 s begun"]
        assert taken.printed.splitlines()[0] == "credits: 99.5"
        assert off.printed.splitlines()[1] == "price: none; credits are not counted"

    @pytest.mark.parametrize(
        "typed",
        [
            ("add", "many"),
            ("add", "0"),
            ("add", "1e30"),
            ("add", "0.0000001"),
            ("price",),
            ("price", "--off", "--per-minute", "1"),
            ("price", "--per-minute", "1,5"),
        ],
    )
    def test_that_cannot_be_meant_are_refused_in_one_line(self, installed: Home, typed: tuple[str, ...]) -> None:
        ran = installed.outdial("credits", *typed)

        assert ran.status == 2
        assert len(ran.error_lines) == 1

    def test_are_not_taken_back_when_there_are_none(self, installed: Home) -> None:
        ran = installed.outdial("credits", "take", "1")

        assert (ran.status, ran.errors.strip()) == (2, "outdial: only 0 credits are free")
