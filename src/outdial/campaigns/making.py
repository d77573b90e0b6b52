"""Out of the rows of a campaign, calls: each row becomes one call, once, whoever is killed on the way."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from outdial.domain.brief import mismatch
from outdial.domain.campaign import RUNNING, Campaign, Contact
from outdial.domain.plan import Plan, first_due, resolve
from outdial.domain.request import CallRequest, Overrides
from outdial.store import campaigns
from outdial.store.agents import AgentVersion
from outdial.store.database import Database
from outdial.store.group_commit import Rows, write_rows
from outdial.store.numbers import numbers_by_id
from outdial.store.records import HINTS_AT_SPELLING
from outdial.store.registration import CallerNumber, Registration, rows_of

AT_ONCE: Final = 250
"""Rows made into calls in one transaction: a list of a hundred thousand must not keep the dialer from the calendar."""
Wishes = Mapping[str, Callable[[Mapping[str, Any]], Overrides]]
"""By dialect: what a ``call_config`` in its words asks for."""


async def make_some(db: Database, campaign: Campaign, agent: AgentVersion, wishes: Wishes, at: datetime) -> Campaign:
    """Make the next rows into calls; the campaign as it is then. Unchanged: no row is left, or it was stopped.

    Raises:
        Unreachable: the database did not answer.
        Broken: the agent's own time zone is unknown.
    """
    async with db.reading() as conn:
        contacts = await campaigns.rows_after(conn, campaign.id, campaign.made_rows, AT_ONCE)
        numbers = await numbers_by_id(conn, campaign.callers.number_ids)
    if not contacts:
        return campaign
    callers = [CallerNumber(one, numbers[one].number if one in numbers else "") for one in campaign.callers.number_ids]
    plan = _plan(campaign, agent, wishes)
    good = [contact for contact in contacts if not contact.trouble]
    terms = _Terms(campaign, agent, plan, first_due(plan, at), callers, at)

    def encoded() -> list[Rows]:
        wake = terms.due_at <= at
        return [rows_of(terms.registration(contact), db.inserts)._replace(wake=wake) for contact in good]

    made = await asyncio.to_thread(encoded)
    return await _write(db, campaign, contacts[-1].row, made)


def call_id_of(campaign_id: str, row: int) -> str:
    """The same for the same row, whoever makes it."""
    return str(uuid.uuid5(uuid.UUID(campaign_id), str(row)))


async def _write(db: Database, campaign: Campaign, to: int, made: Sequence[Rows]) -> Campaign:
    async def work(conn: AsyncConnection) -> Campaign:
        held = await campaigns.find(conn, campaign.id, hold=True)
        if held is None or held.state not in RUNNING or held.made_rows != campaign.made_rows:
            return campaign
        await campaigns.change(conn, campaign.id, made_rows=to)
        await write_rows(conn, db.inserts, made)
        return replace(held, made_rows=to)

    return await db.write(work)


def _plan(campaign: Campaign, agent: AgentVersion, wishes: Wishes) -> Plan:
    """The campaign's times stand where a single call names its own."""
    plan = resolve(agent.definition, wishes[campaign.dialect](campaign.call_config))
    return replace(plan, scheduled_at=campaign.starts_at, not_after=campaign.ends_at)


@dataclass(frozen=True)
class _Terms:
    """What the calls of one batch have in common."""

    campaign: Campaign
    agent: AgentVersion
    plan: Plan
    due_at: datetime
    callers: Sequence[CallerNumber]
    at: datetime

    def registration(self, contact: Contact) -> Registration:
        campaign = self.campaign
        differences = mismatch(self.agent.definition, contact.variables)
        return Registration(
            call_id=call_id_of(campaign.id, contact.row),
            created_at=self.at,
            due_at=self.due_at,
            agent_id=campaign.agent_id,
            from_numbers=self.callers,
            plan=self.plan,
            warnings=differences.warnings(spelling_hints=campaign.dialect in HINTS_AT_SPELLING),
            request=CallRequest(
                workspace_id=campaign.workspace_id,
                dialect=campaign.dialect,
                to_number=contact.mobile_number,
                callee_name=contact.callee_name,
                number_pool_id=campaign.callers.number_pool_id,
                variables=contact.variables,
                bulk_list_id=campaign.id,
            ),
        )
