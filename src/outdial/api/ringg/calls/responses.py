"""The vendor's JSON, field for field, in its order. Keys that may be missing are left unset, never null."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

Turn = dict[str, str]
"""``{"bot" | "user": text, "message_id": …, "timestamp": …}``, the speaker's key first."""


class CallAccepted(BaseModel):
    """Current and legacy keys together: some clients read only one generation."""

    call_id: str
    call_direction: Literal["outbound"]
    call_status: Literal["registered"]
    initiated_at: str
    agent_id: str
    custom_args_values: dict[str, Any]
    legacy_call_id: str = Field(serialization_alias="Unique Call ID")
    legacy_direction: Literal["outbound"] = Field(serialization_alias="Call Direction")
    legacy_status: Literal["registered"] = Field(serialization_alias="Call Status")
    legacy_from_number: str = Field(serialization_alias="From Number")
    legacy_to_number: str = Field(serialization_alias="To Number")
    legacy_initiated_at: str = Field(serialization_alias="Initiated at")
    legacy_agent_id: str = Field(serialization_alias="Agent ID")
    message: str


class CallResponse(BaseModel):
    status: Literal["success"]
    message: str
    legacy_message: str = Field(serialization_alias="Call Status")
    data: CallAccepted
    warnings: list[str] = Field(default=[], description="Only when there are any")


class Attempt(BaseModel):
    attempt_number: int
    started_at: str
    ended_at: str | None
    from_number: str
    end_reason: str | None
    call_sid: str


class CallDetails(BaseModel):
    id: str
    call_id: str
    call_direction: Literal["outbound"]
    call_status: str
    call_sub_status: str
    from_number: str
    to_number: str
    callee_name: str
    agent_id: str
    version_id: str
    initiation_time: str
    recording_url: str | None
    transcription_url: str = Field(description="JSON text of the turns, whatever its name")
    transcript: list[Turn]
    custom_args_values: dict[str, Any]
    call_duration: float
    call_cost: float
    retry_count: int
    next_attempt_time: str | None
    voicemail_detected: bool
    end_reason: str | None
    call_category: str | None
    parent_call_id: str | None
    bulk_list_id: str | None
    warnings: list[str]
    attempts: list[Attempt]
    blocked_by: list[str] = Field(default=[], description="Only while the call waits")
    next_eligible_at: str | None = Field(default=None, description="Only while the call waits")
    platform_analysis: dict[str, Any] = Field(default={}, description="Only with send_analysis")
    client_analysis: dict[str, Any] = Field(default={}, description="Only with send_analysis")


class CallDetailsResponse(BaseModel):
    status: Literal["success"]
    data: CallDetails


class HistoryVersion(BaseModel):
    version_id: str
    version_slug: str


class HistoryAgent(BaseModel):
    id: str
    agent_name: str
    agent_version_id: str
    orchestration_mode: Literal["single_node"]
    version: HistoryVersion


class HistoryRow(BaseModel):
    id: str
    name: str
    to_number: str
    status: str
    sub_status: str
    transcript: str = Field(description="JSON text of the turns")
    audio_recording: str | None
    created_at: str
    call_attempt_time: str | None
    call_duration: float
    call_cost: float
    credits_processed: bool
    call_type: Literal["outbound"]
    inbound_from: str | None
    from_numbers: list[str]
    voicemail_detected: bool
    agent: HistoryAgent


class HistoryResponse(BaseModel):
    calls: list[HistoryRow]
    limit: int
    offset: int
    count: int
    total: int


class AgentRow(BaseModel):
    id: str
    agent_display_name: str
    agent_type: str
    orchestration_mode: Literal["single_node"]
    template_name: str
    template_label: str
    template_icon: str
    template_source: str
    template_type: str
    secondary_language: str | None
    secondary_voice_id: str | None
    tools: list[dict[str, Any]]
    call_count: int
    custom_variables: dict[str, str]
    is_archived: bool
    created_at: str
    updated_at: str


class AgentList(BaseModel):
    agents: list[AgentRow]


class AgentListResponse(BaseModel):
    status: Literal["success"]
    data: AgentList


class TerminationResponse(BaseModel):
    message: str
    terminated_count: int


class WebCallResponse(BaseModel):
    call_id: str
    user_token: str = Field(description="Opens a media room")
    enabled_slash_commands: list[str]
    server_url: str


class FeedbackResponse(BaseModel):
    message: str
