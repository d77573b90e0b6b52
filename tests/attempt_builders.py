"""Orders and results with only the facts that matter named."""

from __future__ import annotations

from datetime import UTC, datetime

from outdial.domain.agent import Brief, TalkLimits, Voice
from outdial.domain.attempt import Dial, Order, Result, Speaker, TalkSummary, Trunk, Turn
from outdial.domain.outcome import EndedBy, Outcome

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def an_order(call_id: str = "call-1", attempt: int = 1, **variables: str) -> Order:
    return Order(
        dial=Dial(call_id, attempt, "+15550001111", "+15550002222", Trunk("t1", "main", "127.0.0.1")),
        brief=Brief(
            agent_name="Asha",
            language="en-US",
            voice=Voice("v1", "Asha", "scripted", ("en-US",)),
            greeting="Hello.",
            instructions="",
            flow=None,
            model="",
            idle_question="Are you still there?",
            farewell="",
            limits=TalkLimits(),
            variables=variables,
        ),
        recording_path="",
    )


def a_talk(*, ended_by: EndedBy = EndedBy.CALLEE, recording_ms: int = 0) -> TalkSummary:
    turns = (Turn(Speaker.AGENT, "Hello.", 0, 800), Turn(Speaker.CALLEE, "Hi.", 900, 1300))
    return TalkSummary(1500, turns, ended_by, first_word_ms=120, captured={"kept": "yes"}, recording_ms=recording_ms)


def a_result(outcome: Outcome = Outcome.COMPLETED, at: datetime = NOON, talk: TalkSummary | None = None) -> Result:
    """A talk comes along by itself when somebody answered."""
    if talk is None and outcome is Outcome.COMPLETED:
        talk = a_talk()
    return Result(at=at, outcome=outcome, talk=talk)
