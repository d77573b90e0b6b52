"""A dialer made to be killed: writes each dial to standard output before it goes on, every call being busy."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable

import structlog

from attempt_builders import a_result
from dialer_builders import ground
from outdial.dialer.dialer import Dialer, DialerSettings
from outdial.domain.attempt import Order, Progress, Result, Ringing
from outdial.domain.clock import utc_now
from outdial.domain.outcome import Outcome
from outdial.store.database import Database
from outdial.workers.local import LocalOperator


async def busy(order: Order, report: Callable[[Progress], None]) -> Result:
    # Unbuffered: a dial that was made is on record here, whatever becomes of this process.
    os.write(1, f"{order.dial.call_id} {order.dial.attempt}\n".encode())
    report(Ringing(utc_now()))
    await asyncio.sleep(0.05)
    return a_result(Outcome.BUSY, at=utc_now())


async def main(url: str) -> None:
    # Standard output is for the dials alone.
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    database = await Database.open(url, migrate=False)
    operator = LocalOperator(busy, 8, utc_now)
    await Dialer(database, operator, ground(), utc_now, settings=DialerSettings(tick_s=0.01)).run()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
