"""Places are given out fairly: whoever hangs takes none from others."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from outdial.domain.webhook_endpoint import Standing
from outdial.webhooks.places import Places
from webhook_builders import NOON

TOTAL = 64


def lanes(workspace: str, count: int) -> list[str]:
    return [f"{workspace} https://{n}.example.test" for n in range(count)]


def failing(*some: str, trying: bool = False) -> dict[str, Standing]:
    return {lane: Standing(lane, 3, 3, NOON + timedelta(minutes=trying)) for lane in some}


def filled(places: Places, wanted: list[str], standings: dict[str, Standing] | None = None) -> Counter[str]:
    """Whatever those lanes can get, taken; how many places each has then."""
    taken: Counter[str] = Counter()
    while shares := places.shares(wanted, standings or {}, NOON, at_most=16):
        for lane, count in shares.items():
            for _ in range(count):
                places.take(lane, failing=lane in (standings or {}))
            taken[lane] += count
    return taken


class TestAWorkspace:
    @given(st.integers(1, 300), st.integers(1, 40))
    def test_never_takes_the_last_place_from_another(self, origins: int, workspaces: int) -> None:
        places = Places(TOTAL)
        for number in range(min(workspaces, 5)):
            filled(places, lanes(f"hog{number}", origins))

        assert filled(places, lanes("late", 1)).total() >= 1

    def test_alone_gets_half_of_the_places_and_no_more(self) -> None:
        assert filled(Places(TOTAL), lanes("a", 150)).total() == TOTAL // 2

    def test_shares_with_another_that_comes_at_the_same_time(self) -> None:
        taken = filled(Places(TOTAL), lanes("a", 150) + lanes("b", 2))

        assert sum(taken[lane] for lane in lanes("b", 2)) == 8
        assert sum(taken[lane] for lane in lanes("a", 150)) <= TOTAL // 2

    @given(st.integers(1, 12))
    def test_however_few_places_there_are_somebody_gets_one(self, total: int) -> None:
        assert filled(Places(total), lanes("a", 3)).total() >= 1


class TestAnOrigin:
    def test_that_has_not_answered_yet_gets_few(self) -> None:
        assert filled(Places(TOTAL), lanes("a", 1)).total() == 4

    def test_gets_one_more_with_each_answer(self) -> None:
        places = Places(TOTAL)
        (lane,) = lanes("a", 1)
        for _ in range(100):
            places.take(lane, failing=False)
            places.give_back(lane, failing=False, answered=True)

        assert filled(places, [lane]).total() == TOTAL // 2

    def test_that_fails_gets_one_and_begins_anew_when_it_is_well(self) -> None:
        places = Places(TOTAL)
        (lane,) = lanes("a", 1)
        for answered in (True,) * 50 + (False,):
            places.take(lane, failing=False)
            places.give_back(lane, failing=False, answered=answered)

        assert filled(places, [lane], failing(lane)).total() == 1
        places.give_back(lane, failing=True, answered=True)
        assert filled(places, [lane]).total() == 5

    def test_that_is_tried_by_another_process_gets_none(self) -> None:
        (lane,) = lanes("a", 1)

        assert filled(Places(TOTAL), [lane], failing(lane, trying=True)).total() == 0

    def test_that_answers_goes_before_those_of_its_workspace_that_fail(self) -> None:
        bad, good = lanes("a", 150), "a https://good.example.test"

        taken = filled(Places(TOTAL), [*bad, good], failing(*bad))

        assert taken[good] == 4
        assert taken.total() == 4 + TOTAL // 4


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5)), max_size=200))
def test_what_is_given_back_is_free_again(some: list[tuple[int, int]]) -> None:
    places = Places(TOTAL)
    taken = []
    for workspace, origin in some:
        if places.free:
            taken.append(f"{workspace} https://{origin}")
            places.take(taken[-1], failing=origin == 0)
    for lane in taken:
        places.give_back(lane, failing=lane.endswith("/0"), answered=True)

    assert places.free == TOTAL
    assert filled(places, lanes("new", 9)).total() == TOTAL // 2
