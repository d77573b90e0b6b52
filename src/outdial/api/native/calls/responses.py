"""What this API answers: every member always there, null where there is nothing. Moments are RFC 3339 in UTC."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field


class Accepted(BaseModel):
    """A call that is on disk; nothing has been dialled yet."""

    id: str
    state: Literal["registered"]
    agent_id: str
    agent_tag: str
    to_number: str
    variables: dict[str, Any]
    created_at: str
    due_at: str = Field(description="When its own schedule and window let it ring first")
    warnings: list[str]


class Window(BaseModel):
    start: str
    end: str
    timezone: str


class Retry(BaseModel):
    count: int
    busy_min: float
    not_picked_min: float
    failed_min: float


class Turn(BaseModel):
    speaker: str
    text: str
    began_ms: int
    ended_ms: int
    interrupted: bool


class Attempt(BaseModel):
    """One dial; times are null when it did not come to that."""

    number: int
    state: str
    from_number: str
    claimed_at: str
    dialed_at: str | None
    ringing_at: str | None
    answered_at: str | None
    ended_at: str | None
    outcome: str | None
    ended_by: str | None
    sip_code: int | None
    reason: str
    talk_ms: int
    cost: float = Field(description="Credits")
    captured: dict[str, str]
    transcript: list[Turn]
    recording_url: str | None = Field(description="Signed, for 24 hours")


class PlatformAnalysis(BaseModel):
    """What every talk is asked."""

    summary: str
    key_points: list[str]
    action_items: list[str]
    classification: str = Field(description="One of the agent's labels where it has any; may be empty")
    callback_requested: bool
    callback_requested_time: str = Field(description="ISO 8601 with an offset; empty: none was named")
    sentiment: str = Field(description="The callee's: positive, neutral, negative; empty: unknown")


class Analysis(BaseModel):
    platform: PlatformAnalysis | None = Field(description="null: it failed, trouble says why")
    client: dict[str, Any] | None = Field(
        description="What the agent's analysis asks for, by key; null: it failed, or nothing was asked"
    )
    made_by: str = Field(description="rules, or model: and its name")
    trouble: str = Field(description="What failed; empty: nothing did")


class Call(BaseModel):
    id: str
    state: str = Field(
        description="registered, active, retry; at the end completed, forwarded, failed, cancelled, error"
    )
    outcome: str | None
    ended_by: str | None
    reason: str = Field(description="Why it ended without a dial, or what the last attempt says")
    dialect: str = Field(description="The API it came through")
    agent_id: str
    agent_tag: str
    version_id: str
    to_number: str
    callee_name: str
    from_numbers: list[str]
    variables: dict[str, Any]
    metadata: dict[str, Any]
    call_category: str | None
    bulk_list_id: str | None = Field(description="The list it was made for")
    window: Window | None
    retry: Retry
    warnings: list[str]
    created_at: str
    due_at: str
    ended_at: str | None
    blocked_by: list[str] = Field(description="While it waits: every cause that moves the next dial later")
    next_eligible_at: str | None = Field(description="While it waits; null: when something happens, not at some moment")
    cost: float = Field(description="Credits, of all attempts")
    attempts: list[Attempt]
    analysis: Analysis | None = Field(description="null: not made yet, or nobody answered")


class CallPage(BaseModel):
    calls: list[Call]
    next: str | None = Field(description="cursor of the next page; null: this is the last")


class EventRow(BaseModel):
    seq: int
    type: str
    at: str
    attempt: int
    data: dict[str, Any]


class EventList(BaseModel):
    events: list[EventRow]


class Suppression(BaseModel):
    number: str
    reason: str
    created_at: str


class SuppressionPage(BaseModel):
    suppressions: list[Suppression]
    next: str | None = Field(description="after of the next page; null: this is the last")


class PolicyAnswer(BaseModel):
    """Whether a call to this number would be dialled, as things are now."""

    allowed: bool = Field(description="false: such a call would be cancelled, reason says why")
    now: bool = Field(description="It would be dialled at once, given a free line")
    blocked_by: list[str]
    next_eligible_at: str | None
    reason: str
