"""The event subscriptions of agents (§5.1) as a subscriber: who hears of which event of a call, and in which words.

An agent's subscriptions are independent of the call's own ``callback_url``: where both apply, both are told.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import Final

from outdial.api.recordings import RecordingLinks
from outdial.api.ringg.calls.translate import DIALECT
from outdial.api.ringg.webhooks import payloads
from outdial.domain.events import Event, EventType
from outdial.domain.record import CallRecord
from outdial.domain.subscription import Audience, heard_by
from outdial.webhooks.ports import Endpoint

KIND: Final = "subscription"


class RinggSubscriptions:
    """A ``webhooks.ports.Subscriber``; ``translate`` is its ``Translate``.

    Told are all calls of the agent, whichever API they came through.
    """

    def __init__(self, links: RecordingLinks) -> None:
        self._links = links

    @property
    def types(self) -> Collection[EventType]:
        return payloads.TYPES

    def listens(self, event: Event, audience: Audience) -> bool:
        return audience.subscribes(DIALECT)

    def endpoints(self, event: Event, call: CallRecord) -> Sequence[Endpoint]:
        if all(one.dialect != DIALECT for one in call.subscriptions):
            return ()
        body = payloads.event_payload(event, call, self._links)
        chosen = body and heard_by(call.subscriptions, DIALECT, body["event_type"])
        if not chosen:
            return ()
        return (Endpoint(KIND, DIALECT, chosen.url, chosen.method, chosen.headers),)

    def translate(self, event: Event, call: CallRecord, _kind: str, _owed: int | None = None) -> bytes:
        return json.dumps(payloads.event_payload(event, call, self._links), ensure_ascii=False).encode()
