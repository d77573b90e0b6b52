"""A media worker without media: what each attempt does is named in its order's variable ``does``."""

from __future__ import annotations

import argparse
import asyncio
import os
import time
from collections.abc import Callable
from pathlib import Path

from outdial.domain.attempt import Answered, Order, Progress, Result, Ringing, Said, Speaker, TalkSummary, Turn
from outdial.domain.clock import utc_now
from outdial.domain.errors import Unreachable
from outdial.domain.outcome import EndedBy, Outcome
from outdial.workers import process
from outdial.workers.local import LocalOperator


async def carry_out(order: Order, report: Callable[[Progress], None]) -> Result:
    does = order.brief.variables["does"]
    report(Ringing(utc_now()))
    if does == "die":
        os._exit(3)
    if does == "break":
        raise ValueError("a part failed")
    if does == "freeze":
        time.sleep(60)  # noqa: ASYNC251 - a loop that stands still is what is tested
    report(Answered(utc_now()))
    while does == "hog":
        time.sleep(0.05)  # noqa: ASYNC251 - a loop that is late is what is tested
        await asyncio.sleep(0)
    if does in {"talk", "cling"}:
        report(Said(utc_now(), Turn(Speaker.AGENT, f"I am {os.getpid()}.", 0, 500)))
        await talk(order, clinging=does == "cling")
    words = "x" * (5_000_000 if does == "chatter" else 2)
    talk_summary = TalkSummary(500, (Turn(Speaker.AGENT, words, 0, 500),), EndedBy.AGENT)
    return Result(utc_now(), Outcome.COMPLETED, talk=talk_summary)


async def talk(order: Order, *, clinging: bool) -> None:
    """Until it is hung up, which it notes in the file ``mark``; a clinging one cannot be hung up."""
    while True:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            if not clinging:
                note_hung_up(order)
                raise


def note_hung_up(order: Order) -> None:
    Path(order.brief.variables.get("mark", os.devnull)).touch()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--channel-fd", type=int, required=True)
    parser.add_argument("--place", type=int, required=True)
    parser.add_argument("--capacity", type=int, default=10)
    parser.add_argument("--fails", default="")
    parser.add_argument("--starts-for-ever", action="store_true")
    options = parser.parse_args()

    async def open_operator() -> LocalOperator:
        if options.fails:
            raise Unreachable(options.fails)
        if options.starts_for_ever:
            await asyncio.Event().wait()
        return LocalOperator(carry_out, options.capacity, utc_now)

    process.run(options.channel_fd, open_operator, utc_now)


if __name__ == "__main__":
    main()
