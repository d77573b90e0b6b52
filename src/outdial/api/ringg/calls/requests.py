"""What clients may send, as the document shows it. ``validation`` and ``listing`` judge what really comes."""

from __future__ import annotations

from typing import Any, Final, Literal
from uuid import UUID

from pydantic import BaseModel, Field, HttpUrl

from outdial.domain.limits import (
    MAX_CALLER_NUMBERS,
    MAX_HEADER_LETTERS,
    MAX_HEADERS,
    MAX_HEADERS_BYTES,
    MAX_NAME_LETTERS,
    MAX_PARAM_LETTERS,
    MAX_PARAMS,
    MAX_URL_LETTERS,
    MAX_VARIABLE_LETTERS,
    MAX_VARIABLES,
    MAX_VARIABLES_BYTES,
)

_E164: Final = r"^\+[1-9][0-9]{6,14}$"
_HHMM: Final = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"
VARIABLES: Final = f"Each at most {MAX_VARIABLE_LETTERS} letters, in all {MAX_VARIABLES_BYTES} bytes"
HEADERS: Final = f"Each at most {MAX_HEADER_LETTERS} letters, in all {MAX_HEADERS_BYTES} bytes"
_ROTATED: Final = f"at most {MAX_CALLER_NUMBERS}"


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
    headers: dict[str, Any] | None = Field(default=None, max_length=MAX_HEADERS, description=HEADERS)
    params: dict[str, Any] | None = Field(
        default=None, max_length=MAX_PARAMS, description=f"Each at most {MAX_PARAM_LETTERS} letters"
    )


class IndividualCall(BaseModel):
    """A call request, for the document only: ``validation`` judges what comes, with this API's own words."""

    name: str = Field(min_length=1, max_length=MAX_NAME_LETTERS, examples=["Sam Sample"])
    mobile_number: str = Field(description="E.164", pattern=_E164, examples=["+12025550143"])
    agent_id: UUID = Field(examples=["c1a7e2d4-3b58-4f0e-8a6d-90e5b7c2f314"])
    from_number_id: str | list[str] | None = Field(
        default=None, description=f"One of the three caller-number fields; {_ROTATED}"
    )
    from_number: str | list[str] | None = Field(
        default=None, description=f"E.164, or several, {_ROTATED}: a rotation pool"
    )
    number_pool_id: UUID | None = None
    custom_args_values: dict[str, Any] | None = Field(default=None, max_length=MAX_VARIABLES, description=VARIABLES)
    smart_formatter: SmartFormatter | None = None
    call_config: CallConfig | None = None
    callback_url: HttpUrl | None = Field(default=None, description=f"At most {MAX_URL_LETTERS} letters")
    callback_args: CallbackArgs | None = None
    version_id: UUID | None = None
    voice_id: UUID | None = None
    call_category: str | None = Field(default=None, min_length=1, max_length=128)
    parent_call_id: UUID | None = None


class Termination(BaseModel):
    """Which waiting calls to end, for the document only: ``termination`` judges what comes."""

    agent_id: UUID | None = Field(default=None, description="Alone: all of the agent's")
    call_ids: list[str] | None = Field(
        default=None, max_length=100, description="Alone: these; unknown ones are ignored"
    )
    campaign_id: UUID | None = Field(default=None, description="Alone or with mobile_numbers: of this list")
    mobile_numbers: list[str] | None = Field(
        default=None, max_length=100, description="E.164; alone: calls outside lists", examples=[["+12025550143"]]
    )


class TerminationQuery(BaseModel):
    terminate_all_calls: str | None = Field(
        default=None, description="true, false, 1 or 0; with mobile_numbers alone: in all lists too"
    )


class Paging(BaseModel):
    """Query of a list. Everything is text here: ``listing`` reads it with this API's forgiveness."""

    limit: str | None = Field(default=None, description="At most 100")
    offset: str | None = None


class Restricted(BaseModel):
    """Which calls are meant."""

    start_date: str | None = Field(default=None, description="ISO 8601, inclusive; without zone: UTC")
    end_date: str | None = Field(default=None, description="ISO 8601, inclusive; a date alone: the whole day")
    bulk_list_id: str | None = None


class HistoryQuery(Paging, Restricted):
    agent_id: str | None = None
    status: str | None = Field(default=None, description="A call_status")
    download: str | None = Field(default=None, description="true: a CSV file, as of /calling/history/download")


class DownloadQuery(Paging, Restricted):
    limit: str | None = Field(default=None, description="At most 10000")
    agent_id: list[str] | None = None
    agent_ids: list[str] | None = Field(default=None, alias="agent_id[]", description="Repeatable")
    status: str | None = Field(default=None, description="A call_status")
    include_analysis: str | None = Field(default=None, description="true, false, 1 or 0")
    call_type: str | None = Field(default=None, description="outbound, inbound or webcall")
    voicemail: str | None = Field(default=None, description="true: taken by a voicemail; false: the others")
    from_number: str | None = Field(default=None, description="E.164; calls dialled from it at least once")
    to_number: str | None = Field(default=None, description="E.164")
    call_id: str | None = None


class AnalyticsQuery(Restricted):
    agent_id: str | None = None
    voicemail: str | None = Field(default=None, description="true: taken by a voicemail; false: the others")


class AnalysisQuery(BaseModel):
    send_analysis: str | None = Field(default=None, description="true, false, 1 or 0")


class DetailsQuery(AnalysisQuery):
    id: str | None = Field(default=None, description="The call; wins over its alias call_id")
    call_id: str | None = None


class WebCall(BaseModel):
    """For the document only: ``webcall`` judges what comes."""

    agent_id: UUID = Field(examples=["c1a7e2d4-3b58-4f0e-8a6d-90e5b7c2f314"])
    custom_args_values: dict[str, Any] | None = Field(default=None, max_length=MAX_VARIABLES, description=VARIABLES)
    media_type: Literal["audio", "text"] | None = None


class Feedback(BaseModel):
    """For the document only: ``webcall`` judges what comes."""

    rating: float | None = Field(default=None, ge=-1_000_000, le=1_000_000, examples=[5])
    comment: str | None = Field(default=None, max_length=2000)
