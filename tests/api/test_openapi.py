"""All documents tell the truth: whatever is sent, no answer is a 5xx or one the document does not know, and whatever is
refused leaves nothing behind."""

import asyncio
import re
import shutil
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, assume, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import (
    content_type_conformance,
    not_a_server_error,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from sqlalchemy import Connection

from api_builders import (
    NATIVE_KEY,
    NUMBER_ID,
    OTHER_TAG,
    POOL,
    RINGG,
    RINGG_KEY,
    RINGLY,
    RINGLY_KEY,
    SECOND_NUMBER_ID,
    Doors,
    keep,
    open_doors,
)
from api_records import AGENT, ANSWERED_CALL, the_answered_call, the_unanswered_call
from outdial.store import schema
from outdial.store.database import Database

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
KEYS = {
    RINGG: {"X-API-KEY": RINGG_KEY},
    RINGLY: {"Authorization": RINGLY_KEY},
    "/v1": {"Authorization": f"Bearer {NATIVE_KEY}"},
}
LOOKED_UP = {
    *("agent_id", "agent_tag", "from_number", "from_number_id", "number_pool_id", "version_id", "voice_id"),
    *("from_numbers", "from_number_ids", "window", "scheduled_at"),
}
"""What the document cannot say of a good body: which things there are, and when it is."""
EXISTING: dict[str, dict[str, Any]] = {
    RINGG: {"agent_id": AGENT, "from_number_id": NUMBER_ID},
    RINGLY: {"agent_tag": OTHER_TAG, "from_number": "+12025550100"},
    "/v1": {"agent_id": AGENT, "from_number_ids": [NUMBER_ID]},
}
"""What a good body of a call names, so that it gets past the look-ups and is stored."""

TRUNK = "99999999-9999-4999-8999-999999999999"
NAMED = {"number_id": SECOND_NUMBER_ID, "pool_id": POOL, "trunk_id": TRUNK, "agent_id": AGENT, "call_id": ANSWERED_CALL}
"""The same for what stands in paths."""

CALL_ROUTES = {"individual", "v2", "make-outbound-call-v2", "make-outbound-call", "calls"}
"""How paths end at which calls are placed."""


async def documents() -> dict[str, dict[str, Any]]:
    """What each door says of itself; no database is needed for that."""
    async with open_doors(cast(Database, None), Path()) as doors:
        return {door: (await doors.http.get(f"{door}/openapi.json")).json() for door in KEYS}


OPERATIONS = sorted(
    (door, method.upper(), path)
    for door, document in asyncio.run(documents()).items()
    for path, methods in document["paths"].items()
    for method in methods
)
ROTATES = (RINGG, "PATCH", "/workspace/api-key")
"""The key that asked for this opens nothing afterwards."""
A_TRUNK = {
    "host": "sip.example.test",
    "port": 5060,
    "kind": "sip",
    "transport": "udp",
    "auth_user": "",
    "srtp": "off",
} | {
    "codecs": ["pcmu"],
    "outbound_proxy": "",
    "headers": {},
    "ca_file": "",
    "display_name": "",
}


class Played:
    """The doors on an event loop of their own, for tests that are not coroutines themselves."""

    def __init__(self, runner: asyncio.Runner, doors: Doors, file: Path) -> None:
        self._runner = runner
        self._http = doors.http
        self._file = sqlite3.connect(file)
        self.keys = {door: dict(headers) for door, headers in KEYS.items()}
        self._documents: dict[str, dict[str, Any]] = {}
        self.statuses: Counter[int] = Counter()

    def send(self, request: dict[str, Any]) -> httpx.Response:
        before = self._changes()
        response = self._runner.run(self._http.request(**request))
        self.statuses[response.status_code] += 1
        if response.status_code >= 400:
            assert self._changes() == before, f"{request} was refused with {response.status_code}, and changed rows"
        return response

    def _changes(self) -> int:
        """Another number after every transaction, by anybody else, that changed a row of any table."""
        (version,) = self._file.execute("PRAGMA data_version").fetchone()
        return int(version)

    def document(self, door: str) -> dict[str, Any]:
        if door not in self._documents:
            self._documents[door] = self.send({"method": "GET", "url": f"{door}/openapi.json"}).json()
        return self._documents[door]


@pytest.fixture(scope="module")
def played(seeded: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    folder = tmp_path_factory.mktemp("openapi")
    shutil.copy(seeded, folder / "outdial.db")
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        yield Played(runner, runner.run(_open(stack, folder)), folder / "outdial.db")
        runner.run(stack.aclose())


async def _open(stack: AsyncExitStack, folder: Path) -> Doors:
    database = await Database.open(f"sqlite:///{folder / 'outdial.db'}", migrate=False)
    stack.push_async_callback(database.close)
    await keep(database, the_answered_call(), the_unanswered_call())
    await database.write(_trunks_are_real)
    return await stack.enter_async_context(open_doors(database, folder))


def _trunks_are_real(conn: Connection) -> None:
    conn.execute(schema.trunks.update().values(definition=A_TRUNK))


@pytest.mark.parametrize(("door", "method", "path"), OPERATIONS)
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_whatever_is_sent_gets_a_documented_answer(
    played: Played, door: str, method: str, path: str, mode: GenerationMode
) -> None:
    operation = schemathesis.openapi.from_dict(played.document(door))[path][method]

    creates = mode is GenerationMode.POSITIVE and method == "POST" and path.rpartition("/")[2] in CALL_ROUTES
    # What is removed is there no more: only what reads and changes is pointed at things that are.
    kept = mode is GenerationMode.POSITIVE and method in {"GET", "PATCH"}
    named = {name: one for name, one in NAMED.items() if kept and f"{{{name}}}" in path}
    # Without shrinking: a failure is as readable as it is, and never takes minutes.
    played.statuses.clear()

    @settings(
        # So many until a generated call is one that can be placed.
        max_examples=40 if creates else 15,
        phases=[Phase.generate],
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def send(case: schemathesis.Case[Any]) -> None:
        if creates and isinstance(case.body, dict):
            kept = {key: value for key, value in case.body.items() if key not in LOOKED_UP}
            case.body = {**kept, **EXISTING[door]}
        if named:
            case.path_parameters = {**case.path_parameters, **named}
        request = as_httpx(case, door, played.keys[door])
        # A client resolves dots in a path itself: what it then asks for is another route, or none of this door's.
        # A path with a line break leads to no door at all: the roof answers.
        asked = httpx.URL(request["url"]).path
        assume(asked.startswith(door + path.partition("{")[0]) and "\n" not in asked)
        response = played.send(request)
        case.validate_response(response, checks=CHECKS)
        if (door, method, path) == ROTATES and response.status_code == 200:
            played.keys[door] = {"X-API-KEY": response.json()["new_api_key"]}

    send()

    if creates:
        assert played.statuses[200] + played.statuses[201]


def as_httpx(case: schemathesis.Case[Any], door: str, key: Mapping[str, str]) -> dict[str, Any]:
    """A generated request as arguments of httpx, with the right key, as what it is: bytes in a body of any type."""
    request = case.as_transport_kwargs(base_url=f"http://outdial.test{door}")
    cookies = "; ".join(f"{name}={value}" for name, value in request.pop("cookies").items())
    # Bytes: a header may hold more than ASCII.
    sent = {name: value.encode("latin-1", "replace") for name, value in request.pop("headers").items()}
    headers = {**sent, **key} | ({"Cookie": cookies} if cookies else {})
    body = request.pop("data", None)
    if files := request.pop("files", None):
        form = requests.Request("POST", request["url"], data=body, files=files).prepare()
        headers["Content-Type"], body = form.headers["Content-Type"], form.body
    return {**request, "headers": headers, "content": body if isinstance(body, (str, bytes)) else None}


@pytest.mark.parametrize(("door", "name"), [(RINGG, "dialects"), (RINGLY, "dialects"), ("/v1", "native")])
def test_the_page_about_a_door_names_every_operation(door: str, name: str) -> None:
    page = (Path(__file__).parents[2] / "docs" / f"{name}.md").read_text("utf-8")

    for _, method, path in (operation for operation in OPERATIONS if operation[0] == door):
        assert re.search(rf"`{method} {re.escape(path)}[?`]", page), path
