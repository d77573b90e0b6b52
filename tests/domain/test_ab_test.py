"""Which version of an agent a call gets."""

from __future__ import annotations

import uuid
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from outdial.domain.ab_test import ABTest, adds_up

SHARES = st.lists(st.integers(0, 10), min_size=1, max_size=5).filter(any)


def as_shares(weights: list[int]) -> dict[str, float]:
    return {f"version {number}": weight / sum(weights) for number, weight in enumerate(weights)}


class TestATest:
    @given(weights=SHARES, call_id=st.uuids().map(str))
    def test_gives_the_same_call_the_same_version_and_never_one_without_a_share(
        self, weights: list[int], call_id: str
    ) -> None:
        test = ABTest(live=True, shares=as_shares(weights))

        chosen = test.version_for(call_id, "active")

        assert adds_up(test.shares)
        assert test.shares[chosen] > 0
        assert chosen == ABTest(live=True, shares=dict(reversed(list(test.shares.items())))).version_for(
            call_id, "other"
        )

    def test_gives_each_version_its_share_of_many_calls(self) -> None:
        test = ABTest(live=True, shares={"a": 0.7, "b": 0.3, "c": 0.0})

        found = Counter(test.version_for(str(uuid.UUID(int=number)), "a") for number in range(10_000))

        assert 0.68 < found["a"] / 10_000 < 0.72
        assert found["c"] == 0

    def test_that_is_off_or_has_no_shares_yet_gives_the_active_one_all(self) -> None:
        for test in (ABTest(live=False, shares={"b": 1.0}), ABTest(live=True)):
            assert test.version_for("call", "a") == "a"
            assert (test.share_of("a", "a"), test.share_of("b", "a")) == (1.0, 0.0)

    def test_is_read_as_it_is_stored(self) -> None:
        test = ABTest(live=True, shares={"a": 0.25, "b": 0.75})

        assert ABTest.of({"ab_test": test.to_json()}) == test
        assert ABTest.of({}) == ABTest()


class TestShares:
    def test_add_up_to_one(self) -> None:
        assert adds_up({"a": 0.1, "b": 0.2, "c": 0.7})
        assert not adds_up({"a": 0.5, "b": 0.4})
        assert not adds_up({"a": 1.5, "b": -0.5})
        assert not adds_up({"a": 60, "b": 40})
        assert not adds_up({})
