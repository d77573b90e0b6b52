"""Calls as their readers see them: put together from the tables in a fixed number of queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import Connection

from outdial.domain.analysis import Analysis
from outdial.domain.attempt import Speaker, Turn
from outdial.domain.brief import mismatch
from outdial.domain.call import WAITING, AttemptState, CallState
from outdial.domain.outcome import EndedBy, Outcome
from outdial.domain.plan import Plan
from outdial.domain.record import AttemptRecord, CallRecord
from outdial.domain.rules import MICROS
from outdial.domain.subscription import Subscription
from outdial.domain.waiting import Wait
from outdial.store.agents.versions import definition_of
from outdial.store.calls import analyses
from outdial.store.calls.callers import CallerWish
from outdial.store.calls.registration import callback_from_json
from outdial.store.calls.waiting import Waiting, why_waiting
from outdial.store.schema import agent_versions, agents, attempts, call_requests, calls

_Row = Mapping[Any, Any]
HINTS_AT_SPELLING: Final = frozenset({"ringg", "native"})
"""Dialects that also hear of variables nobody uses; Ringly names the missing ones only."""
_NO_WAIT: Final = Wait((), None)
_TALKED: Final = frozenset({CallState.COMPLETED, CallState.FORWARDED, CallState.ERROR})
"""How calls end that somebody answered; of some that ended in error nobody did."""


def load_call(conn: Connection, call_id: str, now: datetime) -> CallRecord | None:
    """The call as it is at ``now``, or None when there is none of that id."""
    found = load_calls(conn, [call_id], now)
    return found[0] if found else None


def load_calls(conn: Connection, ids: Sequence[str], now: datetime, *, analysed: bool = True) -> list[CallRecord]:
    """The calls of these ids, in the order asked for; unknown ids are left out. At most a few hundred at once.

    Not ``analysed``: without what their talks told.
    """
    rows = {row["id"]: row for row in conn.execute(_calls(ids)).mappings()}
    tried = _attempts(conn, rows)
    talked = {call_id: dials[-1]["version_id"] for call_id, dials in tried.items()}
    chosen = {
        call_id: talked.get(call_id) or row["pinned_version_id"] or row["active_version_id"]
        for call_id, row in rows.items()
    }
    versions = _versions(conn, set(chosen.values()))
    records = {call_id: tuple(attempt_of(dial) for dial in tried.get(call_id, ())) for call_id in rows}
    waits = why_waiting(conn, [_waiting(row, records[call_id]) for call_id, row in rows.items() if _waits(row)], now)
    over = [call_id for call_id, row in rows.items() if analysed and CallState(row["state"]) in _TALKED]
    told = analyses.load(conn, over) if over else {}
    return [
        _record(
            rows[call_id],
            records[call_id],
            chosen[call_id],
            versions.get(chosen[call_id], {}),
            wait=waits.get(call_id, _NO_WAIT),
            analysis=told.get(call_id),
        )
        for call_id in ids
        if call_id in rows
    ]


def _calls(ids: Sequence[str]) -> sa.Select[Any]:
    return (
        sa.select(
            calls,
            call_requests.c.version_id.label("pinned_version_id"),
            *(column for column in call_requests.c if column.name not in ("call_id", "version_id", "body")),
            agents.c.name.label("agent_name"),
            agents.c.tag.label("agent_tag"),
            agents.c.active_version_id,
            agents.c.subscriptions,
        )
        .join(call_requests, call_requests.c.call_id == calls.c.id)
        .join(agents, agents.c.id == calls.c.agent_id)
        .where(calls.c.id.in_(ids))
    )


def _attempts(conn: Connection, ids: Iterable[str]) -> dict[str, list[_Row]]:
    by_call: dict[str, list[_Row]] = defaultdict(list)
    asked = sa.select(attempts).where(attempts.c.call_id.in_(ids)).order_by(attempts.c.call_id, attempts.c.number)
    for row in conn.execute(asked).mappings():
        by_call[row["call_id"]].append(row)
    return by_call


def _versions(conn: Connection, ids: Iterable[str]) -> dict[str, _Row]:
    columns = agent_versions.c
    asked = sa.select(
        columns.id,
        columns.number,
        columns.description,
        columns.updated_at,
        sa.cast(columns.definition, sa.Text).label("definition"),
    ).where(columns.id.in_(ids))
    return {row["id"]: row for row in conn.execute(asked).mappings()}


def _waits(row: _Row) -> bool:
    return CallState(row["state"]) in WAITING


def _waiting(row: _Row, tried: Sequence[AttemptRecord]) -> Waiting:
    return Waiting(
        wish=CallerWish.of(row),
        to_number=row["to_number"],
        state=CallState(row["state"]),
        due_at=row["due_at"],
        plan=Plan.from_json(row["plan"]),
        last=tried[-1] if tried else None,
    )


def _record(
    row: _Row,
    tried: tuple[AttemptRecord, ...],
    version_id: str,
    version: _Row,
    *,
    wait: Wait,
    analysis: Analysis | None,
) -> CallRecord:
    state, plan = CallState(row["state"]), Plan.from_json(row["plan"])
    return CallRecord(
        id=row["id"],
        workspace_id=row["workspace_id"],
        dialect=row["dialect"],
        state=state,
        to_number=row["to_number"],
        callee_name=row["callee_name"],
        agent_id=row["agent_id"],
        agent_name=row["agent_name"],
        agent_tag=row["agent_tag"],
        version_id=version_id,
        version_number=version.get("number", 0),
        version_description=version.get("description", ""),
        created_at=row["created_at"],
        due_at=row["due_at"],
        ended_at=row["ended_at"],
        outcome=_outcome(row["outcome"]),
        ended_by=_ended_by(row["ended_by"]),
        from_numbers=_from_numbers(row["from_numbers"], tried),
        variables=row["variables"],
        warnings=_warnings(row, tried, version),
        retry=plan.retry,
        window=plan.window,
        attempts=tried,
        callback=callback_from_json(row["callback"]),
        call_category=row["call_category"],
        parent_call_id=row["parent_call_id"],
        bulk_list_id=row["bulk_list_id"],
        reason=row["reason"],
        blocked_by=wait.blocked_by,
        next_eligible_at=wait.next_eligible_at,
        subscriptions=tuple(Subscription.from_json(stored) for stored in row["subscriptions"]),
        analysis=analysis,
    )


def _warnings(row: _Row, tried: Sequence[AttemptRecord], version: _Row) -> tuple[str, ...]:
    """Those of the acceptance, then what the version that talked missed (Ringg §12), each once.

    A version that was edited since the last dial can tell nothing of it.
    """
    if not tried or not version or version["updated_at"] > tried[-1].claimed_at:
        return tuple(row["warnings"])
    carried = {"callee_name": row["callee_name"], "mobile_number": row["to_number"]}
    definition = definition_of(version["id"], version["definition"])
    missed = mismatch(definition, {**carried, **row["variables"]})
    again = missed.warnings(spelling_hints=row["dialect"] in HINTS_AT_SPELLING)
    return tuple(dict.fromkeys((*row["warnings"], *again)))


def attempt_of(row: _Row) -> AttemptRecord:
    """A row of ``attempts``."""
    return AttemptRecord(
        number=row["number"],
        sid=row["sid"],
        state=AttemptState(row["state"]),
        from_number=row["from_number"],
        claimed_at=row["claimed_at"],
        dialed_at=row["dialed_at"],
        ringing_at=row["ringing_at"],
        answered_at=row["answered_at"],
        ended_at=row["ended_at"],
        outcome=_outcome(row["outcome"]),
        ended_by=_ended_by(row["ended_by"]),
        sip_code=row["sip_code"],
        q850=row["q850"],
        reason=row["reason"],
        talk_ms=row["talk_ms"],
        first_word_ms=row["first_word_ms"],
        turns=tuple(turn_of(turn) for turn in row["turns"] or ()),
        captured=row["captured"] or {},
        cost=row["cost"] / MICROS,
        recording_path=row["recording_path"],
        recording_ms=row["recording_ms"],
    )


def turn_of(stored: Mapping[str, Any]) -> Turn:
    """A turn as kept in ``attempts.turns``: the members of ``Turn`` by name (``dataclasses.asdict``)."""
    return Turn(**{**stored, "speaker": Speaker(stored["speaker"])})


def _from_numbers(pool: Sequence[Mapping[str, str]], tried: Sequence[AttemptRecord]) -> tuple[str, ...]:
    used = [attempt.from_number for attempt in tried if attempt.from_number]
    return tuple(dict.fromkeys(used or [member["number"] for member in pool]))


def _outcome(stored: str) -> Outcome | None:
    return Outcome(stored) if stored else None


def _ended_by(stored: str) -> EndedBy | None:
    return EndedBy(stored) if stored else None
