"""Who may send now: the places of one process, given out fairly by workspace and, within it, by origin.

A place may be held for a whole time-out, and nobody can be thrown out of it. So none is given to a workspace that holds
as many as are free (dynamic thresholds, Choudhury and Hahne 1998): one alone gets half, two a third each, and whoever
comes last still finds room. An origin that has not answered yet gets few; each answer makes room for one more, up to
half of the places (slow start, RFC 5681). One whose last try failed gets a single one, and all those of a workspace
together a quarter of the places.
"""

from __future__ import annotations

from collections import Counter, OrderedDict, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from outdial.domain.webhook_endpoint import Standing, workspace_of

_REMEMBERED: Final = 1000
"""Origins whose answers are remembered."""
_LOOKED_AT: Final = 200
"""Lanes of one workspace that are looked at in one go."""


class Places:
    """Not shared: each process has its own."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._taken: Counter[str] = Counter()
        self._of_workspace: Counter[str] = Counter()
        self._failing: Counter[str] = Counter()
        self._room: OrderedDict[str, int] = OrderedDict()
        self._first = max(2, total // 16)

    @property
    def free(self) -> int:
        return self._total - self._taken.total()

    def shares(
        self, lanes: Sequence[str], standings: Mapping[str, Standing], now: datetime, *, at_most: int
    ) -> dict[str, int]:
        """How many deliveries each of these lanes may send now; ``lanes`` in the order in which they would go.

        Workspaces take turns, those with the fewest places first; so do the lanes of one: first those that answer and
        have nothing under way, for of these nothing waits for a first try.
        """
        shares: Counter[str] = Counter()
        free = [lane for lane in lanes if lane not in standings or standings[lane].trying_until <= now]
        waiting: defaultdict[str, list[str]] = defaultdict(list)
        for lane in sorted(free, key=lambda lane: (lane in standings, self._taken[lane])):
            if len(some := waiting[workspace_of(lane)]) < _LOOKED_AT:
                some.append(lane)
        turns = sorted(waiting, key=lambda workspace: self._of_workspace[workspace])
        left = min(at_most, self.free)
        while turns and left:
            for workspace in tuple(turns):
                lane = self._next(workspace, waiting[workspace], shares, standings) if left else ""
                if lane:
                    shares[lane] += 1
                    left -= 1
                else:
                    turns.remove(workspace)
        return dict(shares)

    def take(self, lane: str, *, failing: bool) -> None:
        self._taken[lane] += 1
        self._of_workspace[workspace_of(lane)] += 1
        self._failing[workspace_of(lane)] += failing

    def give_back(self, lane: str, *, failing: bool, answered: bool) -> None:
        """``answered``: whether the origin is well, by what came of the try."""
        workspace = workspace_of(lane)
        for counter, count in ((self._taken, 1), (self._of_workspace, 1), (self._failing, failing)):
            key = lane if counter is self._taken else workspace
            counter[key] -= count
            if not counter[key]:
                del counter[key]
        room = self._room.pop(lane, self._first)
        if answered:
            self._room[lane] = min(room + 1, max(self._first, self._total // 2))
            if len(self._room) > _REMEMBERED:
                self._room.popitem(last=False)

    def _next(self, workspace: str, lanes: list[str], shares: Counter[str], standings: Mapping[str, Standing]) -> str:
        """The lane of the workspace that gets one more place; empty: none may have one."""
        mine = [lane for lane in shares if workspace_of(lane) == workspace]
        held = self._of_workspace[workspace] + sum(shares[lane] for lane in mine)
        if held >= max(1, self.free - shares.total()):
            return ""
        failing = self._failing[workspace] + sum(lane in standings for lane in mine)
        for lane in sorted(lanes, key=lambda lane: shares[lane]):
            one_more = int(failing < max(1, self._total // 4))
            room = one_more if lane in standings else self._room.get(lane, self._first)
            if self._taken[lane] + shares[lane] < room:
                return lane
        return ""
