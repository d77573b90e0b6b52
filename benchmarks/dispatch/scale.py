"""How much of everything: the size of a whole measurement, or of one that only shows that it runs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Scale:
    engines: tuple[str, ...] = ("sqlite", "postgresql")
    rounds: int = 3
    seconds: float = 15.0
    past: int = 100_000
    rates: tuple[float, ...] = (50.0, 100.0)
    futures: tuple[int, ...] = (0, 100_000, 1_000_000)
    backlog: int = 4000
    callers: int = 32
    in_flight: int = 100
    campaign: int = 100_000
    library_backlog: int = 1500


QUICK = Scale(
    rounds=1,
    seconds=4.0,
    rates=(50.0,),
    futures=(0, 1000, 5000),
    past=1000,
    backlog=400,
    callers=8,
    in_flight=20,
    campaign=3000,
    library_backlog=200,
)
