"""Subscriptions and callbacks in this API's own words: each fact as it is, with its call.

The call is as it stands when the fact is first told, which may be a moment after it happened; ``seq`` orders facts and
tells duplicates apart.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import Any, Final

from outdial.api.native.calls import translate
from outdial.api.recordings import RecordingLinks
from outdial.domain.events import Event, EventType
from outdial.domain.record import CallRecord
from outdial.domain.subscription import Audience
from outdial.webhooks.ports import Endpoint

KIND: Final = "subscription"
CALLBACK: Final = "callback"
TYPES: Final = frozenset(EventType) - {EventType.SAID, EventType.DIGITS}
"""What is told: all facts but those that come with every sentence of a talk."""
_RINGLY: Final = "ringly"


class NativeSubscriptions:
    """A ``webhooks.ports.Subscriber``; ``translate`` is its ``Translate``."""

    def __init__(self, links: RecordingLinks) -> None:
        self._links = links

    @property
    def types(self) -> Collection[EventType]:
        return TYPES

    def listens(self, event: Event, audience: Audience) -> bool:
        mine = translate.DIALECT
        if audience.has_callback and audience.dialect == mine:
            return True
        return any(one.dialect == mine and event.type in one.events for one in audience.subscriptions)

    def endpoints(self, event: Event, call: CallRecord) -> Sequence[Endpoint]:
        """The agent's: of several to one fact all are told, at one URL the last of them. And the call's own callback,
        if it came through this API."""
        mine = [one for one in call.subscriptions if one.dialect == translate.DIALECT and event.type in one.events]
        by_url = {one.url: one for one in mine}
        told = [Endpoint(KIND, translate.DIALECT, one.url, one.method, one.headers) for one in by_url.values()]
        if call.callback is not None and call.dialect == translate.DIALECT:
            told.append(Endpoint(CALLBACK, translate.DIALECT, call.callback.url, headers=call.callback.headers))
        return told

    def translate(self, event: Event, call: CallRecord, _kind: str, owed: int | None = None) -> bytes:
        return json.dumps(event_body(event, call, self._links, owed), ensure_ascii=False).encode()


def event_body(event: Event, call: CallRecord, links: RecordingLinks, owed: int | None = None) -> dict[str, Any]:
    """``{seq, type, at, attempt, data, call}``; ``call`` as in ``GET /v1/calls/{call_id}``, but for ``metadata``.

    The last ones of a call say how many before them are ``owed``. A call that
    came through Ringly's API has its four members beside them, under their names there.
    """
    fact = translate.event(event).model_dump()
    shown = translate.call(call, {}, links).model_dump(exclude={"metadata"})
    behind = {} if owed is None else {"owed": owed}
    return {**fact, "call": shown, **behind, **(_as_asked(call) if call.dialect == _RINGLY else {})}


def _as_asked(call: CallRecord) -> dict[str, Any]:
    return {
        "from_number": next(iter(call.from_numbers), ""),
        "to_number": call.to_number,
        "agent_tag": call.agent_tag,
        "dynamic_variables": dict(call.variables),
    }
