"""kill -9 in the middle of the work: no call is lost, and nobody is rung twice."""

from __future__ import annotations

import os
import sys
from asyncio import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from dialer_builders import SettableClock, World, a_dialer, always, running
from outdial.domain.call import TERMINAL
from outdial.domain.clock import utc_now
from outdial.domain.events import EventType
from outdial.domain.outcome import Outcome
from outdial.store import schema
from outdial.store.database import Database

CALLS = 40


@pytest.mark.parametrize("dials_before", [1, 17])
async def test_no_call_is_lost_and_nobody_is_rung_twice(database: Database, dials_before: int) -> None:
    world = await World(database, clock=SettableClock(utc_now())).set_up(numbers=3)
    calls = [await world.call(lane=f"lane-{index % 4}") for index in range(CALLS)]

    dialled = await dial_and_die(database, dials_before)
    await everybody_is_dead(world)
    operator = always(Outcome.BUSY, world.clock)
    async with running(a_dialer(world, operator)):
        await operator.has_orders(await still_to_dial(world, calls))
    await world.analysed()

    dialled += [(order.dial.call_id, order.dial.attempt) for order in operator.orders]
    assert len(dialled) == len(set(dialled))
    for call_id in calls:
        events = await world.told(call_id)
        assert (await world.row(call_id))["state"] in TERMINAL
        assert (events.count(EventType.DIALING), events.count(EventType.CALL_ENDED)) == (1, 1)
        assert events.count(EventType.PROCESSED) == 1
        assert len(await world.attempts(call_id)) == 1


async def dial_and_die(database: Database, dials: int) -> list[tuple[str, int]]:
    """What another process had dialled when it was killed, after at least ``dials``."""
    url = database.url.render_as_string(hide_password=False)
    command = [sys.executable, str(Path(__file__).with_name("dialing_program.py")), url]
    builders = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    process = await subprocess.create_subprocess_exec(*command, stdout=subprocess.PIPE, env=builders)
    assert process.stdout is not None
    lines = [await process.stdout.readline() for _ in range(dials)]
    process.kill()
    lines += (await process.stdout.read()).splitlines()
    await process.wait()
    return [(call_id.decode(), int(attempt)) for call_id, attempt in (line.split() for line in lines)]


async def everybody_is_dead(world: World) -> None:
    """Also the server's half of the dead process: what it was about to commit is committed or gone."""
    for table in (schema.calls, schema.attempts):
        await world.run(table.update().values(worker=table.c.worker))
    for holder in await world.holders():
        await world.lease_ran_out(holder)


async def still_to_dial(world: World, calls: Sequence[str]) -> int:
    """Calls of which no carrier was asked, whatever the dead process had claimed."""
    return sum([EventType.DIALING not in await world.told(call_id) for call_id in calls])
