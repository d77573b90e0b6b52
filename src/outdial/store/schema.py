"""The tables. One source for both engines; ``migrations/`` brings a database here."""

from __future__ import annotations

from outdial.store.tables.agents import agent_versions, agents, knowledge_bases, knowledge_items
from outdial.store.tables.calls import analyses, attempts, call_requests, calls, feedback
from outdial.store.tables.campaigns import campaign_files, campaign_rows, campaigns
from outdial.store.tables.columns import Instant, metadata
from outdial.store.tables.equipment import number_pools, numbers, trunks
from outdial.store.tables.tenants import answers, api_keys, balances, credit_entries, suppressions, users, workspaces
from outdial.store.tables.work import (
    cursors,
    deliveries,
    events,
    jobs,
    key_holders,
    leases,
    sealing_keys,
    webhook_endpoints,
    webhook_origins,
)

__all__ = [
    "Instant",
    "agent_versions",
    "agents",
    "analyses",
    "answers",
    "api_keys",
    "attempts",
    "balances",
    "call_requests",
    "calls",
    "campaign_files",
    "campaign_rows",
    "campaigns",
    "credit_entries",
    "cursors",
    "deliveries",
    "events",
    "feedback",
    "jobs",
    "key_holders",
    "knowledge_bases",
    "knowledge_items",
    "leases",
    "metadata",
    "number_pools",
    "numbers",
    "sealing_keys",
    "suppressions",
    "trunks",
    "users",
    "webhook_endpoints",
    "webhook_origins",
    "workspaces",
]
