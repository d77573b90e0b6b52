"""Web calls in the vendor's JSON, field for field."""

from __future__ import annotations

from pydantic import BaseModel, Field


class WebCallResponse(BaseModel):
    call_id: str
    user_token: str = Field(description="Opens a media room")
    enabled_slash_commands: list[str]
    server_url: str


class FeedbackResponse(BaseModel):
    message: str
