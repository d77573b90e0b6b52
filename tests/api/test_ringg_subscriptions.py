"""An agent's event subscriptions (§5.1): who hears of which event of a call, in which words, and how often."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from agent_builders import edit
from api_builders import RINGG, RINGG_KEY, Doors, a_ringg_body
from api_examples import example, ordered_keys, without
from api_records import (
    AGENT,
    ANALYSED,
    WORKSPACE,
    a_call,
    an_attempt,
    an_event,
    at,
    links,
    the_answered_call,
    the_unanswered_call,
)
from outdial.api.ringg.webhooks.payloads import TYPES
from outdial.api.ringg.webhooks.subscriptions import RinggSubscriptions
from outdial.commands.change_call import cancel_call
from outdial.domain.call import AttemptState, CallState
from outdial.domain.events import Event, EventType
from outdial.domain.outcome import Outcome
from outdial.domain.record import CallRecord
from outdial.domain.request import RetryPolicy
from outdial.domain.subscription import Subscription
from outdial.webhooks.ports import Endpoint
from webhook_builders import Office, SettableClock, a_receiver

HOOK = example("ringg", "22")["path"]
TOKEN = {"Authorization": "Bearer example-receiver-token"}
ANALYSES = ("platform_analysis_completed", "client_analysis_completed")
EVENTS = ("call_started", "call_completed", "recording_completed", *ANALYSES, "all_processing_completed")
EVERYTHING = Subscription("ringg", EVENTS, HOOK, TOKEN)
TALKED = {"outcome": "completed", "ended_by": "callee", "next_due_at": None}
FORBIDDEN_NAMES = {
    *("outcome", "call_outcome", "outcome_data", "duration_seconds"),
    *("occurred_at", "timestamp", "event_id", "analysis"),
}


def told(event: Event, call: CallRecord) -> tuple[Endpoint, dict[str, Any]]:
    """The one endpoint that hears of it, and what it is sent."""
    subscriber = RinggSubscriptions(links())
    (endpoint,) = subscriber.endpoints(event, call)
    body: dict[str, Any] = json.loads(subscriber.translate(event, call, endpoint.kind))
    return endpoint, body


def hears(call: CallRecord, *subscriptions: Subscription) -> CallRecord:
    return replace(call, subscriptions=subscriptions)


def the_whole_story(call: CallRecord) -> list[Event]:
    """The facts of a call whose attempts are all that happened to it, in their order."""
    facts = [an_event(EventType.REGISTERED, call, attempt=0)]
    for attempt in call.attempts:
        number, last = attempt.number, attempt is call.attempts[-1]
        ended = {"outcome": attempt.outcome, "next_due_at": None if last else "2026-03-02T09:41:02.500000+00:00"}
        facts.append(an_event(EventType.DIALING, call, attempt=number))
        if attempt.ringing_at:
            facts.append(an_event(EventType.RINGING, call, attempt=number))
        if attempt.answered_at:
            facts += [an_event(kind, call, attempt=number) for kind in (EventType.ANSWERED, EventType.SAID)]
        facts.append(an_event(EventType.ATTEMPT_ENDED, call, attempt=number, data=ended))
    if any(attempt.recording_path for attempt in call.attempts):
        facts.append(an_event(EventType.RECORDING_READY, call, data={"duration_ms": 19300}))
    found = (EventType.PLATFORM_ANALYSED, EventType.CLIENT_ANALYSED) if call.analysis else ()
    return [*facts, *(an_event(kind, call) for kind in (EventType.CALL_ENDED, *found, EventType.PROCESSED))]


def heard_of(call: CallRecord) -> list[tuple[str, int]]:
    """Event and attempt index of everything that is told of the call's whole story, in order."""
    subscriber, bodies = RinggSubscriptions(links()), []
    for fact in the_whole_story(call):
        if fact.type in subscriber.types:
            for endpoint in subscriber.endpoints(fact, call):
                bodies.append(json.loads(subscriber.translate(fact, call, endpoint.kind)))
    return [(body["event_type"], body["retry_count"]) for body in bodies]


class TestEachEvent:
    @pytest.mark.parametrize(
        ("number", "fact", "data"),
        [
            ("22", EventType.RINGING, {}),
            ("23", EventType.ATTEMPT_ENDED, TALKED),
            ("25", EventType.RECORDING_READY, {"duration_ms": 19300}),
            ("26", EventType.PLATFORM_ANALYSED, {}),
            ("27", EventType.CLIENT_ANALYSED, {}),
            ("28", EventType.PROCESSED, {}),
        ],
    )
    def test_is_told_as_documented_with_the_subscribers_headers(
        self, number: str, fact: EventType, data: dict[str, Any]
    ) -> None:
        call = hears(the_answered_call(analysis=ANALYSED), EVERYTHING)

        endpoint, body = told(an_event(fact, call, data=data), call)

        wanted = example("ringg", number)
        assert without(body, "recording_url") == without(wanted["payload"], "recording_url")
        assert ordered_keys(body) == ordered_keys(wanted["payload"])
        assert (endpoint.method, endpoint.url, endpoint.headers) == (wanted["method"], wanted["path"], TOKEN)

    def test_of_the_end_has_every_documented_key_in_order_also_without_an_analysis(self) -> None:
        call = hears(the_answered_call(), EVERYTHING)

        _, body = told(an_event(EventType.PROCESSED, call), call)

        wanted = example("ringg", "28")["payload"]
        assert list(body) == list(wanted)
        assert body["platform_analysis"]["status"] == "not_analyzed"
        assert body["client_analysis"] == {}
        assert (body["platform_analysis_status"], body["client_analysis_status"]) == ("failed", "failed")

    def test_of_another_attempt_to_come_says_when(self) -> None:
        call = hears(the_unanswered_call(), EVERYTHING)
        busy = {"outcome": "busy", "next_due_at": "2026-03-02T09:41:02.500000+00:00"}

        _, body = told(an_event(EventType.ATTEMPT_ENDED, call, data=busy), call)

        assert body == example("ringg", "24")["payload"]


class TestWhoHears:
    def test_nobody_without_subscriptions(self) -> None:
        call = the_answered_call()

        assert RinggSubscriptions(links()).endpoints(an_event(EventType.PROCESSED, call), call) == ()

    def test_nobody_of_an_event_that_was_not_asked_for(self) -> None:
        call = hears(the_answered_call(), replace(EVERYTHING, events=("call_started",)))

        assert RinggSubscriptions(links()).endpoints(an_event(EventType.PROCESSED, call), call) == ()

    def test_the_later_entry_of_two_for_one_event(self) -> None:
        first = replace(EVERYTHING, url="https://first.example.test/")
        later = Subscription("ringg", ("all_processing_completed",), "https://later.example.test/", method="PATCH")
        call = hears(the_answered_call(), first, later)

        end, _ = told(an_event(EventType.PROCESSED, call), call)
        start, _ = told(an_event(EventType.RINGING, call), call)

        assert (end.url, end.method, end.headers) == (later.url, "PATCH", {})
        assert start.url == first.url

    def test_not_those_who_subscribed_in_another_dialect(self) -> None:
        call = hears(the_answered_call(), Subscription("native", ("processed", "all_processing_completed"), HOOK))

        assert RinggSubscriptions(links()).endpoints(an_event(EventType.PROCESSED, call), call) == ()

    @pytest.mark.parametrize("dialect", ["ringly", "native"])
    def test_also_of_calls_that_came_through_another_api(self, dialect: str) -> None:
        call = hears(the_answered_call(dialect=dialect, callback=None), EVERYTHING)

        assert told(an_event(EventType.PROCESSED, call), call)[1]["call_id"] == call.id


ENDED: dict[str, Any] = {"state": AttemptState.ENDED}
BUSY_FOUR_TIMES = tuple(
    an_attempt(
        number,
        sid=f"CA{number:032d}",
        dialed_at=at("09:10:42") + timedelta(minutes=30 * number),
        ringing_at=at("09:10:44") + timedelta(minutes=30 * number),
        ended_at=at("09:11:02") + timedelta(minutes=30 * number),
        outcome=Outcome.NO_ANSWER,
        **ENDED,
    )
    for number in (1, 2, 3, 4)
)
STORIES = {
    "talked": the_answered_call(analysis=ANALYSED),
    "busy_four_times": the_unanswered_call(
        state=CallState.FAILED, outcome=Outcome.NO_ANSWER, attempts=BUSY_FOUR_TIMES, ended_at=at("11:12:00")
    ),
    "invalid_number": a_call(
        state=CallState.FAILED,
        outcome=Outcome.INVALID_NUMBER,
        attempts=(an_attempt(ended_at=at("09:11:00"), outcome=Outcome.INVALID_NUMBER, **ENDED),),
        ended_at=at("09:11:00"),
    ),
    "cancelled_while_waiting": a_call(state=CallState.CANCELLED, outcome=Outcome.CANCELLED, ended_at=at("12:00:00")),
    "policy_blocked": a_call(state=CallState.CANCELLED, outcome=Outcome.POLICY_BLOCKED, ended_at=at("12:00:00")),
    "worker_lost_before_the_dial": a_call(
        state=CallState.ERROR,
        outcome=Outcome.WORKER_LOST,
        attempts=(an_attempt(dialed_at=None, ended_at=at("09:11:00"), outcome=Outcome.WORKER_LOST, **ENDED),),
        ended_at=at("09:11:00"),
    ),
}


class TestAWholeCall:
    @pytest.mark.parametrize("name", STORIES)
    def test_ends_with_exactly_one_final_event(self, name: str) -> None:
        heard = [event for event, _ in heard_of(hears(STORIES[name], EVERYTHING))]

        assert heard.count("all_processing_completed") == 1
        assert heard[-1] == "all_processing_completed"

    @pytest.mark.parametrize(
        ("name", "before"),
        [
            ("talked", [(event, 0) for event in EVENTS[:-1]]),
            (
                "busy_four_times",
                [(event, index) for index in range(4) for event in ("call_started", "call_completed")],
            ),
            ("invalid_number", [("call_completed", 0)]),
            ("cancelled_while_waiting", []),
            ("policy_blocked", []),
            ("worker_lost_before_the_dial", []),
        ],
    )
    def test_is_told_attempt_by_attempt(self, name: str, before: list[tuple[str, int]]) -> None:
        assert heard_of(hears(STORIES[name], EVERYTHING))[:-1] == before

    def test_that_rings_and_is_answered_in_one_instant_has_started_once(self) -> None:
        (attempt,) = the_answered_call().attempts
        at_once = replace(attempt, ringing_at=attempt.answered_at)

        heard = heard_of(hears(the_answered_call(attempts=(at_once,)), EVERYTHING))

        assert heard.count(("call_started", 0)) == 1

    def test_l22_keeps_its_id_over_all_attempts(self) -> None:
        call = hears(STORIES["busy_four_times"], EVERYTHING)
        subscriber = RinggSubscriptions(links())
        facts = [fact for fact in the_whole_story(call) if fact.type in TYPES and subscriber.endpoints(fact, call)]

        bodies = [json.loads(subscriber.translate(fact, call, "subscription")) for fact in facts]

        assert {body["call_id"] for body in bodies} == {call.id}
        assert len({body["call_sid"] for body in bodies}) == 4


class TestWhatStrictReceiversRelyOn:
    @pytest.mark.parametrize("name", STORIES)
    def test_l9_l10_l11_of_the_final_event(self, name: str) -> None:
        call = hears(STORIES[name], EVERYTHING)

        _, body = told(an_event(EventType.PROCESSED, call), call)

        assert isinstance(body["transcript"], list)
        assert body["analysis_data"] == body["platform_analysis"]
        assert None not in (body["platform_analysis"], body["client_analysis"], body["analysis_data"])
        assert body["call_sid"]
        assert body["called_on"].endswith("Z")
        numbers = [body[key] for key in ("call_duration", "overall_latency_seconds", "first_utterance_seconds")]
        assert all(isinstance(number, float) and number >= 0 for number in numbers)

    @pytest.mark.parametrize("name", STORIES)
    def test_l23_no_name_has_another_meaning(self, name: str) -> None:
        call = hears(STORIES[name], EVERYTHING)
        subscriber = RinggSubscriptions(links())

        for fact in the_whole_story(call):
            if fact.type in TYPES and subscriber.endpoints(fact, call):
                assert FORBIDDEN_NAMES.isdisjoint(json.loads(subscriber.translate(fact, call, "subscription")))

    def test_the_common_keys_come_first_and_in_the_documented_order(self) -> None:
        common = list(example("ringg", "22")["payload"])[:17]
        call = hears(the_unanswered_call(retry=RetryPolicy(count=3)), EVERYTHING)
        facts = [
            an_event(EventType.RINGING, call),
            an_event(EventType.ATTEMPT_ENDED, call, data={"outcome": "busy", "next_due_at": None}),
            an_event(EventType.RECORDING_READY, call),
            an_event(EventType.PLATFORM_ANALYSED, call),
            an_event(EventType.CLIENT_ANALYSED, call),
            an_event(EventType.PROCESSED, call),
        ]

        for fact in facts:
            assert list(told(fact, call)[1])[:17] == common


class TestThroughTheDoor:
    """From the PATCH that subscribes to the receiver, without a call's own callback."""

    @pytest.mark.parametrize(
        "entry",
        [
            {"event_type": "all_processing_completed"},
            {"event_type": ["all_processing_completed"], "headers": TOKEN, "method_type": "PUT"},
        ],
    )
    async def test_l6_a_subscriber_hears_of_a_call_that_is_terminated(
        self, doors: Doors, entry: dict[str, Any]
    ) -> None:
        async with a_receiver() as receiver:
            subscribed = await edit(
                doors, "edit_event_subscriptions", event_subscriptions=[{**entry, "callback_url": receiver.url("/r")}]
            )
            call_id = (await doors.ringg(a_ringg_body())).json()["data"]["call_id"]
            ended = await doors.http.patch(
                f"{RINGG}/campaign/terminate", json={"call_ids": [call_id]}, headers={"X-API-KEY": RINGG_KEY}
            )
            await webhooks_of(doors).work()

        assert subscribed.json() == {"message": "Agent updated successfully!", "agent_id": AGENT}
        assert ended.status_code == 200
        [request] = receiver.requests
        assert request.method == entry.get("method_type", "POST")
        assert request.values("authorization") == list(entry.get("headers", {}).values())
        assert (request.json["call_id"], request.json["status"]) == (call_id, "cancelled")
        assert list(request.json) == list(example("ringg", "30")["payload"])

    async def test_an_empty_list_ends_it(self, doors: Doors) -> None:
        async with a_receiver() as receiver:
            hook = {"event_type": list(EVENTS), "callback_url": receiver.url()}
            await edit(doors, "edit_event_subscriptions", event_subscriptions=[hook])
            await edit(doors, "edit_event_subscriptions", event_subscriptions=[])
            call_id = (await doors.ringg(a_ringg_body())).json()["data"]["call_id"]
            await cancel_call(doors.database, WORKSPACE, call_id, now=doors.parts.now)
            await webhooks_of(doors).work()

        assert receiver.requests == []


def webhooks_of(doors: Doors) -> Office:
    subscriptions = RinggSubscriptions(doors.parts.links)
    return Office(
        doors.database,
        SettableClock(doors.parts.now()),
        WORKSPACE,
        AGENT,
        subscribers=[subscriptions],
        translate=subscriptions.translate,
    )
