"""Which waiting calls a request wants ended: the forms this API knows, judged and translated."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from outdial.api.ringg import fields, listing
from outdial.domain.errors import Fault, must_be_sound
from outdial.domain.ids import parse_uuid
from outdial.domain.numbers import e164
from outdial.store.calls.waiting_calls import Selection

MOST: Final = 100
"""Numbers, or calls, in one request."""

_NAMES: Final = ("agent_id", "call_ids", "campaign_id", "mobile_numbers")
_FORMS: Final = ({"agent_id"}, {"call_ids"}, {"campaign_id"}, {"campaign_id", "mobile_numbers"}, {"mobile_numbers"})
_ONE_FORM: Final = "Provide exactly one of agent_id, call_ids, campaign_id or mobile_numbers, or the last two together"
_EVERYWHERE: Final = "terminate_all_calls"

_Object = Mapping[str, object]


def selection(body: _Object, everywhere: str | None) -> Selection:
    """The calls ``body`` and the query ``terminate_all_calls`` name.

    Raises:
        Invalid: with every fault.
    """
    in_lists = listing.truth(_EVERYWHERE, everywhere)
    faults = [*_form(body), *_ids(body), *_list_of_calls(body), *_numbers(body), *_reach(body, in_lists=in_lists)]
    must_be_sound(faults)
    calls = (parse_uuid(text) for text in _texts(body, "call_ids"))
    return Selection(
        agent_id=_id(body, "agent_id") or "",
        # What is no id is the id of no call.
        call_ids=tuple(call_id or "" for call_id in calls),
        bulk_list_id=_id(body, "campaign_id") or "",
        numbers=_texts(body, "mobile_numbers"),
        in_lists=in_lists,
    )


def _given(body: _Object) -> set[str]:
    return {name for name in _NAMES if not fields.is_absent(body.get(name))}


def _form(body: _Object) -> Iterator[Fault]:
    given = _given(body)
    if given not in _FORMS:
        kind = "exclusive" if given else "missing"
        yield Fault((min(given) if given else "agent_id",), _ONE_FORM, kind)


def _ids(body: _Object) -> Iterator[Fault]:
    for name in ("agent_id", "campaign_id"):
        if name in _given(body) and _id(body, name) is None:
            yield Fault((name,), f"{name} must be a UUID", "format")


def _list_of_calls(body: _Object) -> Iterator[Fault]:
    if "call_ids" in _given(body):
        yield from _most("call_ids", fields.as_texts(body["call_ids"]))


def _numbers(body: _Object) -> Iterator[Fault]:
    if "mobile_numbers" not in _given(body):
        return
    numbers = fields.as_texts(body["mobile_numbers"])
    yield from _most("mobile_numbers", numbers)
    if numbers is not None and not all(e164(number) for number in numbers):
        yield Fault(("mobile_numbers",), "mobile_numbers must be in E.164 format", "format")


def _most(name: str, texts: tuple[str, ...] | None) -> Iterator[Fault]:
    if texts is None:
        yield Fault((name,), f"{name} must be a list of strings", "type")
    elif len(texts) > MOST:
        yield Fault((name,), f"{name} may hold at most {MOST} members", "too_long")


def _reach(body: _Object, *, in_lists: bool) -> Iterator[Fault]:
    if in_lists and _given(body) != {"mobile_numbers"}:
        yield Fault((_EVERYWHERE,), "terminate_all_calls goes with mobile_numbers alone", "exclusive")


def _id(body: _Object, name: str) -> str | None:
    value = body.get(name)
    return parse_uuid(value) if isinstance(value, str) else None


def _texts(body: _Object, name: str) -> tuple[str, ...]:
    return (fields.as_texts(body[name]) or ()) if name in _given(body) else ()
