"""Counted calls in this API's words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final

from outdial.api.ringg import statuses
from outdial.api.ringg.agents.render import slug
from outdial.api.ringg.reports import responses
from outdial.domain.attempt import Speaker, Turn
from outdial.domain.call import AttemptState, CallState
from outdial.domain.record import AttemptRecord, CallRecord
from outdial.domain.request import RetryPolicy
from outdial.domain.waiting import Cause
from outdial.store.calls.analytics import BUCKETS_S, Group, NumberUse, Stand, VersionUse

_COMPLETED: Final = frozenset({CallState.COMPLETED, CallState.FORWARDED})
_FAILED: Final = frozenset({CallState.FAILED, CallState.ERROR})
_SOME_TIME: Final = datetime(2000, 1, 1, tzinfo=UTC)


def summary(groups: Sequence[Group]) -> responses.Summary:
    connected = sum(group.connected for group in groups)
    talk_s = sum(group.talk_ms for group in groups) / 1000
    return responses.Summary(
        total_calls=_total(groups),
        connected_calls=connected,
        completed_calls=_total([group for group in groups if group.stand.state in _COMPLETED]),
        failed_calls=_total([group for group in groups if group.stand.state in _FAILED]),
        total_duration_seconds=talk_s,
        average_duration_seconds=round(talk_s / connected, 2) if connected else 0,
        total_cost=round(sum(group.credits for group in groups), 6),
    )


def performance(groups: Sequence[Group], versions: Sequence[VersionUse]) -> responses.Performance:
    counted = responses.Performance(
        by_status=_counted(groups, lambda group: statuses.call_status(group.stand.state)),
        by_sub_status=_counted(groups, lambda group: statuses.sub_status(a_call_like(group.stand))),
        by_agent=_by_agent(groups),
    )
    if len(versions) > len({use.agent_id for use in versions}):
        counted.by_version = [
            responses.OfVersion(
                agent_id=use.agent_id,
                version_id=use.version_id,
                version_slug=slug(use.number),
                total_calls=use.calls,
                connected_calls=use.connected,
            )
            for use in versions
        ]
    return counted


def number(use: NumberUse) -> responses.OfNumber:
    return responses.OfNumber(
        number=use.number,
        total_calls=use.calls,
        connected_calls=use.connected,
        connect_rate=round(use.connected / use.calls, 4),
    )


def distribution(counts: Sequence[int]) -> dict[str, int]:
    """Counts by ``0-10``, ``10-30`` … in seconds; a talk of exactly ten belongs to the second."""
    begins = (0, *BUCKETS_S)
    names = [f"{begin}-{end}" for begin, end in zip(begins, BUCKETS_S, strict=False)] + [f"{BUCKETS_S[-1]}+"]
    return dict(zip(names, counts, strict=True))


def a_call_like(stand: Stand) -> CallRecord:
    """A call that stands like these do: the tables of statuses then say the same of them as of one that is read.

    Of what may hold a waiting call back only its due time is known here.
    """
    turns = (Turn(Speaker.CALLEE, "…", 0, 0),) if stand.spoke else ()
    last = AttemptRecord(
        number=1,
        sid="",
        state=AttemptState.TALKING if stand.talking else AttemptState.ENDED,
        from_number="",
        claimed_at=_SOME_TIME,
        outcome=stand.outcome,
        ended_by=stand.ended_by,
        turns=turns,
    )
    return CallRecord(
        id="",
        workspace_id="",
        dialect="",
        state=stand.state,
        to_number="",
        callee_name="",
        agent_id="",
        agent_name="",
        agent_tag="",
        version_id="",
        version_number=0,
        version_description="",
        created_at=_SOME_TIME,
        due_at=_SOME_TIME,
        ended_at=None,
        outcome=stand.outcome,
        ended_by=stand.ended_by,
        from_numbers=(),
        variables={},
        warnings=(),
        retry=RetryPolicy(count=int(stand.retries)),
        window=None,
        attempts=(last,),
        blocked_by=_held_by(stand),
    )


def _held_by(stand: Stand) -> tuple[Cause, ...]:
    if stand.state is CallState.RETRY:
        return (Cause.RETRY_DELAY,)
    return (Cause.SCHEDULE,) if stand.later else ()


def _by_agent(groups: Sequence[Group]) -> list[responses.OfAgent]:
    """The busiest first."""
    calls, connected = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for group in groups:
        agent = group.agent_name, group.agent_id
        calls[agent] += group.calls
        connected[agent] += group.connected
    return [
        responses.OfAgent(
            agent_id=agent_id, agent_name=name, total_calls=count, connected_calls=connected[name, agent_id]
        )
        for (name, agent_id), count in sorted(calls.items(), key=lambda item: (-item[1], item[0]))
    ]


def _counted(groups: Sequence[Group], name_of: Callable[[Group], str]) -> dict[str, int]:
    """Calls by name, the most frequent first."""
    found: Counter[str] = Counter()
    for group in groups:
        found[name_of(group)] += group.calls
    return dict(found.most_common())


def _total(groups: Sequence[Group]) -> int:
    return sum(group.calls for group in groups)
