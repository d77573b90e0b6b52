"""What clients may send about campaigns, for the document only: ``campaign_fields`` judges what comes."""

from __future__ import annotations

from typing import Annotated, Final
from uuid import UUID

from pydantic import BaseModel, Field, HttpUrl, WithJsonSchema

from outdial.api.ringg.calls.requests import CallConfig, Paging
from outdial.domain.limits import MAX_CALLER_NUMBERS, MAX_MAILS, MAX_URL_LETTERS

_File = Annotated[bytes, WithJsonSchema({"type": "string", "format": "binary"})]
_TRUTH: Final = r"^(true|false|1|0)$"
_START: Final = "DD/MM/YYYY, HH:MM in call_config.call_time.timezone, or ISO 8601; at most 5 minutes ago"
_END: Final = "As campaign_start_time; after it, and not over"
_COUNTRY: Final = "+91, 91 or IN"


class ContactList(BaseModel):
    """A multipart form. Objects stand in it as JSON text."""

    file: _File = Field(description="CSV, XLSX, XLS or ODS with a header row, at most 50 MB")
    variables_map: str = Field(
        description="JSON text: variable name to column title, at most 200",
        examples=['{"mobile_number": "Mobile Number"}'],
    )
    agent_id: UUID
    call_config: str = Field(description="JSON text: as of a call", examples=['{"max_call_length": 300}'])
    country_code: str = Field(description=_COUNTRY, examples=["+91"])
    campaign_start_time: str = Field(description=_START, examples=["18/03/2026, 09:00"])
    campaign_end_time: str = Field(description=_END, examples=["18/03/2026, 21:05"])
    campaign_name: str = Field(min_length=1, max_length=255)
    remove_invalid_rows: str | None = Field(default=None, pattern=_TRUTH, description="Drop bad rows; false: keep them")
    transliterate_callee_name: str | None = Field(
        default=None, pattern=_TRUTH, description="As smart_formatter.transliteration, to the agent's language"
    )


class _Started(BaseModel):
    agent_id: UUID
    callback_url: HttpUrl | None = Field(
        default=None, description=f"Gets one POST when the campaign is over; at most {MAX_URL_LETTERS} letters"
    )
    email_completion_user_ids: list[UUID] | None = Field(
        default=None, max_length=MAX_MAILS, description="Accepted; no mail is sent"
    )


class CampaignStart(_Started):
    list_id: UUID
    from_numbers: str | list[str] | None = Field(
        default=None,
        description="Numbers (E.164), ids of numbers, or both: a rotation pool",
        max_length=MAX_CALLER_NUMBERS,
    )
    from_number_id: str | list[str] | None = Field(default=None, description="Instead of from_numbers")
    from_number: str | list[str] | None = Field(default=None, description="Instead of from_numbers")


class CampaignStartV2(_Started):
    list_id: UUID
    number_pool_id: UUID


class LargeStart(_Started):
    """Exactly one of ``number_pool_id`` and ``from_numbers``, the latter under any of its names."""

    bulk_list_id: UUID
    country_code: str = Field(description=_COUNTRY, examples=["+91"])
    campaign_start_time: str = Field(description=_START, examples=["18/03/2026, 09:00"])
    campaign_end_time: str = Field(description=_END, examples=["18/03/2026, 18:00"])
    call_config: CallConfig | None = Field(default=None, description="Instead of the one uploaded with the list")
    from_numbers: str | list[str] | None = Field(
        default=None, description="As of /campaign/start", max_length=MAX_CALLER_NUMBERS
    )
    number_pool_id: UUID | None = None
    concurrency_percentage: float | str | None = Field(
        default=None, description="0 to 100: share of the workspace's call slots; without it all", examples=[25]
    )


class CampaignsQuery(Paging):
    call_count: str | None = Field(default=None, description="false: without the three counts")
