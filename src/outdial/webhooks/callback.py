"""The callback of one call: an endpoint its request named, told of that call only (Ringg §2.10, §5.3)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote_plus, urlencode, urlsplit, urlunsplit

from outdial.domain.events import Event, EventType
from outdial.domain.record import CallRecord
from outdial.domain.request import Callback
from outdial.webhooks.ports import Endpoint

CALLBACK: Final = "callback"
"""The kind of these deliveries."""

Wants = Callable[[Event, CallRecord], bool]
"""Whether a dialect has anything to say about an event. Must answer the same for the same event again."""


@dataclass(frozen=True)
class CallbackSubscriber:
    """``wants`` by dialect name; a dialect without an entry has no callbacks."""

    wants: Mapping[str, Wants]

    @property
    def types(self) -> Collection[EventType]:
        # What is spoken is told when the attempt has ended; no dialect wants it word by word.
        return frozenset(EventType) - {EventType.SAID, EventType.DIGITS}

    def endpoints(self, event: Event, call: CallRecord) -> Sequence[Endpoint]:
        wants = self.wants.get(call.dialect)
        if call.callback is None or wants is None or not wants(event, call):
            return ()
        return (Endpoint(CALLBACK, call.dialect, address_of(call.callback), headers=call.callback.headers),)


def address_of(callback: Callback) -> str:
    """The callback's URL with its parameters; one that the URL already has is replaced.

    A URL that cannot be read stays as it is: its delivery is refused, and says why.
    """
    if not callback.params:
        return callback.url
    try:
        parts = urlsplit(callback.url)
    except ValueError:
        return callback.url
    # What stays keeps its bytes: the receiver may have signed them.
    kept = [part for part in parts.query.split("&") if part and _name_of(part) not in callback.params]
    return urlunsplit(parts._replace(query="&".join([*kept, urlencode(callback.params)])))


def _name_of(part: str) -> str:
    return unquote_plus(part.partition("=")[0])
