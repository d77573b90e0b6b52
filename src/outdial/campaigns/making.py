"""Out of the rows of a campaign, calls: each row becomes one call, once, whoever is killed on the way."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any, Final

from outdial.domain.agent_warnings import call_warnings
from outdial.domain.brief import mismatch
from outdial.domain.campaign import RUNNING, Campaign, Contact
from outdial.domain.language_models import ALL_MODELS, LanguageModels
from outdial.domain.plan import Plan, first_due, resolve
from outdial.domain.request import CallRequest, Overrides
from outdial.store.agents.versions import AgentVersion, versions_by_id
from outdial.store.calls.creates import Rows, write_rows
from outdial.store.calls.records import HINTS_AT_SPELLING
from outdial.store.calls.registration import CallerNumber, Registration, rows_of
from outdial.store.campaigns import rows as campaigns
from outdial.store.database import Connection, Database
from outdial.store.equipment.numbers import OwnNumber, numbers_by_id

AT_ONCE: Final = 250
"""Rows made into calls in one transaction: a list of a hundred thousand must not keep the dialer from the calendar."""
Wishes = Mapping[str, Callable[[Mapping[str, Any]], Overrides]]
"""By dialect: what a ``call_config`` in its words asks for."""


async def make_some(
    db: Database,
    campaign: Campaign,
    agent: AgentVersion,
    wishes: Wishes,
    at: datetime,
    *,
    language_models: LanguageModels = ALL_MODELS,
) -> Campaign:
    """Make the next rows into calls; the campaign as it is then. Unchanged: no row is left, or it was stopped.

    Raises:
        Unreachable: the database did not answer.
        Broken: the agent's own time zone is unknown.
    """
    contacts, numbers, others = await db.read(_needed, campaign, agent)
    if not contacts:
        return campaign
    callers = [CallerNumber(one, numbers[one].number if one in numbers else "") for one in campaign.callers.number_ids]
    good = [contact for contact in contacts if not contact.trouble]
    versions = {version.id: version for version in (agent, *others.values()) if not version.deleted}
    terms = {
        one: _Terms(
            campaign,
            version,
            _plan(campaign, version, wishes),
            callers,
            at,
            call_warnings(version.definition, language_models=language_models),
        )
        for one, version in versions.items()
    }

    def encoded() -> list[Rows]:
        made = []
        for contact in good:
            call_id = call_id_of(campaign.id, contact.row)
            chosen = terms.get(agent.ab_test.version_for(call_id, agent.id), terms[agent.id])
            registration = chosen.registration(call_id, contact, drawn=bool(agent.ab_test.takes_part))
            made.append(rows_of(registration, db.inserts)._replace(wake=registration.due_at <= at))
        return made

    made = await asyncio.to_thread(encoded)
    return await _write(db, campaign, contacts[-1].row, made)


def _needed(
    conn: Connection, campaign: Campaign, agent: AgentVersion
) -> tuple[Sequence[Contact], Mapping[str, OwnNumber], Mapping[str, AgentVersion]]:
    """The next rows, the caller numbers, and the versions that are tried against the active one."""
    return (
        campaigns.rows_after(conn, campaign.id, campaign.made_rows, AT_ONCE),
        numbers_by_id(conn, campaign.callers.number_ids),
        versions_by_id(conn, agent.ab_test.takes_part - {agent.id}),
    )


def call_id_of(campaign_id: str, row: int) -> str:
    """The same for the same row, whoever makes it."""
    return str(uuid.uuid5(uuid.UUID(campaign_id), str(row)))


async def _write(db: Database, campaign: Campaign, to: int, made: Sequence[Rows]) -> Campaign:
    def work(conn: Connection) -> Campaign:
        held = campaigns.find(conn, campaign.id, hold=True)
        if held is None or held.state not in RUNNING or held.made_rows != campaign.made_rows:
            return campaign
        campaigns.change(conn, campaign.id, made_rows=to)
        write_rows(conn, db.inserts, made)
        return replace(held, made_rows=to)

    return await db.write(work)


def _plan(campaign: Campaign, agent: AgentVersion, wishes: Wishes) -> Plan:
    """The campaign's times stand where a single call names its own."""
    plan = resolve(agent.definition, wishes[campaign.dialect](campaign.call_config))
    return replace(plan, scheduled_at=campaign.starts_at, not_after=campaign.ends_at)


@dataclass(frozen=True)
class _Terms:
    """What the calls of one batch have in common that are talked by one version."""

    campaign: Campaign
    version: AgentVersion
    plan: Plan
    callers: Sequence[CallerNumber]
    at: datetime
    warnings: Sequence[str]
    """Of each call, whatever its row brings."""

    @cached_property
    def due_at(self) -> datetime:
        return first_due(self.plan, self.at)

    def registration(self, call_id: str, contact: Contact, *, drawn: bool) -> Registration:
        """``drawn``: the version was drawn by lot, and stays the call's own."""
        campaign = self.campaign
        differences = mismatch(self.version.definition, contact.variables)
        return Registration(
            call_id=call_id,
            created_at=self.at,
            due_at=self.due_at,
            agent_id=campaign.agent_id,
            from_numbers=self.callers,
            plan=self.plan,
            warnings=(
                *differences.warnings(spelling_hints=campaign.dialect in HINTS_AT_SPELLING),
                *self.warnings,
            ),
            request=CallRequest(
                workspace_id=campaign.workspace_id,
                dialect=campaign.dialect,
                to_number=contact.mobile_number,
                callee_name=contact.callee_name,
                number_pool_id=campaign.callers.number_pool_id,
                version_id=self.version.id if drawn else "",
                variables=contact.variables,
                bulk_list_id=campaign.id,
            ),
        )
