"""What a talk costs, what is set aside for it, and that no order of dials and ends spends more than there is."""

from __future__ import annotations

from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from outdial.domain.price import LEAST_TALK_S, Hold, charge_for, cost_of, hold_for
from outdial.domain.rules import MICROS, Price

ONE_A_MINUTE = Price(MICROS)
BY_THE_SECOND = Price(MICROS, pulse_s=1)
DAY_MS = 86_400_000

prices = st.builds(Price, st.integers(0, 100 * MICROS), st.integers(1, 600))
lengths = st.one_of(st.integers(10, 14_400), st.floats(10, 14_400))
free = st.integers(0, 10_000 * MICROS)
talks = st.integers(0, DAY_MS)


class TestTheCostOfATalk:
    @pytest.mark.parametrize(
        ("talk_ms", "credits"), [(0, 0), (1, 1), (59_999, 1), (60_000, 1), (60_001, 2), (600_000, 10)]
    )
    def test_counts_every_minute_begun(self, talk_ms: int, credits: int) -> None:
        assert cost_of(talk_ms, ONE_A_MINUTE) == credits * MICROS

    def test_goes_by_the_pulse(self) -> None:
        assert cost_of(90_000, Price(MICROS, pulse_s=6)) == 1_500_000
        assert cost_of(90_001, Price(MICROS, pulse_s=6)) == 1_600_000

    def test_is_rounded_up_once_not_with_every_pulse(self) -> None:
        assert cost_of(1_000, BY_THE_SECOND) == 16_667
        assert cost_of(60_000, BY_THE_SECOND) == MICROS

    @given(one=talks, more=talks, price=prices)
    def test_never_shrinks_with_a_longer_talk(self, one: int, more: int, price: Price) -> None:
        assert cost_of(one, price) <= cost_of(one + more, price)


class TestWhatIsSetAside:
    def test_pays_for_the_longest_talk_the_call_can_become(self) -> None:
        assert hold_for(240, ONE_A_MINUTE, 10 * MICROS) == Hold(4 * MICROS)

    def test_buys_a_shorter_talk_when_less_is_left(self) -> None:
        assert hold_for(240, ONE_A_MINUTE, 2_500_000) == Hold(2 * MICROS, talk_limit_s=120)

    def test_buys_nothing_shorter_than_a_minute(self) -> None:
        assert hold_for(240, BY_THE_SECOND, 999_999) is None
        assert hold_for(240, BY_THE_SECOND, 1_000_000) == Hold(MICROS, talk_limit_s=60)

    def test_buys_a_call_that_is_shorter_than_a_minute_as_a_whole_or_not_at_all(self) -> None:
        assert hold_for(30, BY_THE_SECOND, 499_999) is None
        assert hold_for(30, BY_THE_SECOND, 500_000) == Hold(500_000)

    def test_is_nothing_where_talking_is_free_of_charge(self) -> None:
        assert hold_for(240, Price(0), 0) == Hold(0)

    @given(length=lengths, price=prices, left=free)
    def test_is_never_more_than_there_is_and_always_pays_for_the_talk_it_allows(
        self, length: float, price: Price, left: int
    ) -> None:
        hold = hold_for(length, price, left)

        if hold is None:
            assert cost_of(ceil(min(LEAST_TALK_S, length) * 1000), price) > left
        else:
            allowed_s = length if hold.talk_limit_s is None else hold.talk_limit_s
            assert hold.micros <= left
            assert hold.micros >= cost_of(ceil(allowed_s * 1000), price)
            assert min(LEAST_TALK_S, length) <= allowed_s <= length

    @given(length=lengths, price=prices, left=free, now=st.none() | prices, talk_ms=talks)
    def test_is_never_exceeded_by_the_charge_whatever_the_price_has_become(
        self, length: float, price: Price, left: int, now: Price | None, talk_ms: int
    ) -> None:
        hold = hold_for(length, price, left) or Hold(0)

        assert 0 <= charge_for(talk_ms, now, hold.micros) <= hold.micros


class AWorkspace(RuleBasedStateMachine):
    """Dials, ends, payments and price changes in any order: what there is covers what is set aside, always."""

    def __init__(self) -> None:
        super().__init__()
        self.price = ONE_A_MINUTE
        self.balance = 0
        self.held: list[int] = []

    @rule(micros=st.integers(1, 20 * MICROS))
    def pay_in(self, micros: int) -> None:
        self.balance += micros

    @rule(price=prices)
    def change_the_price(self, price: Price) -> None:
        self.price = price

    @rule(length=lengths)
    def dial(self, length: float) -> None:
        hold = hold_for(length, self.price, self.balance - sum(self.held))
        self.held += [hold.micros] if hold else []

    @precondition(lambda self: self.held)
    @rule(which=st.integers(0), talk_ms=talks)
    def end(self, which: int, talk_ms: int) -> None:
        self.balance -= charge_for(talk_ms, self.price, self.held.pop(which % len(self.held)))

    @invariant()
    def what_there_is_covers_what_is_set_aside(self) -> None:
        assert self.balance >= sum(self.held) >= 0


TestAWorkspace = AWorkspace.TestCase
