"""What finished talks told: written once for each call, and read by whoever shows calls."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from outdial.domain.analysis import Analysis, PlatformAnalysis
from outdial.domain.inside import without_addresses
from outdial.domain.plan import Plan
from outdial.domain.zones import spoken_zone
from outdial.store.schema import analyses, attempts, call_requests, calls


@dataclass(frozen=True)
class Spoken:
    """What was said in a call, over all attempts somebody answered.

    ``attempt``: the number of the call's last one. ``began_at``: when the last talk did, aware UTC. ``timezone``: of
    the calling window (Ringg §5.4), else of the callee's number, else the documented default: the clock by which
    "tomorrow at five" is meant. ``version_id``: of the agent that talked.
    """

    workspace_id: str
    attempt: int
    version_id: str
    began_at: datetime
    timezone: str
    turns: tuple[tuple[str, str], ...]
    variables: Mapping[str, Any]
    captured: Mapping[str, str]


def add(conn: Connection, call_id: str, workspace_id: str, analysis: Analysis, now: datetime) -> None:
    """Write it down; there is one for each call, and it never changes."""
    platform = analysis.platform
    conn.execute(
        analyses.insert().values(
            call_id=call_id,
            workspace_id=workspace_id,
            platform=None if platform is None else asdict(platform),
            client=None if analysis.client is None else dict(analysis.client),
            classification="" if platform is None else platform.classification,
            made_by=analysis.made_by,
            trouble=without_addresses(analysis.trouble),
            created_at=now,
        )
    )


def spoken_in(conn: Connection, call_id: str) -> Spoken | None:
    """None: there is no such call, or it was never dialled."""
    asked = (
        sa.select(
            calls.c.workspace_id,
            calls.c.attempt,
            calls.c.to_number,
            call_requests.c.plan,
            call_requests.c.variables,
            *(attempts.c[name] for name in ("version_id", "claimed_at", "answered_at", "turns", "captured")),
        )
        .join(call_requests, call_requests.c.call_id == calls.c.id)
        .join(attempts, attempts.c.call_id == calls.c.id)
        .where(calls.c.id == call_id)
        .order_by(attempts.c.number)
    )
    dials = conn.execute(asked).mappings().all()
    return _spoken(dials) if dials else None


def _spoken(dials: Sequence[Mapping[Any, Any]]) -> Spoken:
    talks = [dial for dial in dials if dial["answered_at"] or dial["turns"]]
    last = (talks or dials)[-1]
    began_at = last["answered_at"] or last["claimed_at"]
    return Spoken(
        workspace_id=last["workspace_id"],
        attempt=last["attempt"],
        version_id=last["version_id"],
        began_at=began_at,
        timezone=spoken_zone(Plan.from_json(last["plan"]).window, last["to_number"], began_at),
        turns=tuple((turn["speaker"], turn["text"]) for talk in talks for turn in talk["turns"] or ()),
        variables=last["variables"],
        captured={name: value for talk in talks for name, value in (talk["captured"] or {}).items()},
    )


def load(conn: Connection, call_ids: Collection[str]) -> dict[str, Analysis]:
    """By call id; calls without one are left out. At most a few hundred at once."""
    found = conn.execute(sa.select(analyses).where(analyses.c.call_id.in_(call_ids)))
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
