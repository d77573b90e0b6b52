"""The calendar under load: how late it dials, how fast, what a crash costs. Prints the tables of docs/benchmarks.md.

    python -m benchmarks.dispatch                                   # everything, about an hour, alone on the machine
    python -m benchmarks.dispatch --only lateness plans --engines sqlite
    python -m benchmarks.dispatch --quick                           # small sizes: shows that it runs

lateness  from the moment a call is due to the moment it is handed to whoever dials, limits on, few and many waiting
plans     what the engines do for one claim
backlog   dials a second of one dialer, with and without limits
creates   durable creates beside a dialer at work
recovery  a dialer is killed with calls in flight
campaign  a long list is imported beside a dialer at work
rival     the same job done by Procrastinate

Every program that dials runs in a process of its own and logs its dials to a file outside of the database; lateness,
rates, losses and repetitions are read from there. Figures are medians of alternating rounds (least-most).
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any, Final

from benchmarks.dispatch.backlog import backlog
from benchmarks.dispatch.busy import campaign, creates
from benchmarks.dispatch.lateness import lateness
from benchmarks.dispatch.plans import plans
from benchmarks.dispatch.recovery import recovery
from benchmarks.dispatch.rival import rival
from benchmarks.dispatch.scale import QUICK, Scale
from benchmarks.dispatch.shelf import Shelf

PARTS: Final[Mapping[str, Callable[[Shelf, Scale], Awaitable[str]]]] = {
    "lateness": lateness,
    "plans": plans,
    "backlog": backlog,
    "creates": creates,
    "recovery": recovery,
    "campaign": campaign,
    "rival": rival,
}


async def measure(parts: list[str], scale: Scale) -> None:
    async with AsyncExitStack() as stack:
        shelf = Shelf(stack, scale.past)
        for part in parts:
            print(await PARTS[part](shelf, scale), flush=True)


def main() -> None:
    usual = Scale()
    asked = argparse.ArgumentParser(
        prog="python -m benchmarks.dispatch",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    asked.add_argument("--only", nargs="+", choices=list(PARTS), default=list(PARTS), metavar="PART")
    asked.add_argument("--engines", nargs="+", choices=usual.engines, default=usual.engines)
    asked.add_argument("--quick", action="store_true", help="small sizes, one round")
    asked.add_argument("--rounds", type=int)
    asked.add_argument("--seconds", type=float, help="length of a run of lateness")
    asked.add_argument("--futures", type=int, nargs="+", help="calls waiting for tomorrow, fewest first")
    given = vars(asked.parse_args())
    scale = QUICK if given.pop("quick") else usual
    parts = given.pop("only")
    wishes: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in given.items() if value
    }
    asyncio.run(measure(parts, replace(scale, **wishes)))


if __name__ == "__main__":
    main()
