"""Five reports over a workspace's calls. Nothing in them is cached: they are counted when they are asked for."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from starlette.requests import Request

from outdial.api.ringg import listing
from outdial.api.ringg.calls import requests
from outdial.api.ringg.door import RinggDoor
from outdial.api.ringg.reports import render, responses
from outdial.domain.errors import Fault, Invalid
from outdial.store.calls import analytics
from outdial.store.calls.reading import Filters

_Asked = Annotated[requests.AnalyticsQuery, Query()]


def install(door: RinggDoor) -> None:
    routes = _Routes(door)
    door.route("GET /analytics/platform-analytics", routes.platform, responses.PlatformAnalytics, 400)
    door.route("GET /analytics/drill-down-analytics", routes.drill_down, responses.DrillDownAnalytics, 400)
    door.route("GET /analytics/number-analytics", routes.numbers, responses.NumberAnalytics, 400)
    door.route("GET /analytics/duration-distribution", routes.durations, responses.DurationDistribution, 400)
    door.route(
        "GET /analytics/classification-analytics", routes.classifications, responses.ClassificationAnalytics, 400
    )


class _Routes:
    def __init__(self, door: RinggDoor) -> None:
        self._door = door

    async def platform(self, request: Request, query: _Asked) -> responses.PlatformAnalytics:
        """How many calls there were, how they went, and what they cost."""
        found, versions = await self._counted(request, query)
        return responses.PlatformAnalytics(
            metrics_summary=render.summary(found),
            performance_metrics=render.performance(found, versions),
            cached=False,
        )

    async def drill_down(self, request: Request, query: _Asked) -> responses.DrillDownAnalytics:
        """How the calls of one list went."""
        found, versions = await self._counted(request, query, list_required=True)
        return responses.DrillDownAnalytics(performance_metrics=render.performance(found, versions), cached=False)

    async def numbers(self, request: Request, query: _Asked) -> responses.NumberAnalytics:
        """How often calls from each caller number were answered, the busiest number first."""
        workspace_id, filters = await self._meant(request, query)
        used = await self._door.parts.database.read(analytics.numbers_used, workspace_id, filters) if filters else []
        return responses.NumberAnalytics(number_analytics=[render.number(use) for use in used])

    async def durations(self, request: Request, query: _Asked) -> responses.DurationDistribution:
        """How long answered calls were."""
        workspace_id, filters = await self._meant(request, query)
        nothing = [0] * (len(analytics.BUCKETS_S) + 1)
        found = (
            await self._door.parts.database.read(analytics.talk_lengths, workspace_id, filters) if filters else nothing
        )
        return responses.DurationDistribution(duration_distribution=render.distribution(found))

    async def classifications(self, request: Request, query: _Asked) -> responses.ClassificationAnalytics:
        """Calls by what their talks were classified as, the most frequent first."""
        workspace_id, filters = await self._meant(request, query)
        found = await self._door.parts.database.read(analytics.classified, workspace_id, filters) if filters else {}
        return responses.ClassificationAnalytics(classification_analytics=dict(found))

    async def _counted(
        self, request: Request, query: requests.AnalyticsQuery, *, list_required: bool = False
    ) -> tuple[list[analytics.Group], list[analytics.VersionUse]]:
        workspace_id, filters = await self._meant(request, query)
        if list_required and not (query.bulk_list_id or "").strip():
            raise Invalid(Fault(("bulk_list_id",), "bulk_list_id is required", "missing"))
        if filters is None:
            return [], []
        parts = self._door.parts
        groups = await parts.database.read(analytics.groups, workspace_id, filters, now=parts.now)
        return groups, await parts.database.read(analytics.versions_used, workspace_id, filters)

    async def _meant(self, request: Request, query: requests.AnalyticsQuery) -> tuple[str, Filters | None]:
        """The workspace, and which of its calls; None: nothing can match."""
        return await self._door.admit(request), listing.report_filters(query)
