"""One dial of a call: what is asked of the media worker, and what it answers with.

Everything here is plain data that crosses a process boundary as JSON.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from outdial.domain.agent import Brief
from outdial.domain.outcome import EndedBy, NotReached, Outcome


@dataclass(frozen=True)
class Trunk:
    """An account at a carrier. Secrets are in clear here: never log a Trunk.

    ``kind`` is ``sip`` (a real trunk) or ``simulator`` (the simulated network, also reached over real SIP).
    ``srtp`` is ``off``, ``optional`` or ``mandatory``; ``transport`` is ``udp``, ``tcp`` or ``tls``.
    """

    id: str
    name: str
    host: str
    port: int = 5060
    kind: str = "sip"
    transport: str = "udp"
    auth_user: str = ""
    password: str = field(default="", repr=False)
    srtp: str = "off"
    codecs: tuple[str, ...] = ("pcmu", "pcma")
    outbound_proxy: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    ca_file: str = ""
    """PEM file that TLS certificates are checked against; empty: the system's."""
    display_name: str = ""
    added_by: str = "command"
    """Who said where it leads: the operator by ``command``, or a customer over the ``api``, who may not lead inside."""


@dataclass(frozen=True)
class Dial:
    """Ring ``to_number`` (E.164) from ``from_number`` (E.164) over ``trunk``, at most ``ring_timeout_s``."""

    call_id: str
    attempt: int
    to_number: str
    from_number: str
    trunk: Trunk
    ring_timeout_s: float = 45.0
    before: datetime | None = None
    """The INVITE may leave only before this moment: later, others may believe the attempt lost. None: at any time."""


def missed(dial: Dial, now: datetime) -> NotReached | None:
    """None while the INVITE may leave; afterwards, what a carrier answers that has not sent it."""
    if dial.before is None or now < dial.before:
        return None
    late_s = (now - dial.before).total_seconds()
    reason = f"the dial was held up until {late_s:.1f} s after its last moment; nobody was rung"
    return NotReached(Outcome.WORKER_LOST, reason=reason, nobody_rung=True)


@dataclass(frozen=True)
class Order:
    """An attempt to carry out: dial, and if somebody answers, talk. ``recording_path`` is a file to write."""

    dial: Dial
    brief: Brief
    recording_path: str


class Speaker(StrEnum):
    AGENT = "agent"
    CALLEE = "callee"


@dataclass(frozen=True)
class Turn:
    """Something one side said and the other could hear. Times are milliseconds from the answer.

    An interrupted agent turn holds only the words that were really played. ``latency_ms``, on agent turns that
    reply to the callee, is the time from the end of the callee's speech to the first sound of the reply.
    """

    speaker: Speaker
    text: str
    began_ms: int
    ended_ms: int
    interrupted: bool = False
    latency_ms: int | None = None


@dataclass(frozen=True)
class Ringing:
    """The far phone rings; with ``early_media`` the network already plays sound before the answer."""

    at: datetime
    early_media: bool = False


@dataclass(frozen=True)
class Answered:
    at: datetime


@dataclass(frozen=True)
class Said:
    at: datetime
    turn: Turn


@dataclass(frozen=True)
class DigitsPressed:
    at: datetime
    digits: str


Progress = Ringing | Answered | Said | DigitsPressed
"""What a worker reports while an attempt is under way, in order."""


@dataclass(frozen=True)
class TalkSummary:
    """The conversation of an answered attempt. Times from the answer; ``first_word_ms`` None: nothing was said."""

    talk_ms: int
    turns: tuple[Turn, ...]
    ended_by: EndedBy
    first_word_ms: int | None = None
    captured: Mapping[str, str] = field(default_factory=dict)
    recording_ms: int = 0
    """Length of the recording on disk; 0: there is none."""
    trouble: str = ""
    """A part (STT, LLM, TTS, disk) that failed during the talk, in one line; empty: none did."""


@dataclass(frozen=True)
class Result:
    """How an attempt ended. ``talk`` is None exactly when nobody answered."""

    at: datetime
    outcome: Outcome
    sip_code: int = 0
    q850: int = 0
    reason: str = ""
    talk: TalkSummary | None = None
    nobody_rung: bool = False
    """Surely no INVITE left, although it was about to; said only by who would have sent it."""
    permanent: bool = False
    """Dialling again cannot help until somebody mends what ``reason`` names: the call is not retried."""
