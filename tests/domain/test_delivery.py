"""The states of a delivery, and the schedule of its tries (Ringg §5.5)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outdial.domain.delivery import DELIVERY_MOVES, GAPS_S, Delivery, DeliveryState, Try
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

    def test_is_given_up_after_the_fourth_try(self) -> None:
        delivery, gaps = a_delivery(), []

        while delivery.state is DeliveryState.WAITING:
            at = delivery.due_at
            delivery = delivery.tried(Try(at, status=500))
            gaps.append((delivery.due_at - at).total_seconds())

        assert delivery.state is DeliveryState.GIVEN_UP
        assert delivery.tries == 4
        assert gaps == [*GAPS_S, 0.0]

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
        later = NOON + timedelta(days=3)

        again = a_delivery().tried(FAILED).tried(last).replayed(later)

        assert (again.state, again.due_at, again.ended_at) == (DeliveryState.WAITING, later, None)
        assert again.log == (FAILED, last)
        for _ in range(4):
            assert again.state is DeliveryState.WAITING
            again = again.tried(FAILED)
        assert again.state is DeliveryState.GIVEN_UP
        assert len(again.log) == 6

    def test_every_state_has_its_moves(self) -> None:
        assert set(DELIVERY_MOVES) == set(DeliveryState)
