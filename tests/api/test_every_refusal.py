"""Every operation of every door gives each refusal its document knows that depends on no body: asked, not read."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from api_builders import NATIVE_KEY, RINGG_KEY, RINGLY_KEY, Doors, open_doors
from api_examples import NOBODYS_ID
from api_records import WORKSPACE
from outdial.api.root import NATIVE_PATH, RINGG_PATH, RINGLY_PATH
from outdial.commands.keys import issue_key
from outdial.domain.access import READ
from outdial.domain.errors import Unreachable
from outdial.domain.ids import digest_key
from outdial.store.database import Database

KEYS = {RINGG_PATH: RINGG_KEY, RINGLY_PATH: RINGLY_KEY, NATIVE_PATH: NATIVE_KEY}
DIALECTS = {RINGG_PATH: "ringg", RINGLY_PATH: "ringly", NATIVE_PATH: "native"}
each_door = pytest.mark.parametrize("door", KEYS)


async def must_be_refused(doors: Doors, door: str, status: int, key: str, **sent: Any) -> None:
    """Every operation that documents this status answers with it; the others are not asked."""
    document = (await doors.http.get(f"{door}/openapi.json")).json()
    answers = {}
    for path, methods in document["paths"].items():
        for method in (method for method, said in methods.items() if str(status) in said["responses"]):
            response = await doors.http.request(
                method, door + re.sub(r"\{\w+\}", NOBODYS_ID, path), headers={"Authorization": f"Bearer {key}"}, **sent
            )
            answers[method, path] = response.status_code
            assert response.json()["request_id"] == response.headers["X-Request-Id"]

    assert answers == dict.fromkeys(answers, status)
    assert await doors.calls_stored() == 0


def raising(error: Exception) -> Callable[[], float]:
    def seconds() -> float:
        raise error

    return seconds


@each_door
async def test_401_without_a_key_that_opens(doors: Doors, door: str) -> None:
    await must_be_refused(doors, door, 401, "nobody's")


@each_door
async def test_403_to_a_key_that_only_reads(doors: Doors, door: str) -> None:
    made = await issue_key(doors.database, WORKSPACE, DIALECTS[door], access=READ, now=doors.parts.now)

    await must_be_refused(doors, door, 403, made.key)


@each_door
async def test_413_to_a_body_that_is_too_long(doors: Doors, door: str) -> None:
    await must_be_refused(doors, door, 413, KEYS[door], content=b" " * (1024 * 1024 + 1))


@each_door
async def test_429_to_a_key_that_knocks_too_often(sqlite: Database, tmp_path: Path, door: str) -> None:
    async with open_doors(sqlite, tmp_path, requests_per_s=0.5, seconds=lambda: 0.0) as doors:
        doors.parts.rate.take(digest_key(KEYS[door]))

        await must_be_refused(doors, door, 429, KEYS[door])


@each_door
@pytest.mark.parametrize(("fault", "status"), [(ZeroDivisionError("secret"), 500), (Unreachable("secret"), 503)])
async def test_500_and_503_where_a_part_of_ours_fails(
    sqlite: Database, tmp_path: Path, door: str, fault: Exception, status: int
) -> None:
    async with open_doors(sqlite, tmp_path, seconds=raising(fault)) as doors:
        with capture_logs() as logs:
            await must_be_refused(doors, door, status, KEYS[door])

    assert logs
