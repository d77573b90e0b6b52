"""The ``callback_url`` of a call as a subscriber: which facts it hears of, where, and in which words."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Final

from outdial.api.recordings import RecordingLinks
from outdial.api.ringg.calls.translate import DIALECT
from outdial.api.ringg.webhooks import payloads
from outdial.domain.events import Event, EventType
from outdial.domain.record import CallRecord
from outdial.domain.subscription import Audience
from outdial.webhooks.callback import address_of
from outdial.webhooks.ports import Endpoint

KIND: Final = "callback"
_TYPES: Final[Mapping[payloads.CallbackBody, Collection[EventType]]] = {
    "superset": (EventType.REGISTERED, *payloads.TYPES),
    "envelope": (EventType.REGISTERED, EventType.DIALING, EventType.ATTEMPT_ENDED, EventType.CALL_ENDED),
    "events": payloads.TYPES,
}


class RinggCallbacks:
    """A ``webhooks.ports.Subscriber``; ``translate`` is its ``Translate``."""

    def __init__(self, links: RecordingLinks, mode: payloads.CallbackBody) -> None:
        self._links = links
        self._mode = mode

    @property
    def types(self) -> Collection[EventType]:
        return _TYPES[self._mode]

    def listens(self, event: Event, audience: Audience) -> bool:
        return audience.has_callback and audience.dialect == DIALECT

    def endpoints(self, event: Event, call: CallRecord) -> Sequence[Endpoint]:
        wanted = call.callback is not None and call.dialect == DIALECT
        if call.callback is None or not wanted or self._payload(event, call) is None:
            return ()
        return (Endpoint(KIND, DIALECT, address_of(call.callback), headers=call.callback.headers),)

    def translate(self, event: Event, call: CallRecord, _kind: str, _owed: int | None = None) -> bytes:
        return json.dumps(self._payload(event, call), ensure_ascii=False).encode()

    def _payload(self, event: Event, call: CallRecord) -> payloads.Payload | None:
        return payloads.callback_payload(event, call, self._links, mode=self._mode)
