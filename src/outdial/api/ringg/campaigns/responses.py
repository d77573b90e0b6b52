"""Answers about campaigns, field for field, in the vendor's order."""

from __future__ import annotations

from pydantic import BaseModel, Field


class ListImported(BaseModel):
    message: str
    list_id: str
    custom_args_values: list[dict[str, str]] = Field(description="The first 100 rows that can be rung")
    total_rows: int
    successful_rows: int
    failed_rows: int


class CampaignStarted(BaseModel):
    status: str
    has_ongoing_calls: bool = Field(description="Whether another campaign of the workspace runs")


class CampaignRow(BaseModel):
    id: str
    name: str
    campaign_status: str = Field(description="draft, scheduled, ongoing, completed, failed or terminated")
    created_at: str
    updated_at: str
    campaign_start_time: str
    campaign_end_time: str
    completed_count: int = Field(default=0, description="Calls that are over; only with call_count")
    registered_count: int = Field(default=0, description="Calls that are not; only with call_count")
    total_count: int = Field(default=0, description="Rows that can be rung; only with call_count")


class Pagination(BaseModel):
    total: int
    limit: int
    offset: int


class CampaignsResponse(BaseModel):
    campaigns: list[CampaignRow]
    pagination: Pagination


class ListUploaded(BaseModel):
    message: str
    bulk_list_id: str
    list_id: str
    status: str
    campaign_name: str
    total_rows: int


class UploadStatus(BaseModel):
    campaign_id: str
    bulk_list_id: str
    status: str = Field(description="uploaded, processing, completed or failed")
    campaign_name: str
    total_rows: int
    failed_rows: int
    invalid_rows_url: str | None = Field(description="CSV of the rows that cannot be rung, and why; for 24 hours")
    message: str = Field(default="", description="Why it failed; only then")


class BalanceChecked(BaseModel):
    bulk_list_id: str
    status: str
    message: str
    required_credits: float
    available_credits: float
    sufficient_balance: bool


class LargeStarted(BaseModel):
    message: str
    bulk_list_id: str
    status: str


class ListDeleted(BaseModel):
    message: str
