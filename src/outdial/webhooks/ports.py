"""What webhooks need from outside: who wants to hear of an event, and the words it is told in.

Both come from the dialects and are handed in by ``bootstrap``; nothing here knows a vendor.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from outdial.domain.events import Event, EventType
from outdial.domain.record import CallRecord
from outdial.domain.subscription import Audience


@dataclass(frozen=True)
class Endpoint:
    """Where one event goes, and how it is told there.

    ``kind`` is a word of the subscriber's own that the dialect's translator understands; one event goes to one URL
    once for each kind. ``headers`` are sent as given, except those in ``delivery.DROPPED_HEADERS``.
    """

    kind: str
    dialect: str
    url: str
    method: str = "POST"
    headers: Mapping[str, str] = field(default_factory=dict)


class Subscriber(Protocol):
    """Says which endpoints hear of an event. Asked once for each event, in order; must answer the same again."""

    @property
    def types(self) -> Collection[EventType]:
        """The only events it is asked about; of all others it wants nothing."""

    def listens(self, event: Event, audience: Audience) -> bool:
        """Whether it may name an endpoint for this event. Asked first, so that calls nobody listens to are not read."""

    def endpoints(self, event: Event, call: CallRecord) -> Sequence[Endpoint]: ...


Translate = Callable[[Event, CallRecord, str, int | None], bytes]
"""The body of one delivery, from the event, its call as it is now, the kind and, of a call's last events, how many
before it the receiver has not taken yet. UTF-8 text. Called once for each delivery that comes to a first try; what it
returns is kept and sent again unchanged."""

Dialects = Mapping[str, Translate]
"""A translator for each dialect, by name."""


def by_kind(translators: Mapping[str, Translate]) -> Translate:
    """One translator out of several of one dialect, each for the kind it is named after."""

    def translate(event: Event, call: CallRecord, kind: str, owed: int | None) -> bytes:
        return translators[kind](event, call, kind, owed)

    return translate
