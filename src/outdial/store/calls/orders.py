"""From claims to the orders media workers carry out: everything it needs, so that it never asks the database."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
import structlog
from sqlalchemy import Connection

from outdial.domain.agent import Brief, Voice
from outdial.domain.attempt import Dial, Order
from outdial.domain.brief import brief_for
from outdial.domain.errors import Broken, NotFound, Refused
from outdial.domain.outcome import NotReached, Outcome
from outdial.domain.plan import Plan
from outdial.domain.voices import chosen
from outdial.store.agents.versions import definition_of
from outdial.store.calls.batches import one_of, padded
from outdial.store.calls.calendar import Claim
from outdial.store.equipment.trunks import trunk_of
from outdial.store.schema import agent_versions, agents, attempts, call_requests, calls, numbers, trunks

_Row = Mapping[Any, Any]
_log = structlog.get_logger(__name__)
_WISHES: Final = (
    sa.select(
        attempts.c.call_id,
        attempts.c.number,
        calls.c.to_number,
        call_requests.c.voice_id,
        call_requests.c.callee_name,
        call_requests.c.variables,
        call_requests.c.plan,
        agents.c.archived_at,
        agents.c.name.label("agent_name"),
        attempts.c.talk_limit_s,
        numbers.c.display_name,
        agent_versions.c.id.label("version_id"),
        sa.cast(agent_versions.c.definition, sa.Text).label("agent_definition"),
        # As ``trunk_of`` reads them.
        trunks.c.id,
        trunks.c.name,
        trunks.c.definition,
        trunks.c.password,
        trunks.c.added_by,
    )
    .join(calls, (calls.c.id == attempts.c.call_id) & (calls.c.attempt == attempts.c.number))
    .join(call_requests, call_requests.c.call_id == calls.c.id)
    .join(agents, agents.c.id == calls.c.agent_id)
    .outerjoin(numbers, numbers.c.id == attempts.c.number_id)
    .outerjoin(agent_versions, agent_versions.c.id == attempts.c.version_id)
    .outerjoin(trunks, trunks.c.id == attempts.c.trunk_id)
    .where(one_of(attempts.c.call_id))
)


@dataclass(frozen=True)
class Ground:
    """What every order of an installation is built on. ``voices`` by id; the first is the default."""

    voices: Mapping[str, Voice]
    recordings: Path
    ring_timeout_s: float = 45.0
    knowledge: Path | None = None
    """The folder of this node's files of knowledge bases, named by their ids."""
    why_silent: Callable[[Brief], str] = lambda _: ""
    """Why an agent could not say a word here, in one line; empty: it can talk."""


def build_orders(conn: Connection, claims: Sequence[Claim], ground: Ground) -> list[Order | NotReached]:
    """Each order, or why this call cannot be placed as things stand, in words for the person who set it up."""
    try:
        return _orders(conn, claims, ground)
    except Broken as fault:
        # What is damaged costs its own call, not those that are claimed with it.
        if len(claims) == 1:
            _log.error("an order cannot be made", call_id=claims[0].call_id, reason=str(fault))
            return [NotReached(Outcome.TRUNK_FAILED, reason="what the call is made with cannot be read: see the log")]
    return [order for claim in claims for order in build_orders(conn, [claim], ground)]


def _orders(conn: Connection, claims: Sequence[Claim], ground: Ground) -> list[Order | NotReached]:
    found = conn.execute(_WISHES, {"ids": padded([claim.call_id for claim in claims])})
    rows = {(row["call_id"], row["number"]): row for row in found.mappings()}
    return [_order(claim, rows.get(claim.key), ground) for claim in claims]


def recording_name(claim: Claim) -> str:
    """Where the recording lies under the recordings folder: ``yyyy/mm/<call>-<attempt>.wav``, by the claim's day."""
    return f"{claim.claimed_at:%Y/%m}/{claim.call_id}-{claim.attempt}.wav"


def _order(claim: Claim, row: _Row | None, ground: Ground) -> Order | NotReached:
    try:
        if row is None:
            raise NotFound("the attempt is not on record")
        if row["archived_at"] is not None:
            return NotReached(Outcome.CANCELLED, reason="the agent was archived before the call was made")
        dial = _dial(claim, row, ground)
    except Refused as fault:
        return NotReached(Outcome.TRUNK_FAILED, reason=str(fault))
    try:
        brief = _brief(claim, row, ground)
    except Refused as fault:
        # The agent's fault and not the trunk's, which would rest for it.
        return NotReached(Outcome.PRE_CALL_FAILED, reason=str(fault))
    if reason := ground.why_silent(brief):
        return NotReached(Outcome.PRE_CALL_FAILED, reason=f"the agent cannot talk: {reason}", permanent=True)
    return Order(dial=dial, brief=brief, recording_path=str(ground.recordings / recording_name(claim)))


def _dial(claim: Claim, row: _Row, ground: Ground) -> Dial:
    if row["id"] is None:
        raise NotFound(f"the trunk of {claim.from_number} no longer exists")
    trunk = trunk_of(row)
    return Dial(
        call_id=claim.call_id,
        attempt=claim.attempt,
        to_number=row["to_number"],
        from_number=claim.from_number,
        trunk=replace(trunk, display_name=row["display_name"] or trunk.display_name),
        ring_timeout_s=ground.ring_timeout_s,
    )


def _brief(claim: Claim, row: _Row, ground: Ground) -> Brief:
    if row["version_id"] is None:
        raise NotFound(f"version {claim.version_id} of the agent no longer exists")
    definition = definition_of(row["version_id"], row["agent_definition"])
    wanted = row["voice_id"] or definition.voice_id
    voice = chosen(wanted, definition.language, ground.voices)
    if voice is None:
        raise NotFound(f"the voice {wanted!r} is not installed here")
    limits = Plan.from_json(row["plan"]).limits
    if row["talk_limit_s"] is not None:
        # What was set aside for this dial buys no more than that.
        limits = replace(limits, max_length_s=min(limits.max_length_s, row["talk_limit_s"]))
    brief = brief_for(definition, row["agent_name"], voice, _variables(row), limits)
    if ground.knowledge is None:
        return brief
    return replace(brief, knowledge=tuple(str(ground.knowledge / f"{one}.db") for one in definition.knowledge))


def _variables(row: _Row) -> dict[str, Any]:
    """What the request brought, and the two every call carries (Ringg §2.4)."""
    carried = {"callee_name": row["callee_name"], "mobile_number": row["to_number"]}
    return {**carried, **{name: value for name, value in row["variables"].items() if value is not None}}
