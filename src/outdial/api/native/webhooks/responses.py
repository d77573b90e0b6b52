"""What this API answers about what others were told. Moments are RFC 3339 in UTC."""

from __future__ import annotations

from pydantic import BaseModel, Field

from outdial.api.native.calls.responses import EventRow


class Try(BaseModel):
    """One request: a status came back, or it is said what went wrong instead."""

    at: str
    ms: int = Field(description="How long it took")
    status: int | None
    error: str


class DeliveryRow(BaseModel):
    """One event to one endpoint."""

    id: str
    call_id: str = Field(description="The call it is about; of kind campaign, the campaign")
    event_seq: int = Field(description="The number of the fact it is about, as in /v1/events; 0: of none")
    event_type: str | None = Field(description="The kind of that fact")
    dialect: str = Field(description="In whose words it is told")
    kind: str = Field(description="callback: the call's own; subscription: the agent's; campaign: a campaign's end")
    method: str
    url: str
    state: str = Field(description="waiting, delivered, given_up")
    due_at: str | None = Field(description="While it waits: when it is tried next")
    tries: int = Field(description="Since it was last asked for")
    created_at: str
    ended_at: str | None
    log: list[Try] = Field(description="Every try there ever was, oldest first")


class Delivery(DeliveryRow):
    headers: dict[str, str] = Field(description="Those of the customer; their values are never shown")
    body: str | None = Field(description="What is sent at every try; null before the first")


class DeliveryPage(BaseModel):
    deliveries: list[DeliveryRow]
    next: str | None = Field(description="after of the next page; null: this is the last")


class Fact(EventRow):
    call_id: str


class FactPage(BaseModel):
    events: list[Fact]
    next: int = Field(description="after of the next page, also when this one is empty")
