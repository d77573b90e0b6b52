"""One agent who rings everybody in the simulated network, over any carrier, and what came of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

from outdial.carriers.simulator.scenarios import RESIDENTS, PhoneBook
from outdial.conversation.metronome import Metronome
from outdial.conversation.ports import Carrier, HangUp, Parts, PartsFor, Say
from outdial.conversation.talk import converse
from outdial.domain.agent import Brief, TalkLimits, Voice
from outdial.domain.attempt import Dial, DigitsPressed, Said, Speaker, Trunk
from outdial.domain.clock import Clock
from outdial.domain.outcome import EndedBy, NotReached, Outcome
from outdial.language.flow import FlowLanguage
from outdial.speech.scripted import CannedEars, ScriptedLanguage, ScriptedVoice

HASTY = PhoneBook({n: c if math.isinf(c.rings_s) else replace(c, rings_s=0.05) for n, c in RESIDENTS.items()})
"""The same callees, quicker to the phone."""
RING_TIMEOUT_S = 1.5
AGENT = Parts(
    CannedEars(["Leave a message."] * 9),
    ScriptedVoice(),
    ScriptedLanguage(
        greeting="Good morning, this is a call about the appointment that we made last week.",
        always=(Say("Thank you and goodbye."), HangUp()),
    ),
)
IMPATIENT = TalkLimits(idle_warning_s=60, idle_end_s=2, max_length_s=60)


@dataclass(frozen=True)
class Observed:
    """What the caller's side knows of one call in the end."""

    outcome: Outcome
    sip_code: int
    q850: int
    rang: tuple[bool, ...]
    """What ``on_ringing`` was called with: True for early media."""
    ended_by: EndedBy | None = None
    spoke: frozenset[Speaker] = frozenset()
    digits: str = ""

    def to_json(self) -> dict[str, object]:
        return {**asdict(self), "rang": list(self.rang), "spoke": sorted(self.spoke)}


def callee_parts(heard: Sequence[str] = ("Hello, how are you?",)) -> PartsFor:
    """A callee's own mind and a voice without a model; it hears the given lines, whatever is said."""
    return lambda brief: Parts(CannedEars(heard), ScriptedVoice(), FlowLanguage())


def a_brief(limits: TalkLimits = IMPATIENT) -> Brief:
    return Brief(
        agent_name="Ava",
        language="en-US",
        voice=Voice("", "ava", "scripted", ("en-US",)),
        greeting="",
        instructions="",
        flow=None,
        model="",
        idle_question="",
        farewell="",
        limits=limits,
        variables={},
    )


def a_dial(number: str, *, port: int = 5060, ring_timeout_s: float = 20.0) -> Dial:
    trunk = Trunk(id="t", name="simulated", host="127.0.0.1", port=port)
    return Dial("call", 1, number, "+15550009999", trunk, ring_timeout_s)


async def observe(
    carrier: Carrier, dial: Dial, *, metronome: Metronome, clock: Clock, parts: Parts = AGENT
) -> Observed:
    """Ring, talk, and tell."""
    rang: list[bool] = []
    digits: list[str] = []

    def report(said: Said | DigitsPressed) -> None:
        if isinstance(said, DigitsPressed):
            digits.append(said.digits)

    leg = await carrier.place(dial, rang.append)
    if isinstance(leg, NotReached):
        return Observed(leg.outcome, leg.sip_code, leg.q850, tuple(rang))
    summary = await converse(
        leg, a_brief(), parts, metronome=metronome, clock=clock, report=report, recording_path=None
    )
    assert summary.trouble == ""
    spoke = frozenset(turn.speaker for turn in summary.turns)
    return Observed(Outcome.COMPLETED, 200, 0, tuple(rang), summary.ended_by, spoke, "".join(digits))
