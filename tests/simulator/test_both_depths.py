"""Every callee behaves the same over real SIP and RTP as in memory: one agent rings them all, twice."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from outdial.carriers.simulator.callee import talker
from outdial.carriers.simulator.network_memory import MemoryCarrier
from outdial.carriers.simulator.scenarios import RESIDENTS
from outdial.conversation.metronome import Metronome
from outdial.conversation.vad import VoiceActivity
from outdial.domain.attempt import Speaker
from outdial.domain.outcome import EndedBy, Outcome
from outdial.virtual_time import loop_clock, run
from simulated_calls import HASTY, RING_TIMEOUT_S, Observed, a_dial, callee_parts, observe

PROGRAM = Path(__file__).parents[1] / "ring_everybody.py"
BOTH = frozenset(Speaker)
ONLY_AGENT = frozenset({Speaker.AGENT})
EXPECTED = {
    "+15550001111": Observed(Outcome.COMPLETED, 200, 0, (False,), EndedBy.AGENT, BOTH),
    "+15550001112": Observed(Outcome.COMPLETED, 200, 0, (False,), EndedBy.AGENT, BOTH),
    "+15550002001": Observed(Outcome.BUSY, 486, 17, ()),
    "+15550002002": Observed(Outcome.NO_ANSWER, 487, 0, (False,)),
    "+15550002003": Observed(Outcome.DECLINED, 603, 21, (False,)),
    "+15550002004": Observed(Outcome.INVALID_NUMBER, 404, 1, ()),
    "+15550002005": Observed(Outcome.TRUNK_FAILED, 503, 42, ()),
    "+15550003001": Observed(Outcome.COMPLETED, 200, 0, (False,), EndedBy.CALLEE, ONLY_AGENT),
    "+15550003002": Observed(Outcome.COMPLETED, 200, 0, (False,), EndedBy.IDLE, ONLY_AGENT),
    "+15550003003": Observed(Outcome.COMPLETED, 200, 0, (False,), EndedBy.AGENT, BOTH),
    "+15550003004": Observed(Outcome.COMPLETED, 200, 0, (True,), EndedBy.AGENT, BOTH),
    "+15550003005": Observed(Outcome.COMPLETED, 200, 0, (False,), EndedBy.AGENT, BOTH, "42#"),
}


async def everybody_in_memory() -> dict[str, Observed]:
    clock, metronome = loop_clock(), Metronome(VoiceActivity())
    talk = talker(callee_parts(), metronome=metronome, clock=clock)
    async with MemoryCarrier(talk=talk, clock=clock, book=HASTY) as carrier:
        return {
            number: await observe(
                carrier, a_dial(number, ring_timeout_s=RING_TIMEOUT_S), metronome=metronome, clock=clock
            )
            for number in RESIDENTS
        }


@pytest.fixture(scope="module")
def over_sip() -> dict[str, Any]:
    """What a process of its own found: the native SIP stack lives once in a process."""
    path = os.pathsep.join(sys.path)
    done = subprocess.run(
        [sys.executable, str(PROGRAM)],
        capture_output=True,
        timeout=100,
        check=False,
        env={**os.environ, "PYTHONPATH": path},
    )
    assert done.returncode == 0, done.stderr.decode()
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.fixture(scope="module")
def in_memory() -> dict[str, Observed]:
    return run(everybody_in_memory())


class TestEveryCallee:
    @pytest.mark.parametrize("number", RESIDENTS)
    def test_does_in_memory_what_is_promised(self, number: str, in_memory: dict[str, Observed]) -> None:
        assert in_memory[number] == EXPECTED[number]

    @pytest.mark.parametrize("number", RESIDENTS)
    def test_does_the_same_over_sip(self, number: str, over_sip: dict[str, Any]) -> None:
        assert over_sip["observed"][number] == EXPECTED[number].to_json()

    def test_was_rung_once_over_sip_and_heard_nothing_odd(self, over_sip: dict[str, Any]) -> None:
        assert over_sip["invites"] == len(RESIDENTS)
        assert over_sip["malformed"] == 0
