"""Who lives in the simulated network: one ``Callee`` for each number, the same in memory and over SIP.

The numbers are a promise to customers: ``docs/simulated-network.md`` lists them and a test keeps both in step.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from outdial.carriers.simulator.echo import Echo
from outdial.domain.outcome import Outcome


class Manner(StrEnum):
    """What a callee does once the line is open."""

    TALKS = "talks"
    """Holds a conversation as its persona; listens first."""
    SILENT = "silent"
    """Stays on the line and never makes a sound."""
    HANGS_UP = "hangs_up"
    """Waits until the caller speaks, and hangs up in the middle of the sentence."""
    VOICEMAIL = "voicemail"
    """Plays a recorded greeting and a beep, records for half a minute, hangs up."""
    PRESSES_DIGITS = "presses_digits"
    """Waits until the caller speaks, presses ``digits``, stays silent on the line."""


@dataclass(frozen=True)
class Refusal:
    """A dial that is not answered: the final SIP status, its phrase, the Q.850 cause, and how a caller reads it."""

    sip_code: int
    phrase: str
    q850: int
    outcome: Outcome


@dataclass(frozen=True)
class Callee:
    """What one number does when it is rung.

    ``rings_s`` is the time from the call's arrival to the answer or the refusal; infinite: nobody ever picks up.
    ``alerts``: the phone rings before that (180); a refusal without alerting comes from the network.
    ``early_media``: the network plays a ringing tone before the answer (183 with a session description).
    ``persona`` names a file in ``personas/``; only who talks has one.
    """

    name: str
    summary: str
    rings_s: float = 2.0
    alerts: bool = True
    early_media: bool = False
    refusal: Refusal | None = None
    manner: Manner = Manner.TALKS
    persona: str = ""
    digits: str = ""
    echo: Echo | None = None
    """The line returns the caller's own voice."""


BUSY: Final = Refusal(486, "Busy Here", 17, Outcome.BUSY)
DECLINES: Final = Refusal(603, "Decline", 21, Outcome.DECLINED)
NO_SUCH_NUMBER: Final = Refusal(404, "Not Found", 1, Outcome.INVALID_NUMBER)
CONGESTION: Final = Refusal(503, "Service Unavailable", 42, Outcome.TRUNK_FAILED)

SOMEBODY: Final = Callee("Somebody", "an ordinary talkative person", persona="somebody")
"""Answers every number that nobody else has."""

RESIDENTS: Final[Mapping[str, Callee]] = MappingProxyType({
    "+15550001111": Callee("Sam", "answers after two rings and keeps the conversation", rings_s=4.0, persona="sam"),
    "+15550001112": Callee("Riley", "answers at once and says no, politely", rings_s=0.5, persona="riley"),
    "+15550002001": Callee("Busy", "is on the phone already", 0.2, alerts=False, refusal=BUSY),
    "+15550002002": Callee("Nobody", "the phone rings and nobody ever picks it up", rings_s=math.inf),
    "+15550002003": Callee("Declines", "looks at the phone and declines", 3.0, refusal=DECLINES),
    "+15550002004": Callee("No such number", "this number is not in use", 0.2, alerts=False, refusal=NO_SUCH_NUMBER),
    "+15550002005": Callee("Congestion", "the trunk has no free line", 0.2, alerts=False, refusal=CONGESTION),
    "+15550003001": Callee("Impatient", "hangs up in the middle of the first sentence", manner=Manner.HANGS_UP),
    "+15550003002": Callee("Silent", "answers and never says a word", manner=Manner.SILENT),
    "+15550003003": Callee("Voicemail", "a recorded greeting, a beep, half a minute to speak", manner=Manner.VOICEMAIL),
    "+15550003004": Callee(
        "Early", "the network plays a ringing tone before the answer", early_media=True, persona="somebody"
    ),
    "+15550003005": Callee("Keypad", "presses 4 2 # when spoken to", manner=Manner.PRESSES_DIGITS, digits="42#"),
})  # fmt: skip

_TUNABLE: Final = re.compile(r"\+1555000([45])([0-9]{3})")
_ECHO_DB: Final = -12.0


@dataclass(frozen=True)
class PhoneBook:
    """Who answers which number: ``residents`` by E.164 number, ``anybody`` all others."""

    residents: Mapping[str, Callee] = field(default_factory=lambda: RESIDENTS)
    anybody: Callee = SOMEBODY

    def callee(self, number: str) -> Callee:
        """Who has this number. ``+15550004nnn`` is ``anybody`` after nnn seconds of ringing, ``+15550005nnn`` is
        ``anybody`` on a line that returns the caller's voice after nnn milliseconds."""
        known = self.residents.get(number)
        if known is not None:
            return known
        tuned = _TUNABLE.fullmatch(number)
        if tuned is None:
            return self.anybody
        value = float(tuned[2])
        if tuned[1] == "4":
            return replace(self.anybody, rings_s=value)
        return replace(self.anybody, echo=Echo(delay_ms=value, level_db=_ECHO_DB))
