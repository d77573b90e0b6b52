"""What a call request must look like: the validation table of the API as data, rows in its order.

All faults of one body are found together; the first, in the order of the table, gives the answer its message.
Look-ups (does the agent exist, is the number ours) are not made here: they come after the body.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from outdial.api.ringg import fields
from outdial.domain.bounds import headers_faults, text_faults, too_long, url_faults, variables_faults
from outdial.domain.errors import Fault, must_be_sound
from outdial.domain.ids import parse_uuid
from outdial.domain.limits import (
    MAX_CALLER_NUMBERS,
    MAX_LABEL_LETTERS,
    MAX_NAME_LETTERS,
    MAX_PARAM_LETTERS,
    MAX_PARAMS,
)
from outdial.domain.numbers import e164

NOT_AN_OBJECT: Final = Fault((), "Request body must be a JSON object", "json_invalid")
MAX_AHEAD: Final = timedelta(days=365)

_Object = Mapping[str, object]


@dataclass(frozen=True)
class Asked:
    """One body to judge: on which route it came, and when."""

    body: _Object
    v2: bool
    now: datetime
    has_callers: bool = False
    """The agent has numbers of its own to call from."""

    def part(self, *path: str) -> _Object:
        """The object at ``path``; empty where there is none."""
        found: _Object = self.body
        for name in path:
            found = fields.as_object(found.get(name)) or {}
        return found


class Rule(NamedTuple):
    row: int
    """The row of the published table this is."""
    check: Callable[[Asked], Iterator[Fault]]


def check_call(body: _Object, *, v2: bool, now: datetime, has_callers: bool = False) -> None:
    """Judge the body of a call request. ``has_callers``: the agent has numbers of its own, so none need be named.

    Raises:
        Invalid: with every fault, in the order of the table.
    """
    asked = Asked(body, v2, now, has_callers)
    faults = [fault for rule in RULES for fault in rule.check(asked)]
    must_be_sound(faults)


def config_faults(config: object, now: datetime) -> list[Fault]:
    """What is wrong with a ``call_config`` that does not stand in the body of a call; paths begin with its name."""
    asked = Asked({_CONFIG: config}, v2=True, now=now)
    return [fault for rule in RULES if rule.row in _CONFIG_ROWS for fault in rule.check(asked)]


def _name(asked: Asked) -> Iterator[Fault]:
    name = asked.body.get("name")
    if not isinstance(name, str) or not name.strip():
        yield Fault(("name",), "name is required", "missing")
    else:
        yield from text_faults(name, MAX_NAME_LETTERS, "name")


def _mobile_number(asked: Asked) -> Iterator[Fault]:
    if fields.is_absent(asked.body.get("mobile_number")):
        yield Fault(("mobile_number",), "mobile_number is required", "missing")


def _mobile_number_form(asked: Asked) -> Iterator[Fault]:
    value = asked.body.get("mobile_number")
    if not fields.is_absent(value) and not (isinstance(value, str) and e164(value)):
        yield Fault(("mobile_number",), "mobile_number must be in E.164 format", "format")


def _agent_id(asked: Asked) -> Iterator[Fault]:
    if fields.is_absent(asked.body.get("agent_id")):
        yield Fault(("agent_id",), "agent_id is required", "missing")


def _agent_id_form(asked: Asked) -> Iterator[Fault]:
    value = asked.body.get("agent_id")
    if not fields.is_absent(value) and not _is_uuid(value):
        yield Fault(("agent_id",), "agent_id must be a UUID", "format")


_V1_SOURCES: Final = ("from_number_id", "from_number")
_V2_SOURCES: Final = ("number_pool_id", *_V1_SOURCES)


def _one_caller_number(asked: Asked) -> Iterator[Fault]:
    given = [name for name in _V2_SOURCES if not fields.is_absent(asked.body.get(name))]
    if len(given) == 1 or (asked.has_callers and not given):
        return
    *others, last = _V2_SOURCES if asked.v2 or "number_pool_id" in given else _V1_SOURCES
    message = f"Provide exactly one of {', '.join(others)} or {last}"
    if given:
        yield Fault((given[-1],), message, "exclusive")
    else:
        yield Fault(("from_number_id",), message, "missing")


def _caller_number_form(asked: Asked) -> Iterator[Fault]:
    for name in _V2_SOURCES:
        value = asked.body.get(name)
        if fields.is_absent(value):
            continue
        texts = fields.as_texts(value)
        if name == "from_number" and (texts is None or not all(e164(text) for text in texts)):
            yield Fault((name,), "from_number must be in E.164 format", "format")
        elif texts is None or (name == "number_pool_id" and isinstance(value, list)):
            yield Fault((name,), f"{name} must be {_FORMS[name]}", "type")
        elif len(texts) > MAX_CALLER_NUMBERS:
            yield Fault((name,), f"{name} may hold at most {MAX_CALLER_NUMBERS} members", "too_long")
        elif name != "from_number" and any(len(text) > MAX_LABEL_LETTERS for text in texts):
            yield too_long((name,), MAX_LABEL_LETTERS)


_FORMS: Final = {"from_number_id": "a string or a list of strings", "number_pool_id": "a string"}


def _variables(asked: Asked) -> Iterator[Fault]:
    variables = fields.as_object(asked.body.get("custom_args_values"))
    if variables is None:
        yield Fault(("custom_args_values",), "custom_args_values must be an object", "type")
    else:
        yield from variables_faults(variables, "custom_args_values")


def _smart_formatter(asked: Asked) -> Iterator[Fault]:
    formatter = fields.as_object(asked.body.get("smart_formatter"))
    if formatter is None:
        yield Fault(("smart_formatter",), "smart_formatter must be an object", "type")
        return
    for name in ("extract_first_name", "transliteration"):
        if not isinstance(formatter.get(name), (bool, type(None))):
            yield _formatter_fault("must be a boolean", name)
    languages = fields.as_object(formatter.get("transliteration_language"))
    if languages is None:
        yield _formatter_fault("must be an object", "transliteration_language")
        return
    for name in ("source", "target"):
        language = languages.get(name)
        if not isinstance(language, (str, type(None))):
            yield _formatter_fault("must be a string", "transliteration_language", name)
        elif language and len(language) > MAX_LABEL_LETTERS:
            yield too_long(("smart_formatter", "transliteration_language", name), MAX_LABEL_LETTERS)


def _formatter_fault(message: str, *path: str) -> Fault:
    return Fault(("smart_formatter", *path), f"smart_formatter.{'.'.join(path)} {message}", "type")


_CONFIG: Final = "call_config"
_RETRY: Final = (_CONFIG, "call_retry_config")
_TIME: Final = (_CONFIG, "call_time")


def _config_objects(asked: Asked) -> Iterator[Fault]:
    for path in ((_CONFIG,), _RETRY, _TIME):
        if fields.as_object(asked.part(*path[:-1]).get(path[-1])) is None:
            yield Fault(path, f"{'.'.join(path)} must be an object", "type")


class _Range(NamedTuple):
    path: tuple[str, ...]
    low: int
    high: int
    whole: bool = False


_RANGES: Final = (
    _Range((_CONFIG, "idle_timeout_warning"), 1, 600),
    _Range((_CONFIG, "idle_timeout_end"), 1, 600),
    _Range((_CONFIG, "max_call_length"), 10, 14400),
    _Range((*_RETRY, "retry_count"), 0, 20, whole=True),
    _Range((*_RETRY, "retry_busy"), 0, 10080),
    _Range((*_RETRY, "retry_not_picked"), 0, 10080),
    _Range((*_RETRY, "retry_failed"), 0, 10080),
)


def _numbers(asked: Asked) -> Iterator[Fault]:
    for path, low, high, whole in _RANGES:
        value = asked.part(*path[:-1]).get(path[-1])
        if value is None:
            continue
        number = fields.as_number(value)
        if number is None or not low <= number <= high or (whole and number % 1):
            yield Fault(path, f"{'.'.join(path)} must be between {low} and {high}", "out_of_range")


def _wall_times(asked: Asked) -> Iterator[Fault]:
    for name in ("call_start_time", "call_end_time"):
        value = asked.part(*_TIME).get(name)
        if value is not None and fields.as_time(value) is None:
            yield Fault((*_TIME, name), f"{'.'.join(_TIME)}.{name} must be HH:MM", "format")


def _timezone(asked: Asked) -> Iterator[Fault]:
    value = asked.part(*_TIME).get("timezone")
    if value is not None and not fields.is_zone(value):
        yield Fault((*_TIME, "timezone"), f"{'.'.join(_TIME)}.timezone is not a known time zone", "unknown")


def _scheduled_at(asked: Asked) -> Iterator[Fault]:
    value = asked.part(*_TIME).get("scheduled_at")
    if value is None:
        return
    zone = asked.part(*_TIME).get("timezone")
    moment = fields.as_moment(value)
    at = fields.instant(moment, str(zone).strip() if fields.is_zone(zone) else fields.DEFAULT_ZONE) if moment else None
    if at is None or at > asked.now + MAX_AHEAD:
        yield Fault((*_TIME, "scheduled_at"), f"{'.'.join(_TIME)}.scheduled_at is not valid", "date_time")


def _callback_url(asked: Asked) -> Iterator[Fault]:
    value = asked.body.get("callback_url")
    if isinstance(value, str) and (faults := [*url_faults(value, "callback_url")]):
        yield from faults
    elif value is not None and not fields.is_web_address(value):
        yield Fault(("callback_url",), "callback_url must be an http or https URL", "url")


def _callback_args(asked: Asked) -> Iterator[Fault]:
    args = fields.as_object(asked.body.get("callback_args"))
    if args is None:
        yield Fault(("callback_args",), "callback_args must be an object", "type")
        return
    for name in ("headers", "params"):
        part = fields.as_object(args.get(name))
        if part is None:
            yield Fault(("callback_args", name), f"callback_args.{name} must be an object", "type")
            continue
        yield from _sizes(name, part)
        for key, value in part.items():
            if value is not None and not _may_be_sent(name, key, value):
                path = ("callback_args", name, key)
                yield Fault(path, f"callback_args.{name} holds a name or value that cannot be sent", "format")


def _sizes(name: str, part: _Object) -> Iterator[Fault]:
    texts = {key: fields.as_scalar_text(value) or "" for key, value in part.items()}
    if name == "headers":
        yield from headers_faults(texts, "callback_args", name)
    elif len(part) > MAX_PARAMS:
        yield too_long(("callback_args", name), MAX_PARAMS, "members")
    else:
        for key, text in texts.items():
            yield from text_faults(text, MAX_PARAM_LETTERS, "callback_args", name, key)


_HEADER_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE: Final = re.compile(r"[\t\x20-\x7e\x80-\xff]*")


def _may_be_sent(part: str, key: str, value: object) -> bool:
    text = fields.as_scalar_text(value)
    if text is None or part == "params":
        return text is not None
    return bool(_HEADER_NAME.fullmatch(key) and _HEADER_VALUE.fullmatch(text))


def _labels(asked: Asked) -> Iterator[Fault]:
    parent, category = asked.body.get("parent_call_id"), asked.body.get("call_category")
    if parent is not None and not _is_uuid(parent):
        yield Fault(("parent_call_id",), "parent_call_id must be a UUID", "format")
    if category is not None and not (isinstance(category, str) and 1 <= len(category.strip()) <= 128):
        yield Fault(("call_category",), "call_category must be a string of 1 to 128 characters", "type")


def _text_ids(asked: Asked) -> Iterator[Fault]:
    for name in ("version_id", "voice_id"):
        value = asked.body.get(name)
        if not isinstance(value, (str, type(None))):
            yield Fault((name,), f"{name} must be a string", "type")
        elif value is not None:
            yield from text_faults(value, MAX_LABEL_LETTERS, name)


def _is_uuid(value: object) -> bool:
    return isinstance(value, str) and parse_uuid(value) is not None


RULES: Final = (
    Rule(3, _name),
    Rule(4, _mobile_number),
    Rule(5, _mobile_number_form),
    Rule(6, _agent_id),
    Rule(7, _agent_id_form),
    Rule(10, _one_caller_number),  # and 11, 12: one rule, worded by the route
    Rule(13, _caller_number_form),
    Rule(16, _variables),
    Rule(17, _smart_formatter),
    Rule(18, _config_objects),
    Rule(19, _numbers),
    Rule(20, _wall_times),
    Rule(21, _timezone),
    Rule(22, _scheduled_at),
    Rule(23, _callback_url),
    Rule(24, _callback_args),
    Rule(25, _text_ids),  # and 26: whether they exist is a look-up
    Rule(27, _labels),
)
_CONFIG_ROWS: Final = range(18, 23)
"""Those about ``call_config``."""
