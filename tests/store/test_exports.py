"""Many calls read page by page, and every way to restrict them, on both engines."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from api_builders import SURVEY_AGENT, keep, seed
from api_records import (
    AGENT,
    ANSWERED_CALL,
    UNANSWERED_CALL,
    WORKSPACE,
    a_call,
    an_attempt,
    at,
    the_answered_attempt,
    the_answered_call,
    the_unanswered_call,
)
from outdial.domain.call import CallState
from outdial.domain.ids import new_id
from outdial.domain.outcome import Outcome
from outdial.store.calls.exports import call_pages
from outdial.store.calls.reading import Filters, history
from outdial.store.database import Database

VOICEMAIL_CALL = "0a0a0a0a-0a0a-4a0a-8a0a-0a0a0a0a0a0a"
SURVEY_CALL = "0b0b0b0b-0b0b-4b0b-8b0b-0b0b0b0b0b0b"
LIST = "11111111-2222-4333-8444-555555555555"


@pytest.fixture
async def kept(database: Database) -> Database:
    """Four calls, newest first: answered, unanswered, voicemail, and one of another agent that was never dialled."""
    await seed(database)
    taken = the_answered_attempt(outcome=Outcome.VOICEMAIL, from_number="+12025550101")
    voicemail = the_answered_call(
        id=VOICEMAIL_CALL,
        created_at=at("08:00:00"),
        to_number="+12025550177",
        outcome=Outcome.VOICEMAIL,
        bulk_list_id=LIST,
        attempts=(replace(taken, number=1), an_attempt(2)),
    )
    survey = a_call(id=SURVEY_CALL, agent_id=SURVEY_AGENT, created_at=at("07:00:00"))
    await keep(database, the_answered_call(), the_unanswered_call(), voicemail, survey)
    return database


async def exported(database: Database, filters: Filters, workspace_id: str = WORKSPACE) -> list[list[str]]:
    pages = call_pages(database, workspace_id, filters, now=lambda: at("10:00:00"))
    return [[record.id for record in page] async for page in pages]


@pytest.mark.parametrize(
    ("filters", "wanted"),
    [
        (Filters(), [ANSWERED_CALL, UNANSWERED_CALL, VOICEMAIL_CALL, SURVEY_CALL]),
        (Filters(created_from=at("08:00:00"), created_to=at("08:00:00")), [VOICEMAIL_CALL]),
        (Filters(agent_ids=frozenset({SURVEY_AGENT})), [SURVEY_CALL]),
        (Filters(agent_ids=frozenset({SURVEY_AGENT, AGENT}), offset=2), [VOICEMAIL_CALL, SURVEY_CALL]),
        (Filters(bulk_list_id=LIST), [VOICEMAIL_CALL]),
        (Filters(states=frozenset({CallState.RETRY, CallState.REGISTERED})), [UNANSWERED_CALL, SURVEY_CALL]),
        (Filters(outcomes=frozenset({Outcome.COMPLETED})), [ANSWERED_CALL]),
        (Filters(voicemail=True), [VOICEMAIL_CALL]),
        (Filters(voicemail=False), [ANSWERED_CALL, UNANSWERED_CALL, SURVEY_CALL]),
        (Filters(call_id=SURVEY_CALL), [SURVEY_CALL]),
        (Filters(to_number="+12025550177"), [VOICEMAIL_CALL]),
        (Filters(from_number="+12025550101"), [VOICEMAIL_CALL]),
        (Filters(from_number="+12025550100"), [ANSWERED_CALL, UNANSWERED_CALL, VOICEMAIL_CALL]),
        (Filters(from_number="+12025550100", voicemail=False, limit=1), [ANSWERED_CALL]),
    ],
)
async def test_history_and_export_are_restricted_alike(kept: Database, filters: Filters, wanted: list[str]) -> None:
    page, total = await kept.read(history, WORKSPACE, filters, now=lambda: at("10:00:00"))

    assert [record.id for record in page] == wanted
    assert await exported(kept, filters) == [wanted]
    if not filters.offset and filters.limit > 1:
        assert total == len(wanted)


async def test_nothing_found_has_no_pages(kept: Database) -> None:
    assert await exported(kept, Filters(call_id=new_id())) == []
    assert await exported(kept, Filters(limit=0)) == []
    assert await exported(kept, Filters(), workspace_id=new_id()) == []


async def test_pages_follow_each_other_also_between_calls_of_one_moment(database: Database) -> None:
    await seed(database)
    calls = [
        a_call(id=new_id(), created_at=at("07:00:00") + timedelta(seconds=index // 4), state=CallState.CANCELLED)
        for index in range(410)
    ]
    await keep(database, *calls)
    newest_first = [one.id for one in sorted(calls, key=lambda call: (call.created_at, call.id), reverse=True)]

    pages = await exported(database, Filters(limit=405, offset=3))

    assert [len(page) for page in pages] == [100, 100, 100, 100, 5]
    assert [call_id for page in pages for call_id in page] == newest_first[3:408]


async def test_a_call_that_comes_meanwhile_moves_nothing(database: Database) -> None:
    await seed(database)
    calls = [a_call(id=new_id(), created_at=at("07:00:00"), state=CallState.CANCELLED) for _ in range(201)]
    await keep(database, *calls)
    pages = call_pages(database, WORKSPACE, Filters(limit=1000), now=lambda: at("10:00:00"))

    first = await anext(pages)
    await keep(database, a_call(id=new_id(), created_at=at("09:00:00"), state=CallState.CANCELLED))
    rest = [record async for page in pages for record in page]

    assert {record.id for record in (*first, *rest)} == {call.id for call in calls}
    assert len(first) + len(rest) == 201
