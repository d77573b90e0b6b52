"""How a dial that nobody picked up is called in neutral words.

The table follows RFC 3398 §7.2.4.1 backwards: a gateway turns the phone network's Q.850 cause into a SIP status and
loses part of it, so a cause that says something goes before the status. Causes that say nothing (16, 31, 127) are
not in the table. ``docs/sip.md`` prints it; a test keeps the two in step.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from outdial.domain.outcome import NotReached, Outcome


@dataclass(frozen=True)
class Meaning:
    """``reason`` is one line a person can act on."""

    outcome: Outcome
    reason: str


_CREDENTIALS: Final = Meaning(
    Outcome.TRUNK_FAILED, "the trunk refused our credentials: check auth user, password and the allowed caller numbers"
)
_CODECS: Final = Meaning(Outcome.TRUNK_FAILED, "the trunk accepts none of our codecs or our SRTP: check both settings")
_CONGESTED: Final = Meaning(Outcome.TRUNK_FAILED, "the trunk or the network behind it is congested: try later")
_TRUNK: Final = Meaning(Outcome.TRUNK_FAILED, "the trunk reports a failure of its own: ask the carrier")
_NOT_ALLOWED: Final = Meaning(
    Outcome.TRUNK_FAILED, "the trunk does not carry calls to this number: check the account's allowed destinations"
)
_BEARER: Final = Meaning(
    Outcome.TRUNK_FAILED, "the number does not take calls of our kind: check the trunk's codecs if all are refused"
)
_UNKNOWN: Final = Meaning(Outcome.INVALID_NUMBER, "the number does not exist or is not in use")
_INCOMPLETE: Final = Meaning(Outcome.INVALID_NUMBER, "the number is incomplete or has a wrong form")
_BUSY: Final = Meaning(Outcome.BUSY, "the line is busy")
_NO_ANSWER: Final = Meaning(Outcome.NO_ANSWER, "nobody answered")
_ABSENT: Final = Meaning(
    Outcome.NO_ANSWER, "the phone cannot be reached at the moment: switched off or out of coverage"
)
_DECLINED: Final = Meaning(Outcome.DECLINED, "the callee declined the call")

BY_SIP: Final[dict[int, Meaning]] = {
    300: Meaning(Outcome.TRUNK_FAILED, "the trunk redirects calls, which is not followed: ask the carrier"),
    301: Meaning(Outcome.TRUNK_FAILED, "the trunk redirects calls, which is not followed: ask the carrier"),
    302: Meaning(Outcome.TRUNK_FAILED, "the trunk redirects calls, which is not followed: ask the carrier"),
    401: _CREDENTIALS,
    402: Meaning(Outcome.TRUNK_FAILED, "the trunk wants to be paid: check the account's balance"),
    403: _CREDENTIALS,
    404: _UNKNOWN,
    407: _CREDENTIALS,
    408: _NO_ANSWER,
    410: _UNKNOWN,
    415: _CODECS,
    480: _ABSENT,
    484: _INCOMPLETE,
    485: Meaning(Outcome.INVALID_NUMBER, "the number may mean several phones there: ask the carrier"),
    486: _BUSY,
    487: _NO_ANSWER,
    488: _CODECS,
    500: _TRUNK,
    502: _TRUNK,
    503: _CONGESTED,
    504: _TRUNK,
    600: _BUSY,
    603: _DECLINED,
    604: _UNKNOWN,
    606: _CODECS,
    607: Meaning(Outcome.DECLINED, "the callee marked calls from this caller number as unwanted"),
    608: Meaning(Outcome.DECLINED, "an intermediary blocks calls from this caller number: ask the carrier"),
}

BY_Q850: Final[dict[int, Meaning]] = {
    1: _UNKNOWN,
    2: _TRUNK,
    3: Meaning(Outcome.INVALID_NUMBER, "no route leads to the number"),
    17: _BUSY,
    18: Meaning(Outcome.NO_ANSWER, "the phone did not respond"),
    19: _NO_ANSWER,
    20: _ABSENT,
    21: _DECLINED,
    22: Meaning(Outcome.INVALID_NUMBER, "the number has changed"),
    27: _ABSENT,
    28: _INCOMPLETE,
    34: _CONGESTED,
    38: _TRUNK,
    41: _CONGESTED,
    42: _CONGESTED,
    44: _CONGESTED,
    47: _CONGESTED,
    50: _NOT_ALLOWED,
    54: _NOT_ALLOWED,
    55: _NOT_ALLOWED,
    57: _NOT_ALLOWED,
    58: _CONGESTED,
    63: _TRUNK,
    65: _BEARER,
    70: _BEARER,
    79: _BEARER,
    87: _NOT_ALLOWED,
    88: _BEARER,
    102: _TRUNK,
}

_UNLISTED: Final = {
    3: BY_SIP[302],
    4: Meaning(Outcome.TRUNK_FAILED, "the trunk refused the call"),
    5: _TRUNK,
    6: _DECLINED,
}
"""What a status not in the table means, by its first digit (RFC 3261 §8.1.3.2)."""

_STATUS_LINE: Final = re.compile(r"([3-6]\d\d)\b ?(.*)", re.DOTALL)
_Q850_CAUSE: Final = re.compile(r"Q\.850\s*;(?:[^,]*;)?\s*cause\s*=\s*(\d{1,3})", re.IGNORECASE)


def refusal(close_text: str) -> NotReached | None:
    """What the far side's final answer means; None when ``close_text`` is not an answer of the far side.

    ``close_text`` is the native stack's: ``486 Busy Here,Q.850;cause=17;text="User busy"``.
    """
    found = _STATUS_LINE.fullmatch(close_text)
    if found is None:
        return None
    status = int(found[1])
    cause = _Q850_CAUSE.search(found[2])
    return not_reached(status, int(cause[1]) if cause else 0)


def not_reached(sip_code: int, q850: int = 0) -> NotReached:
    """The outcome of a final SIP status of 300 or more, with the Q.850 cause that came along (0: none)."""
    meaning = BY_Q850.get(q850) or BY_SIP.get(sip_code) or _UNLISTED[sip_code // 100]
    source = f"SIP {sip_code}, Q.850 {q850}" if q850 else f"SIP {sip_code}"
    return NotReached(meaning.outcome, sip_code, q850, f"{meaning.reason} ({source})")


def rung_out(ring_timeout_s: float, *, rang: bool) -> NotReached:
    """Nobody answered in time and we cancelled; 487 is the far side's answer to that (RFC 3261 §9.2)."""
    sign = "" if rang else "; the trunk never said that the phone rings"
    return NotReached(Outcome.NO_ANSWER, 487, 0, f"not answered within {ring_timeout_s:g} s{sign}")


_NETWORK: Final[dict[int, str]] = {
    111: "{trunk} refuses connections: check host, port and transport",
    89: "the host name of {trunk} cannot be found: check host and the machine's DNS",
    99: "the host name of {trunk} cannot be found: check host and the machine's DNS",
    71: "the TLS certificate of {trunk} was not accepted: check its host name and the CA file",
    110: "{trunk} does not answer at all: check host, port, transport and firewalls",
    101: "no network leads to {trunk}: check this machine's network",
    113: "no network leads to {trunk}: check this machine's network",
}
"""By errno: what stopped a dial before a phone can have rung."""

_ERRNO: Final = re.compile(r"\[(\d+)\]\s*$")


def unreachable(close_text: str, trunk_name: str) -> str | None:
    """Why no phone can have rung, or None when one may have."""
    found = _ERRNO.search(close_text)
    line = _NETWORK.get(int(found[1])) if found else None
    return line.format(trunk=trunk_name) if line else None
