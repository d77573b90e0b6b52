"""The facts: an append-only list, one numbered row each; readers (history, webhooks, live view) know nothing else.

``data`` by type (all JSON):

=================== ==========================================================================================
registered          ``{}``
rescheduled         ``{due_at}``: the customer named another moment
dialing             ``{from_number, call_sid}``: the intent is stored and the carrier is being asked
ringing             ``{early_media: bool}``
answered            ``{}``
said                ``{speaker: "agent"|"callee", text, began_ms, ended_ms, interrupted: bool}``, from the answer
digits              ``{digits}``: DTMF the callee pressed
stop_asked          ``{}``: somebody wants the attempt under way ended, and nobody rung again
attempt_ended       ``{outcome, ended_by, sip_code, reason, talk_ms, cost_micros, next_due_at}``; ``cost_micros``:
                    millionths of a credit charged for it; ``next_due_at`` null: no more
recording_ready     ``{duration_ms}``
call_ended          ``{state, outcome, ended_by, reason}``; ``reason``: why it was never dialled, else empty
platform_analysed   ``{}``: what the talk tells is known (``domain.analysis``)
client_analysed     ``{}``: so is what the agent's owner asked for besides
processed           ``{}``: everything after the call has ended too; exactly one for each call
=================== ==========================================================================================
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class EventType(StrEnum):
    REGISTERED = "registered"
    RESCHEDULED = "rescheduled"
    DIALING = "dialing"
    RINGING = "ringing"
    ANSWERED = "answered"
    SAID = "said"
    DIGITS = "digits"
    STOP_ASKED = "stop_asked"
    ATTEMPT_ENDED = "attempt_ended"
    RECORDING_READY = "recording_ready"
    CALL_ENDED = "call_ended"
    PLATFORM_ANALYSED = "platform_analysed"
    CLIENT_ANALYSED = "client_analysed"
    PROCESSED = "processed"


@dataclass(frozen=True)
class Event:
    """One fact about one call. ``attempt`` is 1-based, 0 before the first; ``seq`` is 0 until it is stored."""

    call_id: str
    workspace_id: str
    type: EventType
    at: datetime
    attempt: int = 0
    data: Mapping[str, Any] = field(default_factory=dict)
    seq: int = 0
