"""All documents tell the truth: whatever is sent, no answer is a 5xx or one the document does not know."""

import asyncio
import re
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
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

from api_builders import NATIVE_KEY, NUMBER_ID, OTHER_TAG, RINGG, RINGG_KEY, RINGLY, RINGLY_KEY, Doors, keep, open_doors
from api_records import AGENT, the_answered_call, the_unanswered_call
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

CALL_ROUTES = {"individual", "v2", "make-outbound-call-v2", "make-outbound-call", "calls"}
"""How paths end at which calls are placed."""

OPERATIONS = {
    (RINGG, "POST", "/calling/outbound/individual"),
    (RINGG, "POST", "/calling/v2/outbound/individual"),
    (RINGG, "POST", "/calling/outbound/individual/v2"),
    (RINGG, "GET", "/calling/call-details"),
    (RINGG, "GET", "/calling/history"),
    (RINGG, "GET", "/calling/history/{call_id}"),
    (RINGG, "PATCH", "/campaign/terminate"),
    (RINGG, "PATCH", "/campaign/terminate/agent"),
    (RINGG, "POST", "/campaign/terminate/{campaign_id}"),
    (RINGG, "GET", "/agent/all"),
    (RINGG, "GET", "/workspace/numbers"),
    (RINGG, "GET", "/workspace"),
    (RINGLY, "POST", "/make-outbound-call-v2"),
    (RINGLY, "POST", "/make-outbound-call"),
    ("/v1", "POST", "/calls"),
    ("/v1", "GET", "/calls"),
    ("/v1", "GET", "/calls/{call_id}"),
    ("/v1", "PATCH", "/calls/{call_id}"),
    ("/v1", "GET", "/calls/{call_id}/events"),
    ("/v1", "POST", "/calls/{call_id}/cancel"),
    ("/v1", "POST", "/calls/{call_id}/hang-up"),
    ("/v1", "GET", "/suppressions"),
    ("/v1", "GET", "/suppressions/{number}"),
    ("/v1", "PUT", "/suppressions/{number}"),
    ("/v1", "DELETE", "/suppressions/{number}"),
    ("/v1", "POST", "/policy/check"),
}


class Played:
    """The doors on an event loop of their own, for tests that are not coroutines themselves."""

    def __init__(self, runner: asyncio.Runner, doors: Doors) -> None:
        self._runner = runner
        self._http = doors.http
        self._documents: dict[str, dict[str, Any]] = {}
        self.statuses: Counter[int] = Counter()

    def send(self, request: dict[str, Any]) -> httpx.Response:
        response = self._runner.run(self._http.request(**request))
        self.statuses[response.status_code] += 1
        return response

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
        yield Played(runner, runner.run(_open(stack, folder)))
        runner.run(stack.aclose())


async def _open(stack: AsyncExitStack, folder: Path) -> Doors:
    database = await Database.open(f"sqlite+aiosqlite:///{folder / 'outdial.db'}", migrate=False)
    stack.push_async_callback(database.close)
    await keep(database, the_answered_call(), the_unanswered_call())
    return await stack.enter_async_context(open_doors(database, folder))


@pytest.mark.parametrize(("door", "method", "path"), sorted(OPERATIONS))
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_whatever_is_sent_gets_a_documented_answer(
    played: Played, door: str, method: str, path: str, mode: GenerationMode
) -> None:
    operation = schemathesis.openapi.from_dict(played.document(door))[path][method]

    creates = mode is GenerationMode.POSITIVE and method == "POST" and path.rpartition("/")[2] in CALL_ROUTES
    # Without shrinking: a failure is as readable as it is, and never takes minutes.
    played.statuses.clear()

    @settings(
        max_examples=40,
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
        request = as_httpx(case, door)
        # A client resolves dots in a path itself: what it then asks for is another route, or none of this door's.
        # A path with a line break leads to no door at all: the roof answers.
        asked = httpx.URL(request["url"]).path
        assume(asked.startswith(door + path.partition("{")[0]) and "\n" not in asked)
        response = played.send(request)
        case.validate_response(response, checks=CHECKS)

    send()

    if creates:
        assert played.statuses[200] + played.statuses[201]


def as_httpx(case: schemathesis.Case[Any], door: str) -> dict[str, Any]:
    """A generated request as arguments of httpx, with the right key, as what it is: bytes in a body of any type."""
    request = case.as_transport_kwargs(base_url=f"http://outdial.test{door}")
    cookies = "; ".join(f"{name}={value}" for name, value in request.pop("cookies").items())
    headers = {**request.pop("headers"), **KEYS[door]} | ({"Cookie": cookies} if cookies else {})
    body = request.pop("data", None)
    return {**request, "headers": headers, "content": body if isinstance(body, (str, bytes)) else None}


@pytest.mark.parametrize("door", [RINGG, RINGLY, "/v1"])
def test_every_operation_of_a_document_is_tried(played: Played, door: str) -> None:
    paths = played.document(door)["paths"]

    documented = {(door, method.upper(), path) for path, methods in paths.items() for method in methods}

    assert documented == {operation for operation in OPERATIONS if operation[0] == door}


@pytest.mark.parametrize(("door", "name"), [(RINGG, "dialects"), (RINGLY, "dialects"), ("/v1", "native")])
def test_the_page_about_a_door_names_every_operation(door: str, name: str) -> None:
    page = (Path(__file__).parents[2] / "docs" / f"{name}.md").read_text("utf-8")

    for _, method, path in (operation for operation in OPERATIONS if operation[0] == door):
        assert re.search(rf"`{method} {re.escape(path)}[?`]", page), path
