"""Lists of people as clients send them: multipart forms, in the words of the Ringg API."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import httpx
import sqlalchemy as sa
from sqlalchemy import Connection

from api_builders import RINGG, RINGG_KEY, Doors
from api_records import AGENT
from outdial.api.ringg.calls.names import spelled
from outdial.api.ringg.calls.translate import DIALECT, overrides
from outdial.campaigns.worker import CampaignWorker, ImportWorker
from outdial.domain.clock import Clock
from outdial.jobs.runner import Jobs, JobWorker
from outdial.store import schema
from outdial.store.database import Database

PEOPLE = "Mobile Number,Name,Company\r\n+12025550143,Sam Sample,Example Ltd\r\n+12025550144,Alex Sample,Example Ltd\r\n"
MAPPING = {"mobile_number": "Mobile Number", "callee_name": "Name", "company_name": "Company"}
INDIAN = {"call_time": {"call_start_time": "00:00", "call_end_time": "23:59", "timezone": "Asia/Kolkata"}}
FIELDS = {
    "variables_map": json.dumps(MAPPING),
    "agent_id": AGENT,
    "call_config": json.dumps(INDIAN),
    "country_code": "+1",
    "campaign_start_time": "18/03/2026, 09:00",
    "campaign_end_time": "18/03/2026, 21:05",
    "campaign_name": "March renewals",
}


async def send_form(
    doors: Doors, path: str, fields: Mapping[str, str], files: Iterable[str | bytes], key: str = RINGG_KEY
) -> httpx.Response:
    parts: list[tuple[str, Any]] = [("file", ("list.csv", file, "text/csv")) for file in files]
    # Never an empty form: that would be none.
    parts += [(name, (None, value)) for name, value in {"colour": "blue", **fields}.items()]
    return await doors.http.post(RINGG + path, files=parts, headers={"X-API-KEY": key})


async def send_list(
    doors: Doors, people: str | bytes = PEOPLE, *, path: str = "/campaign/save", key: str = RINGG_KEY, **changes: Any
) -> httpx.Response:
    """A good form; ``changes`` replace or, with ``...``, remove fields."""
    fields = {name: value for name, value in (FIELDS | changes).items() if value is not ...}
    return await send_form(doors, path, fields, [people], key)


async def saved(doors: Doors, people: str = PEOPLE, **changes: Any) -> str:
    """The id of an imported list."""
    answer = await send_list(doors, people, **changes)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["list_id"])


def stored(conn: Connection) -> list[int]:
    """How many campaigns, rows, files and jobs there are."""
    tables = (schema.campaigns, schema.campaign_rows, schema.campaign_files, schema.jobs)
    return [conn.scalar(sa.select(sa.func.count()).select_from(table)) or 0 for table in tables]


async def campaign_work(database: Database, clock: Clock) -> None:
    """Do what is to be done in the background, as it stands now."""
    workers: list[JobWorker] = [
        ImportWorker(database, spelled, clock),
        CampaignWorker(database, {DIALECT: overrides}, clock),
    ]
    jobs = Jobs(database, workers, clock)
    for worker in workers:
        while await jobs.step(worker):
            pass
