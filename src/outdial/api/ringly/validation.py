"""What a call request must look like. All faults of one body are found together."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Final

from outdial.domain.errors import Fault, must_be_sound
from outdial.domain.limits import MAX_RINGLY_VALUE_LETTERS, MAX_RINGLY_VARIABLES
from outdial.domain.numbers import e164

RINGLY_VARIABLE_KEY: Final = r"[A-Za-z_]+"
MAX_KEY_LENGTH: Final = 64
MAX_TAG_LENGTH: Final = 128
BODY_LIMIT_BYTES: Final = 256 * 1024

NOT_AN_OBJECT: Final = Fault((), "the body must be a JSON object")

_KEY: Final = re.compile(RINGLY_VARIABLE_KEY)
_BLANK: Final = re.compile(r"\s")
_Object = Mapping[str, object]


def check_call(body: _Object, *, first_version: bool) -> None:
    """Judge the body of a call request.

    Raises:
        Invalid: with every fault, in the order of the fields.
    """
    faults = [*_numbers(body), *_tag(body), *_variables(body)]
    if first_version:
        faults += _value("customer_name", body.get("customer_name"))
    must_be_sound(faults)


def _numbers(body: _Object) -> Iterator[Fault]:
    for name in ("from_number", "to_number"):
        yield from _text(body, name)
        value = body.get(name)
        if isinstance(value, str) and value.strip() and e164(value) is None:
            yield Fault((name,), f"{name} must be in E.164 format")


def _tag(body: _Object) -> Iterator[Fault]:
    yield from _text(body, "agent_tag")
    tag = body.get("agent_tag")
    if isinstance(tag, str) and tag.strip() and (len(tag) > MAX_TAG_LENGTH or _BLANK.search(tag)):
        yield Fault(("agent_tag",), f"agent_tag must be 1 to {MAX_TAG_LENGTH} characters without blanks")


def _text(body: _Object, name: str) -> Iterator[Fault]:
    value = body.get(name)
    if value is None or (isinstance(value, str) and not value.strip()):
        yield Fault((name,), f"{name} is required")
    elif not isinstance(value, str):
        yield Fault((name,), f"{name} must be a string")


def _variables(body: _Object) -> Iterator[Fault]:
    variables = body.get("dynamic_variables")
    if variables is None:
        return
    if not isinstance(variables, dict):
        yield Fault(("dynamic_variables",), "dynamic_variables must be an object")
        return
    if len(variables) > MAX_RINGLY_VARIABLES:
        yield Fault(("dynamic_variables",), f"dynamic_variables may hold at most {MAX_RINGLY_VARIABLES} keys")
    for key, value in variables.items():
        where = f"dynamic_variables.{key[:MAX_KEY_LENGTH]}"
        if not _KEY.fullmatch(key):
            yield Fault(("dynamic_variables", key), f"{where}: keys may hold letters and underscores only")
        if len(key) > MAX_KEY_LENGTH:
            yield Fault(("dynamic_variables", key), f"{where}: keys may be at most {MAX_KEY_LENGTH} characters long")
        yield from _value(where, value)


def _value(where: str, value: object) -> Iterator[Fault]:
    if isinstance(value, (list, dict)):
        yield Fault((where,), f"{where}: values must be strings")
    elif len(as_text(value) or "") > MAX_RINGLY_VALUE_LETTERS:
        yield Fault((where,), f"{where}: values may be at most {MAX_RINGLY_VALUE_LETTERS} characters long")


def as_text(value: object) -> str | None:
    """A JSON scalar as it is stored and echoed; None for null: ``3`` is "3", ``3605.20`` "3605.2", ``true`` "true"."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        text = format(Decimal(repr(value)), "f")
        return text.rstrip("0").rstrip(".") if "." in text else text
    return str(value)
