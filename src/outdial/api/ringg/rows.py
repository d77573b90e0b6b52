"""Agents, numbers and workspaces in this API's words."""

from __future__ import annotations

from decimal import ROUND_FLOOR, Decimal
from typing import Final

from outdial.api.ringg import instants, wire
from outdial.domain.rules import MICROS
from outdial.queries import inventory
from outdial.store.credits import Funds

_CENT: Final = Decimal("0.01")
_UNCOUNTED: Final = Funds(999_999_999 * MICROS)
"""Shown when credits are not counted, so that clients' balance checks pass."""


def agent(row: inventory.AgentRow) -> wire.AgentRow:
    names = dict.fromkeys((*_ALWAYS_THERE, *row.definition.variables), "string")
    return wire.AgentRow(
        id=row.id,
        agent_display_name=row.name,
        agent_type=row.type,
        orchestration_mode="single_node",
        template_name="",
        template_label="",
        template_icon="",
        template_source="",
        template_type=row.type,
        secondary_language=_text(row, "secondary_language"),
        secondary_voice_id=_text(row, "secondary_voice_id"),
        tools=[],
        call_count=row.call_count,
        custom_variables=names,
        is_archived=row.archived_at is not None,
        created_at=instants.offset_micros(row.created_at),
        updated_at=instants.offset_micros(row.updated_at),
    )


_ALWAYS_THERE: Final = ("callee_name", "mobile_number")
"""Every call has these, whatever its agent lists."""


def _text(row: inventory.AgentRow, name: str) -> str | None:
    value = row.settings.get(name)
    return value if isinstance(value, str) else None


def number(row: inventory.NumberRow) -> wire.NumberRow:
    return wire.NumberRow(
        id=row.id,
        number=row.number,
        created_at=instants.offset_micros(row.created_at),
        call_count=row.call_count,
        agent=None,
        is_inbound_enabled=False,
        is_test_number=False,
        tags=list(row.tags),
        is_spam=row.spam,
        spam_message=None,
        provider="sip",
        display_name=row.display_name,
        owner="",
        is_custom_number=True,
        telephony_id=None,
        number_pool_id=row.number_pool_id,
    )


def workspace(row: inventory.WorkspaceRow) -> wire.WorkspaceInfo:
    funds = _UNCOUNTED if row.price is None else row.funds
    return wire.WorkspaceInfo(
        id=row.id,
        name=row.name,
        created_at=instants.offset_micros(row.created_at),
        credits=funds.balance_micros / MICROS,
        locked_credits=funds.held_micros / MICROS,
        # Rounded down: nobody is told of more than can be spent.
        total_available_credits=str((Decimal(funds.free_micros) / MICROS).quantize(_CENT, ROUND_FLOOR)),
        api_key="***",
    )
