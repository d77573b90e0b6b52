"""A dialer in a process of its own: the product's, with an operator that only logs, rings and talks.

    python -m benchmarks.dispatch.node '{"url": …, "log": …, "phone": {…}, "name": …}'

Says ``{"ready": true}`` on stdout, then answers each line of JSON on stdin with one: ``{"do": "create", …}`` places
calls for tomorrow, ``{"do": "campaign", …}`` imports a list of people to be rung then. It winds down when stdin ends.
"""

from __future__ import annotations

import asyncio
import io
import json
import logging
import os
import resource
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import structlog
from benchmarks.dispatch.phone import DialLog, Phone
from benchmarks.dispatch.places import Place, a_registration, places_of

from outdial.api.ringg.calls.names import spelled
from outdial.api.ringg.calls.translate import DIALECT, overrides
from outdial.campaigns.importing import Draft, import_list
from outdial.campaigns.starting import Start, start
from outdial.campaigns.worker import CampaignWorker
from outdial.commands.place_call import place_call
from outdial.dialer.dialer import Dialer, DialerSettings
from outdial.domain.agent import Voice
from outdial.domain.attempt import Answered, Order, Progress, Result, Ringing, TalkSummary
from outdial.domain.clock import utc_now
from outdial.domain.outcome import EndedBy, Outcome
from outdial.domain.request import Overrides
from outdial.jobs.runner import Jobs
from outdial.store.calls.orders import Ground
from outdial.store.database import Database
from outdial.workers.garbage import spare_what_is_loaded

VOICES: Final = {"ava": Voice("ava", "Ava", "scripted", ("en-US",))}


class LoggingOperator:
    """Carries out attempts as ``phone`` says, reporting what a media worker would."""

    def __init__(self, log: DialLog, phone: Phone, room: int) -> None:
        self._log = log
        self._phone = phone
        self._room = room

    def room(self) -> int:
        return self._room

    async def carry_out(self, order: Order, report: Callable[[Progress], None]) -> Result:
        dial = order.dial
        self._log.note("dial", dial.call_id, dial.attempt)
        self._room -= 1
        fate = self._phone.fate(dial.call_id, dial.attempt)
        try:
            report(Ringing(utc_now()))
            await asyncio.sleep(fate.rings_s)
            if fate.busy:
                return Result(utc_now(), Outcome.BUSY, sip_code=486)
            self._log.note("answer", dial.call_id, dial.attempt)
            report(Answered(utc_now()))
            await asyncio.sleep(fate.talks_s)
            talk = TalkSummary(int(1000 * fate.talks_s), (), EndedBy.CALLEE)
            return Result(utc_now(), Outcome.COMPLETED, sip_code=200, talk=talk)
        finally:
            self._room += 1
            self._log.note("end", dial.call_id, dial.attempt)


async def create(db: Database, places: Sequence[Place], *, seconds: float, callers: int) -> dict[str, float]:
    """Calls placed a second by so many callers at once, each asking again when it was answered."""
    began = time.perf_counter()
    took_ms: list[float] = []

    async def caller(place: Place) -> None:
        tomorrow = Overrides(scheduled_at=utc_now() + timedelta(days=1))
        request = replace(a_registration(place, utc_now()).request, overrides=tomorrow)
        while time.perf_counter() - began < seconds:
            asked = time.perf_counter()
            await place_call(db, request, voices=VOICES, now=utc_now)
            took_ms.append(1000 * (time.perf_counter() - asked))

    await asyncio.gather(*(caller(places[index % len(places)]) for index in range(callers)))
    took_ms.sort()
    return {"per_s": len(took_ms) / (time.perf_counter() - began), "p99_ms": took_ms[int(0.99 * len(took_ms))]}


async def campaign(db: Database, places: Sequence[Place], *, rows: int) -> dict[str, float]:
    """A list of so many people is read, and its calls are made for tomorrow: by the product's own workers."""
    place, before_mb, began = places[0], rss_mb(), time.perf_counter()
    tomorrow = utc_now() + timedelta(days=1)
    mapping = {"mobile_number": "Mobile Number", "callee_name": "Name", "company_name": "Company"}
    draft = Draft(
        place.workspace_id,
        place.agent_id,
        DIALECT,
        "bench",
        starts_at=tomorrow,
        ends_at=tomorrow + timedelta(days=1),
        call_config={},
        mapping=mapping,
        country_code="+1",
    )
    people = (f"+1303{2_000_000 + row},Sam Sample,Example Dental" for row in range(rows))
    file = io.BytesIO("\r\n".join((",".join(mapping.values()), *people)).encode())
    imported = await import_list(db, draft, file, spell=spelled, now=utc_now)
    read_s = time.perf_counter() - began
    await start(db, place.workspace_id, Start(imported.id, place.agent_id, number_ids=(place.number_id,)), now=utc_now)
    worker = CampaignWorker(db, {DIALECT: overrides}, utc_now)
    while await Jobs(db, [worker], utc_now).step(worker):
        pass
    took_s = time.perf_counter() - began
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    return {
        "read_per_s": rows / read_s,
        "made_per_s": rows / (took_s - read_s),
        "took_s": took_s,
        "extra_mb": max(0.0, peak_mb - before_mb),
    }


VERBS: Final[Mapping[str, Callable[..., Awaitable[dict[str, float]]]]] = {"create": create, "campaign": campaign}


def rss_mb() -> float:
    with open("/proc/self/statm", encoding="ascii") as statm:
        return int(statm.read().split()[1]) * resource.getpagesize() / 1e6


def say(**words: Any) -> None:
    os.write(1, json.dumps(words).encode() + b"\n")


async def asked_on_stdin() -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    return reader


async def serve(
    *, url: str, log: str, phone: dict[str, Any], name: str, room: int, dials: bool, **lease: float
) -> None:
    db = await Database.open(url, migrate=False)
    places = await db.read(places_of)
    operator = LoggingOperator(DialLog(log, name), Phone(**phone), room)
    dialer = Dialer(db, operator, Ground(VOICES, Path("/recordings")), utc_now, settings=DialerSettings(name, **lease))
    spare_what_is_loaded()
    async with asyncio.TaskGroup() as group:
        if dials:
            group.create_task(dialer.run())
        asked = await asked_on_stdin()
        say(ready=True)
        while line := await asked.readline():
            how: dict[str, Any] = json.loads(line)
            say(**await VERBS[how.pop("do")](db, places, **how))
        dialer.stop()
    await db.close()


if __name__ == "__main__":
    structlog.configure(
        [structlog.processors.format_exc_info, structlog.processors.KeyValueRenderer(key_order=["event"])],
        structlog.make_filtering_bound_logger(logging.ERROR),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    asyncio.run(serve(**json.loads(sys.argv[1])))
