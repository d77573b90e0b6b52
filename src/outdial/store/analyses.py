"""What finished talks told: written once for each call, and read by whoever shows calls."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from outdial.domain.analysis import Analysis, PlatformAnalysis
from outdial.store.schema import analyses


async def add(conn: AsyncConnection, call_id: str, workspace_id: str, analysis: Analysis, now: datetime) -> None:
    """Write it down; there is one for each call, and it never changes."""
    platform = analysis.platform
    await conn.execute(
        analyses.insert().values(
            call_id=call_id,
            workspace_id=workspace_id,
            platform=None if platform is None else asdict(platform),
            client=None if analysis.client is None else dict(analysis.client),
            classification="" if platform is None else platform.classification,
            made_by=analysis.made_by,
            trouble=analysis.trouble,
            created_at=now,
        )
    )


async def load(conn: AsyncConnection, call_ids: Collection[str]) -> dict[str, Analysis]:
    """By call id; calls without one are left out. At most a few hundred at once."""
    found = await conn.execute(sa.select(analyses).where(analyses.c.call_id.in_(call_ids)))
    return {row["call_id"]: _analysis_of(row) for row in found.mappings()}


def _analysis_of(row: Mapping[Any, Any]) -> Analysis:
    return Analysis(
        platform=None if row["platform"] is None else _platform_of(row["platform"]),
        client=row["client"],
        made_by=row["made_by"],
        trouble=row["trouble"],
    )


def _platform_of(stored: Mapping[str, Any]) -> PlatformAnalysis:
    lists = {name: tuple(stored[name]) for name in ("key_points", "action_items")}
    return PlatformAnalysis(**{**stored, **lists})
