"""The Ringly door: the documentation's exchanges, and the table of what must come back for what is sent."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection

from api_builders import (
    NATIVE_KEY,
    NEIGHBOUR_NUMBER,
    NEIGHBOUR_TAG,
    OTHER_TAG,
    RINGG_KEY,
    RINGLY,
    RINGLY_KEY,
    TAG,
    Doors,
    a_clock_that_raises,
    a_ringly_body,
    open_doors,
)
from api_examples import example, ordered_keys, without
from api_records import WORKSPACE, at
from outdial.api.ringly.errors import BAD_REQUEST, NOT_FOUND, SERVER_FAULT, UNAUTHORIZED
from outdial.api.ringly.routes import key_of
from outdial.api.ringly.validation import as_text
from outdial.commands.credits import add_credits
from outdial.commands.rules import change_rules
from outdial.domain.errors import Unreachable
from outdial.domain.rules import MICROS, Price
from outdial.store import schema
from outdial.store.database import Database

OURS = ("call_id", "request_id")


async def replay(doors: Doors, exchange: dict[str, Any]) -> httpx.Response:
    asked = exchange["request"]
    return await doors.http.request(
        exchange["method"], exchange["path"], headers=asked["headers"], json=asked.get("body")
    )


async def refused(doors: Doors, status: int, sentence: str, body: Any, *, key: str = RINGLY_KEY) -> list[str]:
    """Post and expect this refusal, and nothing stored; the causes it names."""
    response = await doors.ringly(body, key=key)
    answer = response.json()
    assert (response.status_code, answer["error_message"]) == (status, sentence)
    assert answer["request_id"] == response.headers["X-Request-Id"]
    assert await doors.calls_stored() == 0
    causes: list[str] = answer["details"]
    return causes


class TestTheDocumentedExchanges:
    @pytest.mark.parametrize("number", ["01", "02", "03", "04", "12"])
    async def test_accepted(self, doors: Doors, number: str) -> None:
        exchange = example("ringly", number)

        response = await replay(doors, exchange)

        wanted = exchange["response"]
        assert response.status_code == wanted["status"]
        assert without(response.json(), *OURS) == without(wanted["body"], *OURS)
        assert ordered_keys(response.json()) == ordered_keys(wanted["body"])
        for name, value in wanted.get("headers", {}).items():
            assert response.headers[name] == value
        assert await doors.calls_stored() == 1

    @pytest.mark.parametrize("number", ["05", "06", "07", "09"])
    async def test_refused(self, doors: Doors, number: str) -> None:
        exchange = example("ringly", number)

        response = await replay(doors, exchange)

        assert response.status_code == exchange["response"]["status"]
        assert without(response.json(), *OURS) == without(exchange["response"]["body"], *OURS)
        assert ordered_keys(response.json()) == ordered_keys(exchange["response"]["body"])
        assert await doors.calls_stored() == 0

    async def test_rate_limited(self, sqlite: Database, tmp_path: Path) -> None:
        exchange = example("ringly", "10")
        async with open_doors(sqlite, tmp_path, requests_per_s=0.5, seconds=lambda: 0.0) as doors:
            await replay(doors, exchange)
            response = await replay(doors, exchange)

            assert response.status_code == exchange["response"]["status"]
            assert response.headers["Retry-After"] == exchange["response"]["headers"]["Retry-After"]
            assert without(response.json(), *OURS) == without(exchange["response"]["body"], *OURS)
            assert await doors.calls_stored() == 1

    @pytest.mark.parametrize(("fault", "status"), [(ZeroDivisionError("secret"), 500), (Unreachable("secret"), 503)])
    async def test_unhandled_fault(self, sqlite: Database, tmp_path: Path, fault: Exception, status: int) -> None:
        exchange = example("ringly", "11")
        async with open_doors(sqlite, tmp_path, now=a_clock_that_raises(fault)) as doors:
            response = await replay(doors, exchange)

            assert response.status_code == status
            assert without(response.json(), *OURS) == without(exchange["response"]["body"], *OURS)
            assert response.json()["error_message"] == SERVER_FAULT
            assert "secret" not in response.text
            assert response.headers["X-Request-Id"] == response.json()["request_id"]


class TestTheFourSamplesOfThePage:
    async def test_store_equal_calls_and_get_equal_answers(self, doors: Doors) -> None:
        await own(doors, number="+1234567890", tag="agent_1234abcd")
        variables = {
            "customer_name": "Jack",
            "property": "apartment",
            "address": "Fifth Avenue 138",
            "company_name": "Ringly.io",
            "outstanding_payment": "$3605.20",
        }
        body = {
            "from_number": "+1234567890",
            "to_number": "+19876543210",
            "agent_tag": "agent_1234abcd",
            "dynamic_variables": variables,
        }
        samples = {
            "curl": (RINGLY_KEY, json.dumps(body, indent=4)),
            "python": (RINGLY_KEY, json.dumps(body)),
            "ruby": (f"Bearer {RINGLY_KEY}", json.dumps(body, separators=(",", ":"))),
            "javascript": (RINGLY_KEY, json.dumps(body, separators=(",", ":"), ensure_ascii=False)),
        }

        answers = []
        for key, text in samples.values():
            headers = {"Authorization": key, "Content-Type": "application/json"}
            response = await doors.http.post(f"{RINGLY}/make-outbound-call-v2", content=text, headers=headers)
            assert response.status_code == 200
            answers.append(without(response.json(), *OURS))

        assert all(answer == answers[0] for answer in answers)
        assert answers[0]["dynamic_variables"] == variables
        stored = await doors.database.read(lambda conn: list(conn.execute(schema.call_requests.select())))
        assert len({json.dumps([row.variables, row.body, row.from_numbers], sort_keys=True) for row in stored}) == 1


class TestRequiredFields:
    @pytest.mark.parametrize("field", ["from_number", "to_number", "agent_tag"])
    @pytest.mark.parametrize("value", [..., None, 5, "", "  ", [], {}])
    async def test_must_be_there(self, doors: Doors, field: str, value: Any) -> None:
        (cause,) = await refused(doors, 400, BAD_REQUEST, a_ringly_body(**{field: value}))

        assert cause.startswith(field)

    @pytest.mark.parametrize("field", ["from_number", "to_number"])
    @pytest.mark.parametrize("number", ["12025550100", "+1 2025550100", "+1-202-555-0100", "+01234567", "+123456"])
    async def test_numbers_are_e164(self, doors: Doors, field: str, number: str) -> None:
        causes = await refused(doors, 400, BAD_REQUEST, a_ringly_body(**{field: number}))

        assert causes == [f"{field} must be in E.164 format"]

    async def test_outer_blanks_of_numbers_are_forgiven(self, doors: Doors) -> None:
        response = await doors.ringly(a_ringly_body(to_number=" +12025550143 ", from_number="+12025550100\n"))

        assert response.status_code == 200
        assert response.json()["to_number"] == "+12025550143"

    @pytest.mark.parametrize("tag", ["two words", "x" * 129, " padded "])
    async def test_tags_have_no_blanks_and_at_most_128_characters(self, doors: Doors, tag: str) -> None:
        causes = await refused(doors, 400, BAD_REQUEST, a_ringly_body(agent_tag=tag))

        assert causes == ["agent_tag must be 1 to 128 characters without blanks"]

    async def test_all_causes_are_named(self, doors: Doors) -> None:
        causes = await refused(doors, 400, BAD_REQUEST, {"dynamic_variables": {"a1": []}})

        assert causes == [
            "from_number is required",
            "to_number is required",
            "agent_tag is required",
            "dynamic_variables.a1: keys may hold letters and underscores only",
            "dynamic_variables.a1: values must be strings",
        ]


class TestWhatMustExist:
    async def test_a_tag_needs_no_prefix_and_its_agent_no_number(self, doors: Doors) -> None:
        response = await doors.ringly(a_ringly_body(agent_tag=OTHER_TAG))

        assert response.status_code == 200

    @pytest.mark.parametrize("tag", [TAG.upper(), "agent_unknown", "old", NEIGHBOUR_TAG])
    async def test_unknown_archived_or_foreign_tag(self, doors: Doors, tag: str) -> None:
        assert await refused(doors, 404, NOT_FOUND, a_ringly_body(agent_tag=tag)) == ["agent_tag"]

    @pytest.mark.parametrize("number", [NEIGHBOUR_NUMBER, "+12025550111"])
    async def test_number_of_another_workspace_is_as_good_as_unknown(self, doors: Doors, number: str) -> None:
        assert await refused(doors, 404, NOT_FOUND, a_ringly_body(from_number=number)) == ["from_number"]

    async def test_variables_an_agent_insists_on(self, doors: Doors) -> None:
        body = a_ringly_body(agent_tag="strict", dynamic_variables={})
        causes = await refused(doors, 400, BAD_REQUEST, body)

        assert causes == ["variable customer_name is required"]


class TestVariables:
    @pytest.mark.parametrize("value", [..., None, {}])
    async def test_may_be_left_out(self, doors: Doors, value: Any) -> None:
        response = await doors.ringly(a_ringly_body(agent_tag=OTHER_TAG, dynamic_variables=value))

        assert response.status_code == 200
        assert response.json()["dynamic_variables"] == {}

    @pytest.mark.parametrize("value", [["a"], "a", 5, True])
    async def test_are_an_object(self, doors: Doors, value: Any) -> None:
        causes = await refused(doors, 400, BAD_REQUEST, a_ringly_body(dynamic_variables=value))

        assert causes == ["dynamic_variables must be an object"]

    @pytest.mark.parametrize("key", ["first name", "line2", "größe", "", "a-b", "a\n"])
    async def test_have_keys_of_letters_and_underscores(self, doors: Doors, key: str) -> None:
        causes = await refused(doors, 400, BAD_REQUEST, a_ringly_body(dynamic_variables={key: "x"}))

        assert causes == [f"dynamic_variables.{key}: keys may hold letters and underscores only"]

    @pytest.mark.parametrize("value", [["a"], {"a": "b"}])
    async def test_have_scalar_values(self, doors: Doors, value: Any) -> None:
        causes = await refused(doors, 400, BAD_REQUEST, a_ringly_body(dynamic_variables={"a": value}))

        assert causes == ["dynamic_variables.a: values must be strings"]

    @pytest.mark.parametrize(
        ("sent", "echoed"),
        [("3", "3"), ("2.50", "2.5"), ("3605.20", "3605.2"), ("1e3", "1000"), ("1e-7", "0.0000001"), ("-0.0", "-0")],
    )
    async def test_numbers_become_their_shortest_text(self, doors: Doors, sent: str, echoed: str) -> None:
        text = json.dumps(a_ringly_body(dynamic_variables={"a": "VALUE"})).replace('"VALUE"', sent)
        headers = {"Authorization": RINGLY_KEY}
        response = await doors.http.post(f"{RINGLY}/make-outbound-call-v2", content=text, headers=headers)

        assert response.json()["dynamic_variables"] == {"a": echoed}

    async def test_stay_within_their_limits(self, doors: Doors) -> None:
        keys = [f"{a}{b}" for a in "abcdefghijk" for b in "abcdefghij"]
        fits = dict.fromkeys([*keys[:99], "k" * 64], "v" * 2000)

        too_many = await refused(doors, 400, BAD_REQUEST, a_ringly_body(dynamic_variables=dict.fromkeys(keys, "v")))
        too_long = await refused(doors, 400, BAD_REQUEST, a_ringly_body(dynamic_variables={"k" * 65: "v" * 4097}))
        too_big = await refused(doors, 400, BAD_REQUEST, a_ringly_body(padding="x" * 262144))
        accepted = await doors.ringly(a_ringly_body(dynamic_variables=fits))

        assert too_many == ["dynamic_variables may hold at most 100 keys"]
        assert len(too_long) == 2
        assert too_big == ["the body may be at most 262144 bytes long"]
        assert accepted.status_code == 200

    @given(st.floats(allow_nan=False, allow_infinity=False))
    def test_no_number_loses_its_value(self, value: float) -> None:
        text = as_text(value)

        assert text is not None
        assert float(text) == value
        assert "e" not in text


class TestTheKey:
    @pytest.mark.parametrize(
        "value", ["", "Bearer", "bearer ", "wrong", "Bearer wrong", f"Basic {RINGLY_KEY}", RINGG_KEY, NATIVE_KEY]
    )
    async def test_missing_or_wrong_comes_before_a_bad_body(self, doors: Doors, value: str) -> None:
        assert await refused(doors, 401, UNAUTHORIZED, {"bad": True}, key=value) == []

    @pytest.mark.parametrize("value", [f"Bearer {RINGLY_KEY}", f"bearer   {RINGLY_KEY}", f"  {RINGLY_KEY}  "])
    async def test_comes_bare_or_as_bearer(self, doors: Doors, value: str) -> None:
        assert (await doors.ringly(a_ringly_body(), key=value)).status_code == 200

    async def test_beside_another_header(self, doors: Doors) -> None:
        headers = {"Authorization": RINGLY_KEY, "X-API-KEY": "whatever"}
        response = await doors.http.post(f"{RINGLY}/make-outbound-call-v2", json=a_ringly_body(), headers=headers)

        assert response.status_code == 200

    @given(st.text(alphabet=" \tBearer abc", max_size=20))
    def test_never_holds_blanks(self, value: str) -> None:
        assert not any(letter.isspace() for letter in key_of(value))


class TestTheDoor:
    @pytest.mark.parametrize("content", [b"", b"nonsense", b"[]", b"null", b'{"a": Infinity}'])
    async def test_refuses_what_is_no_json_object(self, doors: Doors, content: bytes) -> None:
        headers = {"Authorization": RINGLY_KEY}
        response = await doors.http.post(f"{RINGLY}/make-outbound-call-v2", content=content, headers=headers)

        assert (response.status_code, response.json()["error_message"]) == (400, BAD_REQUEST)

    @pytest.mark.parametrize("content_type", [None, "text/plain", "application/json; charset=utf-8"])
    async def test_reads_json_whatever_it_is_called(self, doors: Doors, content_type: str | None) -> None:
        headers = {"Authorization": RINGLY_KEY} | ({"Content-Type": content_type} if content_type else {})
        content = json.dumps(a_ringly_body()).encode()
        response = await doors.http.post(f"{RINGLY}/make-outbound-call-v2", content=content, headers=headers)

        assert response.status_code == 200

    @pytest.mark.parametrize("path", ["/make-outbound-call-v2/", "/make-outbound-call/"])
    async def test_takes_a_trailing_slash_without_redirect(self, doors: Doors, path: str) -> None:
        assert (await doors.ringly(a_ringly_body(), path=path)).status_code == 200

    @pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
    async def test_other_methods_get_405_with_the_body_of_400(self, doors: Doors, method: str) -> None:
        response = await doors.http.request(method, f"{RINGLY}/make-outbound-call-v2")

        assert (response.status_code, response.json()["error_message"]) == (405, BAD_REQUEST)
        assert response.headers["Allow"] == "POST"
        assert response.headers["X-Request-Id"] == response.json()["request_id"]

    async def test_unknown_paths_are_answered_in_its_shape(self, doors: Doors) -> None:
        response = await doors.http.post(f"{RINGLY}/make-coffee", json={})

        assert (response.status_code, response.json()["error_message"]) == (404, NOT_FOUND)

    async def test_stamps_answers_with_the_moment_of_acceptance(self, sqlite: Database, tmp_path: Path) -> None:
        async with open_doors(sqlite, tmp_path, now=lambda: datetime(2026, 3, 2, tzinfo=UTC)) as doors:
            answer = (await doors.ringly(a_ringly_body())).json()

        assert answer["created_at"] == "2026-03-02T00:00:00.000000Z"


class TestTheFirstVersion:
    async def test_an_explicit_variable_wins_over_the_name_beside_it(self, doors: Doors) -> None:
        response = await doors.ringly(a_ringly_body(customer_name="Jill"), path="/make-outbound-call")

        assert response.json()["dynamic_variables"] == {"customer_name": "Jack"}
        assert response.json()["customer_name"] == "Jill"

    async def test_says_on_errors_too_that_it_is_deprecated(self, doors: Doors) -> None:
        response = await doors.ringly({}, path="/make-outbound-call")

        assert response.status_code == 400
        assert response.headers["Deprecation"] == "true"

    async def test_the_second_ignores_the_name_beside_the_variables(self, doors: Doors) -> None:
        response = await doors.ringly(a_ringly_body(customer_name="Jill", dynamic_variables={}))

        assert response.json()["dynamic_variables"] == {}
        assert "customer_name" not in response.json()
        assert "Deprecation" not in response.headers

    async def test_names_the_variables_it_misses_and_rings_once_under_one_key(self, doors: Doors) -> None:
        path, body = f"{RINGLY}/make-outbound-call", a_ringly_body(dynamic_variables={})
        again = {"Authorization": RINGLY_KEY, "Idempotency-Key": "k"}

        first, second = [await doors.http.post(path, json=body, headers=again) for _ in range(2)]

        assert (first.status_code, first.json()["warnings"]) == (200, ["missing_variable:customer_name"])
        assert (second.content, second.headers["Idempotent-Replayed"]) == (first.content, "true")
        assert await doors.calls_stored() == 1

    @pytest.mark.parametrize(("tag", "price", "status"), [("nobody", 0, 404), (TAG, 1, 402)])
    async def test_is_refused_as_the_second_is(self, doors: Doors, tag: str, price: int, status: int) -> None:
        if price:
            await change_rules(
                doors.database, WORKSPACE, lambda rules: replace(rules, price=Price(per_minute_micros=price))
            )
        body = a_ringly_body(agent_tag=tag)

        second = await doors.ringly(body)
        first = await doors.ringly(body, path="/make-outbound-call")

        assert first.status_code == status
        assert without(first.json(), "request_id") == without(second.json(), "request_id")
        assert await doors.calls_stored() == 0


async def own(doors: Doors, *, number: str, tag: str) -> None:
    """Give the workspace this number, and its desk agent this tag."""

    def work(conn: Connection) -> None:
        conn.execute(schema.numbers.update().where(schema.numbers.c.number == "+12025550100").values(number=number))
        conn.execute(schema.agents.update().where(schema.agents.c.tag == OTHER_TAG).values(tag=tag))

    await doors.database.write(work)


class TestWithoutCredits:
    async def test_a_call_is_refused_before_its_names_are_looked_up(self, doors: Doors) -> None:
        exchange = example("ringly", "08")
        await change_rules(doors.database, WORKSPACE, lambda rules: replace(rules, price=Price(per_minute_micros=1)))

        refused = await doors.ringly(a_ringly_body(agent_tag="unknown"))
        faulty = await doors.ringly(a_ringly_body(to_number="x"))
        await add_credits(doors.database, WORKSPACE, MICROS, now=lambda: at("09:00:00"))
        accepted = await doors.ringly(a_ringly_body())

        assert refused.status_code == exchange["response"]["status"]
        assert without(refused.json(), "request_id") == without(exchange["response"]["body"], "request_id")
        assert [answer.status_code for answer in (faulty, accepted)] == [400, 200]

    async def test_the_answer_to_the_same_call_is_repeated(self, doors: Doors) -> None:
        again = {"Authorization": RINGLY_KEY, "Idempotency-Key": "k"}
        first = await doors.http.post(f"{RINGLY}/make-outbound-call-v2", json=a_ringly_body(), headers=again)
        await change_rules(doors.database, WORKSPACE, lambda rules: replace(rules, price=Price(per_minute_micros=1)))

        second = await doors.http.post(f"{RINGLY}/make-outbound-call-v2", json=a_ringly_body(), headers=again)

        assert second.content == first.content
