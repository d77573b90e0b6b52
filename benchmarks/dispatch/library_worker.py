"""The same job done with Procrastinate: a worker in a process of its own, in the environment ``.venv-bench``.

    .venv-bench/bin/python -m benchmarks.dispatch.library_worker '{"dsn": …, "log": …, "phone": {…}, "name": …}'

Speaks like ``node``; with ``"prepare": true`` it only makes the tables. The options are those of the library's
documentation for many short asynchronous tasks; it polls as often as Outdial looks at its calendar, and listens too.
Stalled jobs are retried as the documentation says, but looked for every second instead of by a periodic task.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
from typing import Any

import procrastinate  # type: ignore[import-not-found]
from benchmarks.dispatch.phone import DialLog, Phone

POLLED_EVERY_S = 0.1
AGAIN_S = 2
CONNECTIONS = 20


class BusyError(Exception):
    """The task failed as a busy phone does: the library is to try again."""


def an_app(dsn: str) -> procrastinate.App:
    connector = procrastinate.PsycopgConnector(conninfo=dsn, min_size=4, max_size=CONNECTIONS)
    return procrastinate.App(connector=connector)


def teach(app: procrastinate.App, log: DialLog, phone: Phone) -> None:
    """The one task: dial."""

    async def dial(context: Any, call_id: str) -> None:
        attempt = context.job.attempts + 1
        log.note("dial", call_id, attempt)
        fate = phone.fate(call_id, attempt)
        try:
            await asyncio.sleep(fate.rings_s)
            if fate.busy:
                raise BusyError
            log.note("answer", call_id, attempt)
            await asyncio.sleep(fate.talks_s)
        finally:
            log.note("end", call_id, attempt)

    again = procrastinate.RetryStrategy(max_attempts=1, wait=AGAIN_S, retry_exceptions={BusyError})
    app.task(dial, name="dial", queue="calls", retry=again, pass_context=True)


async def look_after_the_stalled(app: procrastinate.App, after_s: float) -> None:
    while True:
        for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=after_s):
            await app.job_manager.retry_job(job)
        await asyncio.sleep(1)


def say(**words: Any) -> None:
    os.write(1, json.dumps(words).encode() + b"\n")


async def until_stdin_ends() -> None:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    await reader.read()


async def prepare(app: procrastinate.App) -> None:
    async with app.open_async():
        await app.schema_manager.apply_schema_async()


async def work(app: procrastinate.App, name: str, room: int, lease_s: float = 30.0, heartbeat_s: float = 10.0) -> None:
    async with app.open_async():
        worker = asyncio.create_task(
            app.run_worker_async(
                queues=["calls"],
                name=name,
                concurrency=room,
                fetch_job_polling_interval=POLLED_EVERY_S,
                listen_notify=True,
                update_heartbeat_interval=heartbeat_s,
                stalled_worker_timeout=lease_s,
                install_signal_handlers=False,
            )
        )
        nurse = asyncio.create_task(look_after_the_stalled(app, lease_s))
        say(ready=True)
        await until_stdin_ends()
        for task in (nurse, worker):
            task.cancel()
        await asyncio.gather(nurse, worker, return_exceptions=True)


def main() -> None:
    logging.disable(logging.CRITICAL)
    options = json.loads(sys.argv[1])
    app = an_app(options.pop("dsn"))
    if options.pop("prepare", False):
        asyncio.run(prepare(app))
        say(ready=True)
        return
    teach(app, DialLog(options.pop("log"), options["name"]), Phone(**options.pop("phone")))
    asyncio.run(work(app, **options))


if __name__ == "__main__":
    main()
