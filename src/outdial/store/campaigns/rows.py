"""Campaigns with their rows and files: every statement that touches these tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import Connection

from outdial.domain.call import TERMINAL, CallState
from outdial.domain.campaign import RUNNING, Callers, Campaign, CampaignState, Contact
from outdial.domain.numbers import canonical
from outdial.store.inserts import insert_into
from outdial.store.schema import calls, campaign_files, campaign_rows, campaigns

_RUNNING: Final = [state.value for state in RUNNING]
_LEFT: Final = [state.value for state in CallState if state not in TERMINAL]
CANCELLED: Final = "cancelled on request"
"""The trouble of a row that was taken out before a call was made of it."""


def campaign_of(row: Mapping[Any, Any]) -> Campaign:
    callers = row["callers"]
    return Campaign(
        **{name: row[name] for name in _AS_STORED},
        state=CampaignState(row["state"]),
        callers=Callers(tuple(callers.get("number_ids", ())), callers.get("number_pool_id", "")),
    )


def insert(conn: Connection, campaign: Campaign) -> None:
    """A new one."""
    row = {name: getattr(campaign, name) for name in _AS_STORED}
    row |= {name: dict(row[name]) for name in ("call_config", "mapping", "options")}
    conn.execute(
        campaigns.insert().values(**row, state=campaign.state.value, callers=callers_to_json(campaign.callers))
    )


def callers_to_json(callers: Callers) -> dict[str, Any]:
    return {"number_ids": list(callers.number_ids), "number_pool_id": callers.number_pool_id}


def find(conn: Connection, campaign_id: str, workspace_id: str | None = None, *, hold: bool = False) -> Campaign | None:
    """One by its id, of that workspace if one is named. ``hold``: nobody else changes it in this transaction."""
    asked = sa.select(campaigns).where(campaigns.c.id == campaign_id)
    if workspace_id is not None:
        asked = asked.where(campaigns.c.workspace_id == workspace_id)
    row = conn.execute(asked.with_for_update() if hold else asked).mappings().first()
    return None if row is None else campaign_of(row)


def change(conn: Connection, campaign_id: str, **values: Any) -> None:
    """Set columns of one that is held."""
    conn.execute(campaigns.update().where(campaigns.c.id == campaign_id).values(**values))


def forget(conn: Connection, campaign_id: str) -> None:
    """The campaign alone; its rows and its file are swept up by whoever does the job of that."""
    conn.execute(campaigns.delete().where(campaigns.c.id == campaign_id))


def any_under_way(conn: Connection, workspace_id: str, now: datetime, *, but: str) -> bool:
    """Whether another campaign of the workspace has begun and is not over."""
    begun = (campaigns.c.state == CampaignState.ONGOING.value) | (
        (campaigns.c.state == CampaignState.SCHEDULED.value) & (campaigns.c.starts_at <= now)
    )
    others = (campaigns.c.workspace_id == workspace_id, campaigns.c.id != but, begun)
    return conn.scalar(sa.select(campaigns.c.id).where(*others).limit(1)) is not None


def add_rows(conn: Connection, campaign_id: str, contacts: Sequence[Contact]) -> None:
    rows = insert_into(campaign_rows, conn.dialect)
    rows.write(
        conn,
        [
            rows.row(
                {
                    "campaign_id": campaign_id,
                    "row": contact.row,
                    "mobile_number": contact.mobile_number,
                    "subscriber": "" if contact.trouble else canonical(contact.mobile_number),
                    "callee_name": contact.callee_name,
                    "variables": dict(contact.variables),
                    "trouble": contact.trouble,
                }
            )
            for contact in contacts
        ],
    )


def rows_after(
    conn: Connection, campaign_id: str, row: int, limit: int, *, rejected: bool | None = None
) -> list[Contact]:
    """The rows behind that one, in order. ``rejected``: only those that cannot be rung; None: all."""
    asked = sa.select(campaign_rows).where(campaign_rows.c.campaign_id == campaign_id, campaign_rows.c.row > row)
    if rejected is not None:
        asked = asked.where((campaign_rows.c.trouble != "") == rejected)
    found = conn.execute(asked.order_by(campaign_rows.c.row).limit(limit))
    return [
        Contact(row["row"], row["mobile_number"], row["callee_name"], row["variables"], row["trouble"])
        for row in found.mappings()
    ]


def delete_rows(conn: Connection, campaign_id: str, limit: int) -> int:
    """Some of its rows; how many. 0: there are none left."""
    some = sa.select(campaign_rows.c.row).where(campaign_rows.c.campaign_id == campaign_id).limit(limit)
    mine = (campaign_rows.c.campaign_id == campaign_id, campaign_rows.c.row.in_(some))
    return conn.execute(campaign_rows.delete().where(*mine)).rowcount


def put_file(conn: Connection, campaign_id: str, content: bytes) -> None:
    conn.execute(campaign_files.insert().values(campaign_id=campaign_id, content=content))


def file_of(conn: Connection, campaign_id: str) -> bytes | None:
    kept = sa.select(campaign_files.c.content).where(campaign_files.c.campaign_id == campaign_id)
    content: bytes | None = conn.scalar(kept)
    return content


def delete_file(conn: Connection, campaign_id: str) -> None:
    conn.execute(campaign_files.delete().where(campaign_files.c.campaign_id == campaign_id))


def stop(
    conn: Connection,
    workspace_id: str,
    now: datetime,
    *,
    campaign_id: str,
    agent_id: str,
    numbers: Collection[str],
) -> int:
    """Make no further call of running campaigns, of that id or agent if one is named; how many rows that spares.

    With ``numbers`` only their rows are taken out; without, a campaign that has anything left to begin is over.
    """
    asked = sa.select(campaigns).where(campaigns.c.workspace_id == workspace_id, campaigns.c.state.in_(_RUNNING))
    if campaign_id:
        asked = asked.where(campaigns.c.id == campaign_id)
    if agent_id:
        asked = asked.where(campaigns.c.agent_id == agent_id)
    held = conn.execute(asked.order_by(campaigns.c.id).with_for_update()).mappings().all()
    spared = 0
    for campaign in map(campaign_of, held):
        not_made = (
            campaign_rows.c.campaign_id == campaign.id,
            campaign_rows.c.row > campaign.made_rows,
            campaign_rows.c.trouble == "",
        )
        if numbers:
            theirs = campaign_rows.update().where(
                *not_made, campaign_rows.c.subscriber.in_(set(map(canonical, numbers)))
            )
            spared += conn.execute(theirs.values(trouble=CANCELLED)).rowcount
            continue
        unmade = conn.scalar(sa.select(sa.func.count()).select_from(campaign_rows).where(*not_made)) or 0
        if unmade or waiting_calls(conn, campaign.id, 1):
            change(conn, campaign.id, state=CampaignState.TERMINATED.value, updated_at=now)
        spared += unmade
    return spared


def waiting_calls(conn: Connection, campaign_id: str, limit: int) -> list[str]:
    """Ids of calls of the list that wait."""
    waiting = [CallState.REGISTERED.value, CallState.RETRY.value]
    asked = sa.select(calls.c.id).where(calls.c.bulk_list_id == campaign_id, calls.c.state.in_(waiting))
    return list(conn.scalars(asked.limit(limit)))


def has_calls_left(conn: Connection, campaign_id: str) -> bool:
    """Whether any call of the list waits or is under way."""
    left = (calls.c.bulk_list_id == campaign_id, calls.c.state.in_(_LEFT))
    return conn.scalar(sa.select(calls.c.id).where(*left).limit(1)) is not None


def calls_by_state(conn: Connection, campaign_ids: Collection[str]) -> dict[str, Counter[CallState]]:
    """How many calls of each list are in each state."""
    counted: dict[str, Counter[CallState]] = {campaign_id: Counter() for campaign_id in campaign_ids}
    asked = sa.select(calls.c.bulk_list_id, calls.c.state, sa.func.count().label("many"))
    asked = asked.where(calls.c.bulk_list_id.in_(list(campaign_ids)))
    for row in conn.execute(asked.group_by(calls.c.bulk_list_id, calls.c.state)):
        counted[row.bulk_list_id][CallState(row.state)] = row.many
    return counted


_AS_STORED: Final = (
    *("id", "workspace_id", "agent_id", "dialect", "name", "starts_at", "ends_at", "created_at", "updated_at"),
    *("call_config", "mapping", "country_code", "callback_url", "options", "total_rows", "failed_rows", "made_rows"),
    *("share", "finished_at", "trouble"),
)
"""Columns that are in a ``Campaign`` what they are in its row."""
