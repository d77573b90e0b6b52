"""A sample of ``make torture``: processes are killed or frozen at one step after the other, and all is counted."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from outdial.domain.events import EventType
from torture.arena import LIMIT, an_arena
from torture.blows import STEPS, Blow, Victim
from torture.verdict import Record, is_whole, judge

pytestmark = pytest.mark.timeout(300)
SAMPLE = {
    ("sqlite", 1): (
        Blow("claimed", Victim.TREE),
        Blow("invited", Victim.NODE, 2),
        Blow("finishing", Victim.TREE, 2),
        Blow("said", Victim.WORKER),
        Blow("answered", Victim.STALLED_NODE),
    ),
    ("postgresql", 2): (
        Blow("claiming", Victim.FROZEN_TREE, 2),
        Blow("handed_over", Victim.FROZEN_WORKER),
        Blow("asked", Victim.NODE),
        Blow("answered", Victim.FROZEN_NODE),
        Blow("finishing", Victim.NODE),
        Blow("webhook", Victim.TREE),
    ),
}


def an_end(*, state: str = "completed", dialled: int = 1, alive: int = 0, ends: int = 1, reports: int = 1) -> Record:
    events: Counter[str] = Counter({EventType.CALL_ENDED: ends, EventType.PROCESSED: 1})
    return Record(state, dialled, alive, events, reports)


@pytest.mark.parametrize(("engine", "nodes"), list(SAMPLE))
async def test_no_call_is_lost_rung_twice_or_left_hanging(engine: str, nodes: int, tmp_path: Path) -> None:
    async with an_arena(engine, nodes, tmp_path) as arena:
        verdicts = {blow: await arena.suffer(blow) for blow in SAMPLE[engine, nodes]}
        in_the_end = await arena.verdict()

        assert {blow: verdict for blow, verdict in verdicts.items() if not verdict} == {}
        assert in_the_end
        assert await arena.most_at_once() == LIMIT
        assert arena.endpoint.nonsense == []
        assert await is_whole(arena.database)


class TestTheVerdict:
    def test_is_good_of_a_call_that_ended_once(self) -> None:
        assert judge({"a": an_end()}, {"a": 1})
        assert judge({"a": an_end(dialled=2)}, {"a": 1}), "an INVITE may be lost with the process that was to send it"

    @pytest.mark.parametrize(
        ("how", "record", "dialogs"),
        [
            ("lost", an_end(state="retry"), 1),
            ("twice", an_end(dialled=1), 2),
            ("twice", an_end(dialled=3), 2),
            ("leaked", an_end(alive=1), 1),
            ("doubled", an_end(ends=2), 1),
            ("doubled", an_end(ends=0), 1),
            ("doubled", an_end(reports=2), 1),
        ],
    )
    def test_finds_what_is_wrong(self, how: str, record: Record, dialogs: int) -> None:
        verdict = judge({"a": record}, {"a": dialogs})

        assert not verdict
        assert getattr(verdict, how) == ("a",)


def test_every_step_is_struck_in_the_long_version() -> None:
    assert len(STEPS) == len(set(STEPS)) == 13
