"""Numbers, workspaces and their users in this API's words."""

from __future__ import annotations

from decimal import ROUND_FLOOR, Decimal
from typing import Final

from outdial.api.ringg import instants
from outdial.api.ringg.workspace import responses
from outdial.domain.rules import MICROS
from outdial.store import inventory
from outdial.store import users as people
from outdial.store.policy.credits import Funds

_CENT: Final = Decimal("0.01")
_UNCOUNTED: Final = Funds(999_999_999 * MICROS)
"""Shown when credits are not counted, so that clients' balance checks pass."""


def number(row: inventory.NumberRow) -> responses.NumberRow:
    return responses.NumberRow(
        id=row.id,
        number=row.number,
        created_at=instants.offset_micros(row.created_at),
        call_count=row.call_count,
        agent=_agent(row.agent),
        is_inbound_enabled=row.agent is not None,
        is_test_number=False,
        tags=list(row.tags),
        is_spam=row.spam,
        spam_message=None,
        provider="sip",
        display_name=row.display_name,
        owner=row.owner,
        is_custom_number=True,
        telephony_id=None,
        number_pool_id=row.number_pool_id,
    )


def _agent(agent: inventory.NumberAgent | None) -> responses.NumberAgent | None:
    return responses.NumberAgent(id=agent.id, agent_display_name=agent.name) if agent else None


def workspace(row: inventory.WorkspaceRow) -> responses.WorkspaceInfo:
    funds = _funds(row)
    return responses.WorkspaceInfo(
        id=row.id,
        name=row.name,
        created_at=instants.offset_micros(row.created_at),
        credits=funds.balance_micros / MICROS,
        locked_credits=funds.held_micros / MICROS,
        # Rounded down: nobody is told of more than can be spent.
        total_available_credits=str((Decimal(funds.free_micros) / MICROS).quantize(_CENT, ROUND_FLOOR)),
        api_key="***",
    )


def owned(row: inventory.WorkspaceRow) -> responses.WorkspaceRow:
    """The workspace of a key in the list of those its holder has: the only one, and its own."""
    funds = _funds(row)
    return responses.WorkspaceRow(
        id=row.id,
        name=row.name,
        created_at=instants.offset_micros(row.created_at),
        role="owner",
        credits=funds.balance_micros / MICROS,
        locked_credits=funds.held_micros / MICROS,
    )


def user(row: people.User) -> responses.UserRow:
    return responses.UserRow(
        id=row.id, username=row.username, email=row.email, role=row.role, invite_status=row.invite_status
    )


def _funds(row: inventory.WorkspaceRow) -> Funds:
    return _UNCOUNTED if row.price is None else row.funds
