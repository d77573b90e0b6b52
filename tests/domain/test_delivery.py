"""The states of a delivery, and the schedule of its tries (Ringg §5.5)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outdial.domain.delivery import DELIVERY_MOVES, GAPS_S, MAX_RETRY_AFTER_S, TRIED_FOR, Delivery, DeliveryState, Try
from outdial.domain.errors import Broken

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
FAILED = Try(NOON, status=500)


def a_delivery() -> Delivery:
    return Delivery(
        id="d", call_id="c", workspace_id="w", event_seq=1, kind="", dialect="", url="", due_at=NOON, created_at=NOON
    )


class TestATry:
    @given(st.integers(100, 599))
    def test_succeeds_with_a_2xx_and_nothing_else(self, status: int) -> None:
        assert Try(NOON, status=status).succeeded == (200 <= status <= 299)

    def test_without_an_answer_fails(self) -> None:
        assert not Try(NOON, error="no connection").succeeded


class TestADeliveryThatFails:
    def test_is_due_again_after_a_gap_that_starts_at_the_end_of_the_try(self) -> None:
        took_30_s = Try(NOON, ms=30_000, error="no answer within 30 s")

        delivery = a_delivery().tried(took_30_s)

        assert delivery.state is DeliveryState.WAITING
        assert delivery.due_at == NOON + timedelta(seconds=30 + 10)

    @given(st.randoms(use_true_random=False))
    def test_is_tried_quickly_first_and_then_for_three_days(self, random: Random) -> None:
        delivery, ats = a_delivery(), []

        while delivery.state is DeliveryState.WAITING:
            ats.append(delivery.due_at)
            delivery = delivery.tried(Try(delivery.due_at, status=500), random.random())

        gaps = [(later - at).total_seconds() for at, later in pairwise(ats)]
        assert delivery.state is DeliveryState.GIVEN_UP
        assert tuple(gaps[:3]) == GAPS_S
        assert 240 <= gaps[3] <= 360
        assert max(gaps) <= 3600 * 1.2
        assert ats[-1] - ats[0] == TRIED_FOR
        assert delivery.tries == len(delivery.log) <= 120

    def test_that_failed_together_do_not_come_back_together(self) -> None:
        fourth = [Try(NOON, status=500)] * 4
        ends = set()
        for chance in (0.0, 0.4, 0.999):
            delivery = a_delivery()
            for attempt in fourth:
                delivery = delivery.tried(attempt, chance)
            ends.add(delivery.due_at)

        assert len(ends) == 3

    @given(st.floats(0, 1e12), st.integers(0, 60))
    def test_waits_as_long_as_it_is_asked_to_within_a_day_and_never_beyond_three(
        self, retry_after_s: float, tries: int
    ) -> None:
        delivery = a_delivery()
        for _ in range(tries):
            delivery = delivery.tried(Try(delivery.due_at, status=503))
        at = delivery.due_at

        after = delivery.tried(Try(at, status=503, retry_after_s=retry_after_s))

        waited_s = (after.due_at - at).total_seconds()
        assert after.state is DeliveryState.WAITING
        assert waited_s <= MAX_RETRY_AFTER_S
        assert after.due_at <= NOON + TRIED_FOR
        asked_s = min(retry_after_s, MAX_RETRY_AFTER_S)
        assert waited_s >= asked_s - 1e-6 or after.due_at == NOON + TRIED_FOR

    def test_is_given_up_at_once_when_its_receiver_is_gone(self) -> None:
        assert a_delivery().tried(Try(NOON, status=410)).state is DeliveryState.GIVEN_UP

    @pytest.mark.parametrize("status", [400, 401, 404, 408, 422, 429, 500, 503])
    def test_goes_on_after_any_other_answer(self, status: int) -> None:
        assert a_delivery().tried(Try(NOON, status=status)).state is DeliveryState.WAITING

    def test_may_be_postponed_without_a_try(self) -> None:
        later = a_delivery().postponed(NOON + timedelta(hours=1))

        assert (later.state, later.tries, later.due_at) == (DeliveryState.WAITING, 0, NOON + timedelta(hours=1))

    def test_is_given_up_at_once_when_trying_again_cannot_help(self) -> None:
        delivery = a_delivery().tried(Try(NOON, error="internal address", hopeless=True))

        assert delivery.state is DeliveryState.GIVEN_UP
        assert delivery.ended_at == NOON

    def test_may_still_succeed(self) -> None:
        delivery = a_delivery().tried(FAILED).tried(Try(NOON, ms=250, status=204))

        assert delivery.state is DeliveryState.DELIVERED
        assert delivery.ended_at == NOON + timedelta(milliseconds=250)
        assert [tried.status for tried in delivery.log] == [500, 204]


def test_a_delivery_on_its_way_cannot_be_asked_for_once_more() -> None:
    with pytest.raises(Broken):
        a_delivery().replayed(NOON)


class TestADeliveryThatIsOver:
    @pytest.mark.parametrize("last", [Try(NOON, status=200), Try(NOON, error="refused", hopeless=True)])
    def test_is_never_tried_again(self, last: Try) -> None:
        over = a_delivery().tried(last)

        with pytest.raises(Broken):
            over.tried(FAILED)

    @pytest.mark.parametrize("last", [Try(NOON, status=200), Try(NOON, error="refused", hopeless=True)])
    def test_can_be_asked_for_once_more_with_all_its_tries(self, last: Try) -> None:
        later = NOON + timedelta(days=30)

        again = a_delivery().tried(FAILED).tried(last).replayed(later)

        assert (again.state, again.due_at, again.ended_at) == (DeliveryState.WAITING, later, None)
        assert again.log == (FAILED, last)
        again = again.tried(Try(later, status=500))
        assert again.state is DeliveryState.WAITING
        again = again.tried(Try(later + TRIED_FOR, status=500))
        assert again.state is DeliveryState.GIVEN_UP
        assert len(again.log) == 4

    def test_keeps_a_log_that_does_not_grow_for_ever(self) -> None:
        delivery = a_delivery()
        for round_ in range(600):
            delivery = delivery.tried(Try(NOON + timedelta(days=4 * round_), status=200)).replayed(NOON)

        assert len(delivery.log) == 200

    def test_every_state_has_its_moves(self) -> None:
        assert set(DELIVERY_MOVES) == set(DeliveryState)
