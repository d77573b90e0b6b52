"""The vendor's JSON, field for field, in its order. Keys that may be missing are left unset, never null."""

from __future__ import annotations

from typing import Any, Final, Literal

from pydantic import BaseModel, Field

from outdial.domain.limits import MAX_RINGLY_VALUE_LETTERS, MAX_RINGLY_VARIABLES

_E164: Final = r"^\+[1-9][0-9]{6,14}$"


class OutboundCall(BaseModel):
    """A call request, for the document only: ``validation`` judges what comes."""

    from_number: str = Field(pattern=_E164, description="E.164, owned by the workspace", examples=["+12025550100"])
    to_number: str = Field(pattern=_E164, description="E.164", examples=["+12025550143"])
    agent_tag: str = Field(
        pattern=r"^\S{1,128}$", description="Tag of an agent of the workspace", examples=["agent_0f3a9c5d7e1b2468ace02"]
    )
    dynamic_variables: dict[str, Any] | None = Field(
        default=None,
        max_length=MAX_RINGLY_VARIABLES,
        description=f"Each at most {MAX_RINGLY_VALUE_LETTERS} letters",
        examples=[{"customer_name": "Jack"}],
    )


class FirstOutboundCall(OutboundCall):
    """The deprecated form, which carries the customer's name beside the variables."""

    customer_name: str | None = Field(default=None, max_length=MAX_RINGLY_VALUE_LETTERS)


class OutboundCallAccepted(BaseModel):
    from_number: str
    to_number: str
    agent_tag: str
    call_status: Literal["registered"]
    dynamic_variables: dict[str, str]
    call_id: str
    request_id: str
    created_at: str
    warnings: list[str] = Field(default=[], description="Only when there are any")


class FirstOutboundCallAccepted(OutboundCallAccepted):
    customer_name: str = Field(default="", description="Only when it was sent")


class ErrorBody(BaseModel):
    error_message: str
    details: list[str]
    request_id: str
