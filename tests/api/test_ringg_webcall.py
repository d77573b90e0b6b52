"""Web calls, which are refused in the shape clients read, and feedback, which is kept."""

from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from sqlalchemy import Connection

from api_builders import (
    ARCHIVED_AGENT,
    NATIVE_KEY,
    NEIGHBOUR_AGENT,
    NEIGHBOUR_KEY,
    RINGG,
    RINGG_KEY,
    SURVEY_AGENT,
    Doors,
    keep,
    seed,
)
from api_examples import NOBODYS_ID, example
from api_records import AGENT, ANSWERED_CALL, UNANSWERED_CALL, WORKSPACE, at, the_answered_call, the_unanswered_call
from outdial.api.ringg.calls.responses import FeedbackResponse, WebCallResponse
from outdial.api.ringg.calls.webcall import NO_WEB_CALLS
from outdial.commands.feedback import Opinion, give_feedback
from outdial.domain.errors import NotFound
from outdial.domain.ids import new_id
from outdial.store.agents.origins import is_listed
from outdial.store.database import Database
from outdial.store.schema import agents, feedback


def opinions(conn: Connection) -> list[tuple[Any, ...]]:
    asked = sa.select(feedback.c.call_id, feedback.c.rating, feedback.c.comment).order_by(feedback.c.call_id)
    return [tuple(row) for row in conn.execute(asked)]


class TestAWebCall:
    async def test_is_not_offered_and_the_answer_says_why(self, doors: Doors) -> None:
        response = await doors.replay(example("ringg", "80"))

        body = response.json()
        assert response.status_code == 501
        assert body["error"] == {"code": "NOT_IMPLEMENTED", "message": NO_WEB_CALLS}
        assert body["detail"] == body["message"] == NO_WEB_CALLS
        assert "status" not in body
        assert await doors.calls_stored() == 0

    @pytest.mark.parametrize("body", [{"agent_id": AGENT}, {"agent_id": f" {AGENT.upper()} ", "media_type": "text"}])
    async def test_needs_no_more_than_its_agent(self, doors: Doors, body: dict[str, str]) -> None:
        assert (await doors.ringg_post("/calling/webcall", body)).status_code == 501

    async def test_has_its_documented_answer_in_the_document(self, doors: Doors) -> None:
        wanted = example("ringg", "80")["response"]["body"]
        document = (await doors.http.get(f"{RINGG}/openapi.json")).json()

        operation = document["paths"]["/calling/webcall"]["post"]
        shape = operation["responses"]["200"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
        assert list(document["components"]["schemas"][shape]["properties"]) == list(wanted)
        assert WebCallResponse(**wanted).model_dump() == wanted
        assert "501" in operation["responses"]

    @pytest.mark.parametrize(
        ("body", "fields"),
        [
            ({}, ["agent_id"]),
            ({"agent_id": " "}, ["agent_id"]),
            ({"agent_id": 7, "custom_args_values": [], "media_type": "smell"}, None),
            ({"agent_id": AGENT, "custom_args_values": "Sam"}, ["custom_args_values"]),
            ({"agent_id": AGENT, "media_type": ["audio"]}, ["media_type"]),
        ],
    )
    async def test_is_checked_first(self, doors: Doors, body: dict[str, Any], fields: list[str] | None) -> None:
        response = await doors.ringg_post("/calling/webcall", body)

        assert (response.status_code, response.json()["error"]["code"]) == (400, "VALIDATION_ERROR")
        assert [entry["loc"][1] for entry in response.json()["details"]] == (fields or list(body))

    @pytest.mark.parametrize("agent_id", [NOBODYS_ID, "no-id", "\0x", ARCHIVED_AGENT, NEIGHBOUR_AGENT])
    async def test_of_an_agent_that_is_not_there(self, doors: Doors, agent_id: str) -> None:
        response = await doors.ringg_post("/calling/webcall", {"agent_id": agent_id})

        assert (response.status_code, response.json()["message"]) == (404, "Agent not found")

    @pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer pk_example", "Origin": "https://example.test"}])
    async def test_needs_a_workspace_key(self, doors: Doors, headers: dict[str, str]) -> None:
        response = await doors.http.post(f"{RINGG}/calling/webcall", json={"agent_id": AGENT}, headers=headers)

        assert response.status_code == 401


PAGE = "https://shop.example.test"
OTHER_PAGE = "https://other.example.test"


@pytest.fixture
async def listed(doors: Doors) -> Doors:
    """The doors of a workspace whose agents list a page each, one an odd one too."""
    pages = {AGENT: [PAGE, "https://a%_b.example.test:8443"], SURVEY_AGENT: [OTHER_PAGE]}

    def work(conn: Connection) -> None:
        for agent_id, origins in pages.items():
            settings = {"whitelisted_domains": origins}
            conn.execute(agents.update().where(agents.c.id == agent_id).values(settings=settings))

    await doors.database.write(work)
    return doors


class TestABrowser:
    async def ask(self, doors: Doors, origin: str, path: str = "/calling/webcall") -> httpx.Response:
        asked = {"Origin": origin, "Access-Control-Request-Method": "POST"}
        return await doors.http.options(RINGG + path, headers=asked)

    @pytest.mark.parametrize("path", ["/calling/webcall", f"/calling/{ANSWERED_CALL}/feedback", "/calling/webcall/"])
    async def test_is_let_in_from_a_page_an_agent_lists(self, listed: Doors, path: str) -> None:
        response = await self.ask(listed, PAGE, path)

        assert (response.status_code, response.content) == (204, b"")
        assert response.headers["Access-Control-Allow-Origin"] == PAGE
        assert response.headers["Access-Control-Allow-Methods"] == "POST"
        assert "authorization" in response.headers["Access-Control-Allow-Headers"]
        assert response.headers["Vary"] == "Origin"

    @pytest.mark.parametrize(
        "origin",
        [
            *("https://example.test", "http://shop.example.test", "https://shop.example.test:8443", "null", "", "x\0y"),
            *("https://shop.example", "https://aXXb.example.test:8443", "whitelisted_domains", "%"),
        ],
    )
    async def test_is_not_let_in_from_elsewhere(self, listed: Doors, origin: str) -> None:
        response = await self.ask(listed, origin)

        assert (response.status_code, response.json()["error"]["code"]) == (403, "FORBIDDEN")
        assert "Access-Control-Allow-Origin" not in response.headers

    async def test_is_not_let_in_by_an_agent_out_of_use(self, listed: Doors) -> None:
        archived = agents.update().where(agents.c.id == AGENT).values(archived_at=at("08:00:00"))
        await listed.database.write(lambda conn: conn.execute(archived))

        assert (await self.ask(listed, PAGE)).status_code == 403

    async def test_may_read_the_answer_whatever_it_is(self, listed: Doors) -> None:
        for body, status in (({"agent_id": AGENT}, 501), ({}, 400)):
            response = await listed.ringg_post("/calling/webcall", body, headers={"Origin": PAGE})
            assert response.status_code == status
            assert response.headers["Access-Control-Allow-Origin"] == PAGE
        stranger = await listed.ringg_post("/calling/webcall", {}, headers={"Origin": "https://else.example.test"})
        assert "Access-Control-Allow-Origin" not in stranger.headers


class TestAPublishableKey:
    @pytest.fixture
    async def key(self, listed: Doors) -> str:
        wish = {"dialect": "ringg", "access": "publishable"}
        made = await listed.http.post("/v1/keys", json=wish, headers={"Authorization": f"Bearer {NATIVE_KEY}"})
        return str(made.json()["key"])

    async def ask(
        self, doors: Doors, key: str, page: str | None, agent_id: object = AGENT, **body: object
    ) -> httpx.Response:
        headers = {"Authorization": f"Bearer {key}"} | ({} if page is None else {"Origin": page})
        return await doors.http.post(f"{RINGG}/calling/webcall", json={"agent_id": agent_id, **body}, headers=headers)

    async def test_opens_web_calls_of_an_agent_from_the_pages_it_lists(self, listed: Doors, key: str) -> None:
        response = await self.ask(listed, key, PAGE)
        wrong = await self.ask(listed, key, PAGE, media_type="smell")

        assert key.startswith("pk_")
        assert (response.status_code, wrong.status_code) == (501, 400)
        assert response.headers["Access-Control-Allow-Origin"] == PAGE

    @pytest.mark.parametrize(
        ("page", "agent_id"),
        [
            *((None, AGENT), (OTHER_PAGE, AGENT), ("https://else.example.test", AGENT), ("null", AGENT)),
            *((PAGE, SURVEY_AGENT), (PAGE, NEIGHBOUR_AGENT), (PAGE, NOBODYS_ID), (PAGE, "x"), (PAGE, None)),
        ],
    )
    async def test_opens_nothing_from_elsewhere(
        self, listed: Doors, key: str, page: str | None, agent_id: str | None
    ) -> None:
        response = await self.ask(listed, key, page, agent_id)

        assert (response.status_code, response.json()["error"]["code"]) == (401, "UNAUTHORIZED")

    async def test_opens_no_agent_out_of_use(self, listed: Doors, key: str) -> None:
        archived = agents.update().where(agents.c.id == AGENT).values(archived_at=at("08:00:00"))
        await listed.database.write(lambda conn: conn.execute(archived))

        assert (await self.ask(listed, key, PAGE)).status_code == 401

    async def test_opens_no_other_route(self, listed: Doors, key: str) -> None:
        document = (await listed.http.get(f"{RINGG}/openapi.json")).json()
        asked = [(method, path) for path, methods in document["paths"].items() for method in methods]
        headers = {"Authorization": f"Bearer {key}", "Origin": PAGE}

        statuses = {
            (method, path): (await listed.http.request(method, RINGG + path, json={}, headers=headers)).status_code
            for method, path in asked
            if path != "/calling/webcall"
        }

        assert len(statuses) > 20
        assert set(statuses.values()) == {401}
        native = await listed.http.get("/v1/calls", headers=headers)
        ringly = await listed.http.post("/api/1.1/wf/make-outbound-call-v2", json={}, headers=headers)
        assert (native.status_code, ringly.status_code) == (401, 401)


class TestFeedback:
    async def test_is_answered_as_documented_and_kept(self, doors: Doors) -> None:
        exchange = example("ringg", "81")
        call_id = exchange["path"].split("/")[-2]
        await keep(doors.database, the_answered_call(id=call_id))

        response = await doors.replay(exchange)

        wanted = exchange["response"]["body"]
        assert (response.status_code, response.json()) == (200, wanted)
        assert list(FeedbackResponse.model_fields) == list(wanted)
        assert await doors.database.read(opinions) == [(call_id, 5.0, "Clear")]

    @pytest.mark.parametrize(
        ("body", "kept"),
        [
            ({}, (None, "")),
            ({"rating": None, "comment": None}, (None, "")),
            ({"rating": 4.5, "unknown": 1}, (4.5, "")),
            ({"rating": 0, "comment": "x" * 2000}, (0.0, "x" * 2000)),
            ({"comment": "घंटी\0 बजी"}, (None, "घंटी बजी")),
        ],
    )
    async def test_may_leave_out_what_it_likes(self, doors: Doors, body: dict[str, Any], kept: tuple[Any, ...]) -> None:
        await keep(doors.database, the_answered_call())

        response = await doors.ringg_post(f"/calling/{ANSWERED_CALL}/feedback", body)

        assert response.status_code == 200
        assert await doors.database.read(opinions) == [(ANSWERED_CALL, *kept)]

    @pytest.mark.parametrize(
        ("body", "fields"),
        [
            ({"rating": "5"}, ["rating"]),
            ({"rating": True}, ["rating"]),
            ({"rating": 10**400}, ["rating"]),
            ({"rating": -1_000_001}, ["rating"]),
            ({"comment": 7}, ["comment"]),
            ({"rating": [], "comment": "x" * 2001}, ["rating", "comment"]),
        ],
    )
    async def test_that_cannot_be_read_is_not_kept(self, doors: Doors, body: dict[str, Any], fields: list[str]) -> None:
        await keep(doors.database, the_answered_call())

        response = await doors.ringg_post(f"/calling/{ANSWERED_CALL}/feedback", body)

        assert response.status_code == 400
        assert [entry["loc"] for entry in response.json()["details"]] == [["body", field] for field in fields]
        assert await doors.database.read(opinions) == []

    async def test_that_is_no_json_object_is_refused(self, doors: Doors) -> None:
        for content in (b"", b"[]", b"5"):
            response = await doors.http.post(
                f"{RINGG}/calling/{ANSWERED_CALL}/feedback", content=content, headers={"X-API-KEY": RINGG_KEY}
            )
            assert response.status_code == 400

    @pytest.mark.parametrize("call_id", [NOBODYS_ID, "call-1", "%00"])
    async def test_on_an_unknown_call(self, doors: Doors, call_id: str) -> None:
        response = await doors.ringg_post(f"/calling/{call_id}/feedback", {"rating": 5})

        assert (response.status_code, response.json()["message"]) == (404, "Call not found")

    async def test_on_a_call_of_others(self, doors: Doors) -> None:
        await keep(doors.database, the_answered_call())

        response = await doors.ringg_post(f"/calling/{ANSWERED_CALL}/feedback", {"rating": 1}, key=NEIGHBOUR_KEY)

        assert response.status_code == 404
        assert await doors.database.read(opinions) == []


async def test_pages_are_looked_up_on_either_engine(database: Database) -> None:
    await seed(database)
    settings = {"whitelisted_domains": ["https://shop.example.test"]}
    changed = agents.update().where(agents.c.id == AGENT).values(settings=settings)
    await database.write(lambda conn: conn.execute(changed))

    assert await is_listed(database, "https://shop.example.test")
    assert not await is_listed(database, "https://shop.example")


async def test_the_last_opinion_counts_on_either_engine(database: Database) -> None:
    await seed(database)
    await keep(database, the_answered_call(), the_unanswered_call())

    for opinion in (Opinion(1, "Noisy"), Opinion(5, "Clear")):
        await give_feedback(database, WORKSPACE, ANSWERED_CALL, opinion, now=lambda: at("10:00:00"))
    await give_feedback(database, WORKSPACE, UNANSWERED_CALL, Opinion(), now=lambda: at("10:00:00"))
    with pytest.raises(NotFound):
        await give_feedback(database, new_id(), ANSWERED_CALL, Opinion(2), now=lambda: at("10:00:00"))

    assert await database.read(opinions) == [(UNANSWERED_CALL, None, ""), (ANSWERED_CALL, 5.0, "Clear")]
