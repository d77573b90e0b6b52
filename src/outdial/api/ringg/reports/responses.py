"""The reports in the vendor's JSON: the outer keys are documented, the inner ones are ours."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field


class Summary(BaseModel):
    total_calls: int
    connected_calls: int = Field(description="Answered at least once, by a person or a machine")
    completed_calls: int = Field(description="Status completed or forwarded")
    failed_calls: int = Field(description="Status failed or error")
    total_duration_seconds: float
    average_duration_seconds: float = Field(description="Over connected calls")
    total_cost: float


class OfAgent(BaseModel):
    agent_id: str
    agent_name: str
    total_calls: int
    connected_calls: int


class OfVersion(BaseModel):
    agent_id: str
    version_id: str
    version_slug: str
    total_calls: int
    connected_calls: int


class Performance(BaseModel):
    by_status: dict[str, int]
    by_sub_status: dict[str, int]
    by_agent: list[OfAgent]
    by_version: list[OfVersion] = Field(
        default=[], description="Calls that were dialled; only when there are several versions of an agent among them"
    )


class PlatformAnalytics(BaseModel):
    metrics_summary: Summary
    performance_metrics: Performance
    cached: Literal[False]


class DrillDownAnalytics(BaseModel):
    performance_metrics: Performance
    cached: Literal[False]


class OfNumber(BaseModel):
    number: str
    total_calls: int
    connected_calls: int
    connect_rate: float = Field(description="0 to 1")


class NumberAnalytics(BaseModel):
    number_analytics: list[OfNumber]


class DurationDistribution(BaseModel):
    duration_distribution: dict[str, int] = Field(description="Connected calls by seconds of talk")


class ClassificationAnalytics(BaseModel):
    classification_analytics: dict[str, int]
