"""A call as it stood when something happened to it: what may be told of that moment, and no more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from outdial.api.recordings import RecordingLinks
from outdial.api.ringg.calls import render, responses
from outdial.domain.events import Event, EventType
from outdial.domain.record import AttemptRecord, CallRecord

_ANALYSED: Final = frozenset({EventType.PLATFORM_ANALYSED, EventType.CLIENT_ANALYSED, EventType.PROCESSED})
"""From these on, the analysis is known if there is one."""
_OF_THE_CALL: Final = _ANALYSED | {EventType.CALL_ENDED}
_AFTER_AN_ATTEMPT: Final = _OF_THE_CALL | {EventType.ATTEMPT_ENDED, EventType.RECORDING_READY}


@dataclass(frozen=True)
class Moment:
    """A call as it stood when an event happened."""

    event: Event
    record: CallRecord
    links: RecordingLinks

    @property
    def number(self) -> int:
        """The attempt the event is about; events of the whole call are about the last. 0: there was none."""
        return len(self.record.attempts) if self.event.type in _OF_THE_CALL else self.event.attempt

    @property
    def attempt(self) -> AttemptRecord | None:
        return next((attempt for attempt in self.record.attempts if attempt.number == self.number), None)

    @property
    def over(self) -> bool:
        """Whether the attempt had ended by then: before, nothing is known of how it went."""
        return self.event.type in _AFTER_AN_ATTEMPT

    @property
    def turns(self) -> list[responses.Turn]:
        """As webhooks hold them (§5.2): the speaker's key and nothing else."""
        return render.bare_turns(self.record, until=self.number) if self.over else []

    @property
    def talk_s(self) -> float:
        return self.attempt.talk_ms / 1000 if self.attempt and self.over else 0.0

    @property
    def cost(self) -> float:
        """Credits: of the attempt; on the final event, of the whole call."""
        if self.event.type is EventType.PROCESSED:
            return self.record.cost
        return self.attempt.cost if self.attempt and self.over else 0.0

    @property
    def recording_url(self) -> str | None:
        known = self.event.type in {EventType.RECORDING_READY, EventType.PROCESSED}
        return render.recording(self.record, self.links) if known else None

    @property
    def analysed(self) -> bool:
        return self.event.type in _ANALYSED
