"""Who is next: places are shared out in turns, so that no list, however long, keeps anybody else waiting."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final, Protocol

from outdial.domain.places import Caller, Gate, Places

LANES_AT_ONCE: Final = 128
"""Lanes served by one claim: as many as one statement asks for. The others have their turn a moment later."""


@dataclass(frozen=True)
class Lane:
    """Waiting calls of one workspace that are alike in where they come from and what they are called from.

    ``callers``: the numbers they may be made from, in the order of their rest. ``gates``: what each of them has to pass
    besides, whatever number it is made from.
    """

    key: str
    workspace_id: str
    in_list: bool
    callers: tuple[Caller, ...]
    gates: tuple[Gate, ...] = ()


def share(lanes: Sequence[Lane], places: Places, room: int, rng: Random) -> Mapping[str, int]:
    """How many calls to take from each lane, ``room`` in all at most; lanes that get none are left out.

    Workspaces have their turns, in each of them single calls and lists, and in each of these its lanes. Whoever can
    take no more is passed over. The order is drawn anew each time, so that being first is nobody's privilege.
    """
    desk = _Desk(places.copy())
    by_workspace: dict[str, dict[bool, list[_Turn]]] = defaultdict(lambda: defaultdict(list))
    for lane in lanes:
        by_workspace[lane.workspace_id][lane.in_list].append(_OneLane(lane, desk))
    everybody = _InTurn(
        (_InTurn((_InTurn(own, rng) for own in kinds.values()), rng) for kinds in by_workspace.values()), rng
    )
    while desk.shares.total() < room and everybody.take():
        pass
    return desk.shares


class _Turn(Protocol):
    def take(self) -> bool:
        """One place more; False: none can be had here any more."""


class _Desk:
    """What is left while places are given out."""

    def __init__(self, places: Places) -> None:
        self.places = places
        self.shares: Counter[str] = Counter()


class _OneLane:
    def __init__(self, lane: Lane, desk: _Desk) -> None:
        self._key = lane.key
        self._callers = deque(lane.callers)
        self._gates = lane.gates
        self._desk = desk

    def take(self) -> bool:
        shares, places = self._desk.shares, self._desk.places
        if self._key not in shares and len(shares) >= LANES_AT_ONCE:
            return False
        while self._callers:
            caller = self._callers.popleft()
            # Places only get fewer: a number without any is not asked again.
            if not places.against(caller, *self._gates):
                places.take(caller, *self._gates)
                shares[self._key] += 1
                self._callers.append(caller)
                return True
        return False


class _InTurn:
    def __init__(self, members: Iterable[_Turn], rng: Random) -> None:
        drawn = list(members)
        rng.shuffle(drawn)
        self._members = deque(drawn)

    def take(self) -> bool:
        while self._members:
            member = self._members.popleft()
            if member.take():
                self._members.append(member)
                return True
        return False
