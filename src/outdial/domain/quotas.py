"""How much of each kind one workspace may have: the operator's settings, so that one tenant cannot fill the house."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Quotas:
    """At most so many at the same moment; what is archived, withdrawn or deleted does not count."""

    numbers: int = 10_000
    number_pools: int = 1_000
    trunks: int = 500
    keys: int = 1_000
    agents: int = 5_000
    lists: int = 20_000
    knowledge_bases: int = 1_000
