"""Free places: how many more calls workspaces, numbers and trunks take at one moment, and what is in the way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from outdial.domain.waiting import Cause

Gate = tuple[Cause, str]
"""What may hold calls back, and where: the id of a workspace, a number, a trunk or a list (no two things share an
id)."""


@dataclass(frozen=True)
class Caller:
    """A number calls may be made from."""

    id: str
    number: str
    trunk_id: str
    workspace_id: str
    pool_id: str = ""

    @property
    def gates(self) -> Iterator[Gate]:
        """Everything a call from this number has to pass."""
        yield Cause.CAPACITY, self.workspace_id
        yield Cause.CAPACITY, self.id
        yield Cause.CAPACITY, self.trunk_id
        yield Cause.RATE_LIMIT, self.trunk_id
        yield Cause.PROVIDER_HEALTH, self.trunk_id


class Places:
    """``left`` holds how many calls each gate still lets through; a gate that is not in it is open to any number."""

    def __init__(self, left: Mapping[Gate, int]) -> None:
        self._left = dict(left)

    def against(self, caller: Caller, *others: Gate) -> frozenset[Cause]:
        """Why no call can be made from that number now; empty: one can. ``others``: what it has to pass besides."""
        return frozenset(gate[0] for gate in (*caller.gates, *others) if self._left.get(gate, 1) < 1)

    def take(self, caller: Caller, *others: Gate) -> None:
        """One call fewer at each of its gates and the ``others``."""
        for gate in (*caller.gates, *others):
            if gate in self._left:
                self._left[gate] -= 1

    def copy(self) -> Places:
        return Places(self._left)
