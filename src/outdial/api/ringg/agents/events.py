"""Event subscriptions of an agent as clients send them and read them back (the delivery is another matter)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, Literal, cast

from outdial.api.ringg import fields
from outdial.api.ringg.agents import responses
from outdial.api.ringg.calls.translate import DIALECT
from outdial.domain.bounds import headers_faults, url_faults
from outdial.domain.errors import Fault, Invalid, must_be_sound
from outdial.domain.limits import MAX_SUBSCRIPTIONS
from outdial.domain.subscription import Subscription
from outdial.domain.subscription_headers import NOT_OURS_TO_SEND, masked, may_be_sent

FIELD: Final = "event_subscriptions"
EVENTS: Final = (
    "call_started",
    "call_completed",
    "recording_completed",
    "platform_analysis_completed",
    "client_analysis_completed",
    "all_processing_completed",
)
_METHODS: Final = ("POST", "PUT", "PATCH")


def read(value: object) -> tuple[Subscription, ...]:
    """What the list stands for; masked header values are left as they came.

    Raises:
        Invalid: with every fault.
    """
    if not isinstance(value, list):
        raise Invalid(Fault((FIELD,), f"{FIELD} must be a list", "type"))
    if len(value) > MAX_SUBSCRIPTIONS:
        raise Invalid(Fault((FIELD,), f"{FIELD} may hold at most {MAX_SUBSCRIPTIONS} entries", "too_long"))
    faults = [fault for index, entry in enumerate(value) for fault in _faults(entry, (FIELD, str(index)))]
    must_be_sound(faults)
    return tuple(_subscription(entry) for entry in value)


def rows(subscriptions: Iterable[Subscription]) -> list[responses.SubscriptionRow]:
    """As they are read back: only those of this API, header values masked."""
    return [
        responses.SubscriptionRow(
            event_type=list(one.events),
            callback_url=one.url,
            headers=masked(one.headers),
            method_type=cast(Literal["POST", "PUT", "PATCH"], one.method),
        )
        for one in subscriptions
        if one.dialect == DIALECT
    ]


def _faults(entry: object, path: tuple[str, ...]) -> Iterator[Fault]:
    if not isinstance(entry, dict):
        yield Fault(path, f"{'.'.join(path)} must be an object", "type")
        return
    events = fields.as_texts(entry.get("event_type"))
    if fields.is_absent(entry.get("event_type")):
        yield Fault((*path, "event_type"), "event_type is required", "missing")
    elif events is None or not set(events) <= set(EVENTS):
        yield Fault((*path, "event_type"), f"event_type must be one or several of {', '.join(EVENTS)}", "unknown")
    url = entry.get("callback_url")
    if isinstance(url, str) and (faults := [*url_faults(url, *path, "callback_url")]):
        yield from faults
    elif not fields.is_web_address(url):
        yield Fault((*path, "callback_url"), "callback_url must be an http or https URL", "url")
    if not fields.is_absent(entry.get("method_type")) and _method(entry) not in _METHODS:
        yield Fault((*path, "method_type"), f"method_type must be one of {', '.join(_METHODS)}", "unknown")
    headers = fields.as_object(entry.get("headers"))
    if headers is None:
        yield Fault((*path, "headers"), "headers must be an object", "type")
        return
    yield from headers_faults(
        {name: fields.as_scalar_text(value) or "" for name, value in headers.items()}, *path, "headers"
    )
    for name, value in headers.items():
        text = fields.as_scalar_text(value)
        if value is not None and (text is None or not may_be_sent(name, text)):
            yield Fault((*path, "headers", name), "headers holds a name or value that cannot be sent", "format")


def _subscription(entry: Mapping[str, object]) -> Subscription:
    headers = fields.as_object(entry.get("headers")) or {}
    texts = {name: fields.as_scalar_text(value) for name, value in headers.items()}
    return Subscription(
        dialect=DIALECT,
        events=fields.as_texts(entry["event_type"]) or (),
        url=str(entry["callback_url"]).strip(),
        headers={
            name: text for name, text in texts.items() if text is not None and name.lower() not in NOT_OURS_TO_SEND
        },
        method=_method(entry) or "POST",
    )


def _method(entry: Mapping[str, object]) -> str:
    value = entry.get("method_type")
    return value.strip().upper() if isinstance(value, str) else "" if value is None else "?"
