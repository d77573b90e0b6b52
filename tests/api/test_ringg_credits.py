"""Credits and costs in Ringg's JSON: what the workspace has, and what its calls came to."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from api_examples import example
from api_records import WORKSPACE, an_attempt, an_event, at, links, the_answered_attempt, the_answered_call
from outdial.api.ringg.calls import render as call_render
from outdial.api.ringg.webhooks.payloads import event_payload
from outdial.api.ringg.workspace import render as workspace_render
from outdial.domain.call import AttemptState, CallState
from outdial.domain.events import EventType
from outdial.domain.outcome import Outcome
from outdial.domain.record import CallRecord
from outdial.domain.rules import MICROS, Price
from outdial.store.inventory import WorkspaceRow
from outdial.store.policy.credits import Funds

ONE_A_MINUTE = Price(MICROS)
TALKED = {"outcome": "completed", "ended_by": "callee", "next_due_at": None}


def a_workspace(funds: Funds, price: Price | None = ONE_A_MINUTE) -> dict[str, Any]:
    row = WorkspaceRow(WORKSPACE, "Example Dental", {}, at("09:00:00"), funds, price)
    shown = workspace_render.workspace(row).model_dump()
    return {name: shown[name] for name in ("credits", "locked_credits", "total_available_credits")}


def a_call_dialled_twice() -> CallRecord:
    """Its first dial cost a tenth of a credit, its second two tenths."""
    first = an_attempt(state=AttemptState.ENDED, ended_at=at("09:11:00"), outcome=Outcome.TRUNK_FAILED, cost=0.1)
    return the_answered_call(attempts=(first, the_answered_attempt(number=2, cost=0.2)))


class TestAWorkspace:
    def test_shows_its_credits_as_in_the_example(self) -> None:
        wanted = example("ringg", "60")["response"]["body"]["workspace_info"]

        shown = a_workspace(Funds(balance_micros=3025 * MICROS, held_micros=25 * MICROS))

        assert shown == {name: wanted[name] for name in shown}

    def test_that_counts_no_credits_has_enough_for_any_check(self) -> None:
        assert a_workspace(Funds(), price=None) == {
            "credits": 999_999_999.0,
            "locked_credits": 0.0,
            "total_available_credits": "999999999.00",
        }

    def test_is_never_told_of_more_than_it_can_spend(self) -> None:
        shown = a_workspace(Funds(balance_micros=1_999_999, held_micros=1_000_000))

        assert shown == {"credits": 1.999999, "locked_credits": 1.0, "total_available_credits": "0.99"}


class TestACall:
    def test_costs_what_its_attempts_cost_together(self) -> None:
        call = a_call_dialled_twice()

        assert call_render.call_details(call, links(), analysis=False).call_cost == 0.3
        assert call_render.history_row(call, links()).call_cost == 0.3

    def test_has_its_final_cost_once_it_is_over(self) -> None:
        over, again = a_call_dialled_twice(), replace(a_call_dialled_twice(), state=CallState.RETRY)

        assert call_render.history_row(over, links()).credits_processed
        assert not call_render.history_row(again, links()).credits_processed

    def test_tells_with_each_event_what_the_attempt_cost_and_at_the_end_the_total(self) -> None:
        call = a_call_dialled_twice()
        events = [
            an_event(EventType.RINGING, call, attempt=2),
            an_event(EventType.ATTEMPT_ENDED, call, attempt=2, data=TALKED),
            an_event(EventType.RECORDING_READY, call, attempt=2, data={"duration_ms": 1500}),
            an_event(EventType.PROCESSED, call),
        ]

        bodies = [event_payload(event, call, links()) for event in events]

        assert [body and body["call_cost"] for body in bodies] == [0.0, 0.2, 0.2, 0.3]
