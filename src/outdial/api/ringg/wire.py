"""The vendor's JSON, field for field, in its order. Keys that may be missing are left unset, never null."""

from __future__ import annotations

from typing import Any, Final, Literal
from uuid import UUID

from pydantic import BaseModel, Field, HttpUrl

_E164: Final = r"^\+[1-9][0-9]{6,14}$"
_HHMM: Final = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"

Turn = dict[str, str]
"""``{"bot" | "user": text, "message_id": …, "timestamp": …}``, the speaker's key first."""


class CallTime(BaseModel):
    call_start_time: str | None = Field(default=None, pattern=_HHMM, description="HH:MM, local", examples=["00:00"])
    call_end_time: str | None = Field(
        default=None, description="HH:MM, local; its whole minute is open", examples=["23:59"]
    )
    timezone: str | None = Field(default=None, description="IANA name", examples=["Asia/Kolkata"])
    scheduled_at: str | None = Field(default=None, description="Date and time; without offset: local", examples=[None])


class CallRetryConfig(BaseModel):
    retry_count: int | str | None = Field(
        default=None, description="Re-dials after the first attempt, 0 to 20", examples=[3]
    )
    retry_busy: float | str | None = Field(default=None, description="Minutes, 0 to 10080", examples=[30])
    retry_not_picked: float | str | None = Field(default=None, description="Minutes, 0 to 10080", examples=[30])
    retry_failed: float | str | None = Field(default=None, description="Minutes, 0 to 10080", examples=[30])


class CallConfig(BaseModel):
    idle_timeout_warning: float | str | None = Field(default=None, description="Seconds, 1 to 600", examples=[10])
    idle_timeout_end: float | str | None = Field(default=None, description="Seconds, 1 to 600", examples=[15])
    max_call_length: float | str | None = Field(default=None, description="Seconds, 10 to 14400", examples=[300])
    call_retry_config: CallRetryConfig | None = None
    call_time: CallTime | None = None


class SmartFormatter(BaseModel):
    extract_first_name: bool | None = None
    transliteration: bool | None = None
    transliteration_language: dict[str, str] | None = Field(default=None, examples=[{"source": "en", "target": "hi"}])


class CallbackArgs(BaseModel):
    headers: dict[str, Any] | None = None
    params: dict[str, Any] | None = None


class IndividualCall(BaseModel):
    """A call request, for the document only: ``validation`` judges what comes, with this API's own words."""

    name: str = Field(min_length=1, examples=["Sam Sample"])
    mobile_number: str = Field(description="E.164", pattern=_E164, examples=["+12025550143"])
    agent_id: UUID = Field(examples=["c1a7e2d4-3b58-4f0e-8a6d-90e5b7c2f314"])
    from_number_id: str | list[str] | None = Field(default=None, description="One of the three caller-number fields")
    from_number: str | list[str] | None = Field(default=None, description="E.164, or several: a rotation pool")
    number_pool_id: UUID | None = None
    custom_args_values: dict[str, Any] | None = None
    smart_formatter: SmartFormatter | None = None
    call_config: CallConfig | None = None
    callback_url: HttpUrl | None = None
    callback_args: CallbackArgs | None = None
    version_id: UUID | None = None
    voice_id: UUID | None = None
    call_category: str | None = Field(default=None, min_length=1, max_length=128)
    parent_call_id: UUID | None = None


class Paging(BaseModel):
    """Query of a list. Everything is text here: ``listing`` reads it with this API's forgiveness."""

    limit: str | None = Field(default=None, description="At most 100")
    offset: str | None = None


class HistoryQuery(Paging):
    start_date: str | None = Field(default=None, description="ISO 8601, inclusive; without zone: UTC")
    end_date: str | None = Field(default=None, description="ISO 8601, inclusive; a date alone: the whole day")
    agent_id: str | None = None
    status: str | None = Field(default=None, description="A call_status")
    bulk_list_id: str | None = None


class AnalysisQuery(BaseModel):
    send_analysis: str | None = Field(default=None, description="true, false, 1 or 0")


class DetailsQuery(AnalysisQuery):
    id: str | None = Field(default=None, description="The call; wins over its alias call_id")
    call_id: str | None = None


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


class NumberAgent(BaseModel):
    id: str
    agent_display_name: str


class NumberRow(BaseModel):
    id: str
    number: str
    created_at: str
    call_count: int
    agent: NumberAgent | None
    is_inbound_enabled: bool
    is_test_number: bool
    tags: list[str]
    is_spam: bool
    spam_message: str | None
    provider: str
    display_name: str
    owner: str
    is_custom_number: bool
    telephony_id: str | None
    number_pool_id: str | None


class NumbersResponse(BaseModel):
    workspace_numbers: list[NumberRow]


class WorkspaceInfo(BaseModel):
    id: str
    name: str
    created_at: str
    credits: float
    locked_credits: float
    total_available_credits: str = Field(description="Decimal text: credits minus locked credits")
    api_key: str = Field(description="Masked: keys are stored hashed")


class WorkspaceResponse(BaseModel):
    workspace_info: WorkspaceInfo
