"""From a claim to the order a media worker carries out: everything it needs, so that it never asks the database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from outdial.domain.agent import Brief, Definition, Voice
from outdial.domain.attempt import Dial, Order
from outdial.domain.brief import brief_for
from outdial.domain.errors import NotFound, Refused
from outdial.domain.outcome import NotReached, Outcome
from outdial.domain.plan import Plan
from outdial.store.agents import load_version
from outdial.store.calendar import Claim
from outdial.store.schema import agents, attempts, call_requests, calls, numbers
from outdial.store.trunks import load_trunk


@dataclass(frozen=True)
class Ground:
    """What every order of an installation is built on. ``voices`` by id; the first is the default."""

    voices: Mapping[str, Voice]
    recordings: Path
    ring_timeout_s: float = 45.0


async def build_order(conn: AsyncConnection, claim: Claim, ground: Ground) -> Order | NotReached:
    """The order, or why this call cannot be placed as things stand, in words for the person who set it up."""
    try:
        row = await _load(conn, claim)
        if row["archived_at"] is not None:
            return NotReached(Outcome.CANCELLED, reason="the agent was archived before the call was made")
        return Order(
            dial=await _dial(conn, claim, row, ground),
            brief=await _brief(conn, claim, row, ground),
            recording_path=str(ground.recordings / recording_name(claim)),
        )
    except Refused as fault:
        return NotReached(Outcome.TRUNK_FAILED, reason=str(fault))


def recording_name(claim: Claim) -> str:
    """Where the recording lies under the recordings folder: ``yyyy/mm/<call>-<attempt>.wav``, by the claim's day."""
    return f"{claim.claimed_at:%Y/%m}/{claim.call_id}-{claim.attempt}.wav"


async def _dial(conn: AsyncConnection, claim: Claim, row: Mapping[Any, Any], ground: Ground) -> Dial:
    trunk = await load_trunk(conn, claim.trunk_id)
    if trunk is None:
        raise NotFound(f"the trunk of {claim.from_number} no longer exists")
    return Dial(
        call_id=claim.call_id,
        attempt=claim.attempt,
        to_number=row["to_number"],
        from_number=claim.from_number,
        trunk=replace(trunk, display_name=row["display_name"] or trunk.display_name),
        ring_timeout_s=ground.ring_timeout_s,
    )


async def _brief(conn: AsyncConnection, claim: Claim, row: Mapping[Any, Any], ground: Ground) -> Brief:
    version = await load_version(conn, claim.version_id)
    if version is None:
        raise NotFound(f"version {claim.version_id} of the agent no longer exists")
    wanted = row["voice_id"] or version.definition.voice_id
    voice = _voice(wanted, version.definition, ground.voices)
    if voice is None:
        raise NotFound(f"the voice {wanted!r} is not installed here")
    limits = Plan.from_json(row["plan"]).limits
    if row["talk_limit_s"] is not None:
        # What was set aside for this dial buys no more than that.
        limits = replace(limits, max_length_s=min(limits.max_length_s, row["talk_limit_s"]))
    return brief_for(version.definition, version.agent_name, voice, _variables(row), limits)


async def _load(conn: AsyncConnection, claim: Claim) -> Mapping[Any, Any]:
    found = await conn.execute(
        sa.select(
            calls.c.to_number,
            call_requests.c.voice_id,
            call_requests.c.callee_name,
            call_requests.c.variables,
            call_requests.c.plan,
            agents.c.archived_at,
            attempts.c.talk_limit_s,
            numbers.c.display_name,
        )
        .join(call_requests, call_requests.c.call_id == calls.c.id)
        .join(agents, agents.c.id == calls.c.agent_id)
        .join(attempts, attempts.c.call_id == calls.c.id)
        .outerjoin(numbers, numbers.c.id == attempts.c.number_id)
        .where(calls.c.id == claim.call_id, attempts.c.number == claim.attempt)
    )
    row = found.mappings().one_or_none()
    if row is None:
        raise NotFound("the attempt is not on record")
    return row


def _voice(wanted: str, definition: Definition, voices: Mapping[str, Voice]) -> Voice | None:
    """The one asked for, by id; without a wish the first that speaks the agent's language, else the first."""
    if wanted:
        return voices.get(wanted)
    speaking = (voice for voice in voices.values() if definition.language in voice.languages)
    return next(speaking, None) or next(iter(voices.values()), None)


def _variables(row: Mapping[Any, Any]) -> dict[str, Any]:
    """What the request brought, and the two every call carries (Ringg §2.4)."""
    carried = {"callee_name": row["callee_name"], "mobile_number": row["to_number"]}
    return {**carried, **{name: value for name, value in row["variables"].items() if value is not None}}
