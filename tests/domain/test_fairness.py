"""How places are shared out among those who wait."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from outdial.domain.fairness import LANES_AT_ONCE, Lane, share
from outdial.domain.places import Caller, Gate, Places
from outdial.domain.waiting import Cause


def a_lane(key: str, workspace: str = "w", *numbers: str, in_list: bool = False, trunk: str = "") -> Lane:
    """``trunk``: that of all its numbers; else each workspace has one."""
    callers = tuple(
        Caller(f"{workspace}.{one}", "+1", trunk or f"{workspace}.trunk", workspace) for one in numbers or "n"
    )
    return Lane(key, workspace, in_list, callers)


def room_at(limits: Mapping[str, int]) -> Places:
    return Places({(Cause.CAPACITY, identity): most for identity, most in limits.items()})


def shared(lanes: list[Lane], room: int, places: Places | None = None, seed: int = 7) -> Mapping[str, int]:
    return share(lanes, places or Places({}), room, Random(seed))


class TestTurns:
    def test_are_taken_by_workspaces_whatever_they_have_waiting(self) -> None:
        lanes = [a_lane(f"big-{index}", "big") for index in range(9)] + [a_lane("small", "small")]

        shares = shared(lanes, 20)

        assert shares["small"] == 10
        assert sum(shares.values()) == 20

    def test_are_taken_by_single_calls_and_lists(self) -> None:
        lanes = [a_lane(f"list-{index}", in_list=True) for index in range(5)] + [a_lane("single")]

        assert shared(lanes, 10)["single"] == 5

    def test_are_taken_by_the_lanes_of_a_kind(self) -> None:
        shares = shared([a_lane("a"), a_lane("b"), a_lane("c")], 9)

        assert shares == {"a": 3, "b": 3, "c": 3}

    def test_begin_with_somebody_else_each_time(self) -> None:
        lanes = [a_lane(f"lane-{index}", f"w-{index}") for index in range(4)]

        first = Counter(next(iter(shared(lanes, 1, seed=seed))) for seed in range(400))

        assert set(first) == {lane.key for lane in lanes}
        assert min(first.values()) > 60


class TestPlaces:
    def test_that_one_cannot_use_go_to_the_others(self) -> None:
        lanes = [a_lane("full", "full"), a_lane("free", "free")]

        assert shared(lanes, 6, room_at({"full": 2})) == {"full": 2, "free": 4}

    def test_of_all_a_lanes_numbers_are_used(self) -> None:
        places = room_at({"w.a": 2, "w.b": 3})

        assert shared([a_lane("set", "w", "a", "b")], 100, places) == {"set": 5}

    def test_that_are_gone_leave_a_lane_out(self) -> None:
        assert shared([a_lane("stuck")], 5, room_at({"w": 0})) == {}
        assert shared([a_lane("stuck")], 5, room_at({"w.n": -1})) == {}

    def test_are_only_counted_here_and_taken_by_the_claim(self) -> None:
        places = room_at({"w": 2})

        shared([a_lane("a")], 5, places)

        assert shared([a_lane("a")], 5, places) == {"a": 2}


def test_one_claim_serves_as_many_lanes_as_one_statement_asks_for() -> None:
    lanes = [a_lane(f"lane-{index}", f"w-{index % 3}") for index in range(300)]

    assert len(shared(lanes, 1000)) == LANES_AT_ONCE


WORKSPACES, NUMBERS, TRUNKS = ["u", "v"], ["a", "b", "c"], ["s", "t"]
LANES = st.lists(
    st.builds(
        a_lane,
        st.uuids().map(str),
        st.sampled_from(WORKSPACES),
        st.sampled_from(NUMBERS),
        st.sampled_from(NUMBERS),
        in_list=st.booleans(),
        trunk=st.sampled_from(TRUNKS),
    ),
    max_size=12,
)
GATES = [
    *((Cause.CAPACITY, identity) for identity in (*WORKSPACES, *TRUNKS)),
    *((Cause.CAPACITY, f"{workspace}.{number}") for workspace in WORKSPACES for number in NUMBERS),
    *((cause, trunk) for cause in (Cause.RATE_LIMIT, Cause.PROVIDER_HEALTH) for trunk in TRUNKS),
]


@given(LANES, st.dictionaries(st.sampled_from(GATES), st.integers(-1, 6)), st.integers(0, 40), st.integers())
def test_no_gate_lets_more_through_than_it_may_and_no_place_is_left_while_somebody_could_have_it(
    lanes: list[Lane], left: dict[Gate, int], room: int, seed: int
) -> None:
    shares = share(lanes, Places(left), room, Random(seed))

    assert sum(shares.values()) <= room
    for gate, most in left.items():
        # Those who can pass nowhere else.
        bound = [lane for lane in lanes if all(gate in caller.gates for caller in lane.callers)]
        assert sum(shares.get(lane.key, 0) for lane in bound) <= max(0, most)
    if sum(shares.values()) < room:
        assert all(_is_stuck(lane, shares, lanes, left) for lane in lanes)


def _is_stuck(lane: Lane, shares: Mapping[str, int], lanes: list[Lane], left: dict[Gate, int]) -> bool:
    """Whether each of its numbers has a gate that all those who may have passed it could have closed."""
    return all(
        any(
            gate in left
            and left[gate]
            <= sum(shares.get(other.key, 0) for other in lanes if any(gate in one.gates for one in other.callers))
            for gate in caller.gates
        )
        for caller in lane.callers
    )
