"""What the network itself saw of each call: the far side's view, to check our own tables against."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

REMEMBERED_CALLS: Final = 10_000
"""How many calls a network looks back on."""


class CallEnd(StrEnum):
    UNDER_WAY = "under_way"
    REFUSED = "refused"
    CANCELLED = "cancelled"
    CALLER_HUNG_UP = "caller_hung_up"
    CALLEE_HUNG_UP = "callee_hung_up"
    NEVER_ACKNOWLEDGED = "never_acknowledged"
    BROKEN = "broken"
    """The callee itself failed; the network's log says how."""


@dataclass
class SeenCall:
    """One INVITE (one dial, in memory). ``sip_code`` is the final answer, 0 while there is none."""

    number: str
    from_number: str
    call_id: str
    invited_at: datetime
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    end: CallEnd = CallEnd.UNDER_WAY
    sip_code: int = 0
    digits: str = ""
    """Keys the caller pressed."""
