"""An agent's definition as JSON: the same strict shape in the database and in ``outdial agent add FILE``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import time
from typing import Any, Final

from outdial.domain.agent import ANALYSIS_TYPES, AnalysisPlan, Definition, PromptSection, TalkLimits
from outdial.domain.bounds import definition_faults
from outdial.domain.errors import Broken, Fault, Invalid, must_be_sound
from outdial.domain.hours import zone

_Read = Callable[[str, Any], Any]


def definition_to_json(definition: Definition) -> dict[str, Any]:
    return asdict(definition)


def storable(definition: Definition) -> dict[str, Any]:
    """As ``definition_to_json``, and surely read back: what cannot be read would stop every later look at the agent.

    Raises:
        Invalid: a member is of the wrong kind, out of its range or over its limit. Limits hold for what is stored
            now: what was stored before is read as it is.
    """
    must_be_sound(definition_faults(definition))
    stored = definition_to_json(definition)
    definition_from_json(stored)
    return stored


def definition_from_json(stored: Any) -> Definition:
    """The definition in ``stored``; members left out have their defaults.

    Raises:
        Invalid: a member is unknown or of the wrong kind; every fault is listed, each naming its field.
    """
    if not isinstance(stored, Mapping):
        raise Invalid(Fault((), "an agent's definition must be an object"))
    faults: list[Fault] = []
    values: dict[str, Any] = {}
    for name, value in stored.items():
        read = _READERS.get(name)
        if read is None:
            faults.append(Fault((str(name),), f"{name} is not a field of an agent", "unknown_field"))
            continue
        try:
            values[name] = read(name, value)
        except Invalid as wrong:
            faults.extend(wrong.faults)
    must_be_sound(faults)
    return Definition(**values)


def _wrong(path: str, what: str) -> Invalid:
    return Invalid(Fault(tuple(path.split(".")), f"{path} must be {what}"))


def _text(path: str, value: Any) -> str:
    if not isinstance(value, str):
        raise _wrong(path, "a string")
    return value


def _flag(path: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise _wrong(path, "true or false")
    return value


def _object(path: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping) or not all(isinstance(name, str) for name in value):
        raise _wrong(path, "an object")
    return dict(value)


def _optional_object(path: str, value: Any) -> dict[str, Any] | None:
    return None if value is None else _object(path, value)


def _texts(path: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list | tuple):
        raise _wrong(path, "a list of strings")
    return tuple(_text(f"{path}.{index}", member) for index, member in enumerate(value))


def _named_texts(path: str, value: Any) -> dict[str, str]:
    return {name: _text(f"{path}.{name}", member) for name, member in _object(path, value).items()}


def _between(low: float, high: float) -> _Read:
    def read(path: str, value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise _wrong(path, f"between {low:g} and {high:g}")
        return value

    return read


def _prompt(path: str, value: Any) -> tuple[PromptSection, ...]:
    """Sections, or one text."""
    if isinstance(value, str):
        return (PromptSection("", value),)
    if not isinstance(value, list | tuple):
        raise _wrong(path, "a string or a list of sections")
    return tuple(_section(f"{path}.{index}", member) for index, member in enumerate(value))


def _section(path: str, value: Any) -> PromptSection:
    members = _members(path, value, {"title": _text, "content": _text})
    return PromptSection(title=members.get("title", ""), content=members.get("content", ""))


def _limits(path: str, value: Any) -> TalkLimits:
    return TalkLimits(**_members(path, value, _LIMITS))


def _analysis(path: str, value: Any) -> AnalysisPlan:
    return AnalysisPlan(**_members(path, value, _ANALYSIS))


def _typed_keys(path: str, value: Any) -> dict[str, str]:
    keys = _named_texts(path, value)
    for name, kind in keys.items():
        if kind not in ANALYSIS_TYPES:
            raise _wrong(f"{path}.{name}", f"one of {', '.join(ANALYSIS_TYPES)}")
    return keys


def _call_config(path: str, value: Any) -> dict[str, Any]:
    named = {name: member for name, member in _object(path, value).items() if member is not None}
    return _members(path, named, _CALL_CONFIG)


def _members(path: str, value: Any, readers: Mapping[str, _Read]) -> dict[str, Any]:
    members = _object(path, value)
    for name in members:
        if name not in readers:
            raise Invalid(Fault((*path.split("."), name), f"{path}.{name} is not a known field", "unknown_field"))
    return {name: readers[name](f"{path}.{name}", member) for name, member in members.items()}


def _time_of_day(path: str, value: Any) -> str:
    try:
        return f"{time.fromisoformat(value):%H:%M}"
    except (TypeError, ValueError):
        raise _wrong(path, "HH:MM") from None


def _timezone(path: str, value: Any) -> str:
    name = _text(path, value)
    try:
        zone(name)
    except Broken:
        raise Invalid(Fault(tuple(path.split(".")), f"{path} is not a known time zone")) from None
    return name


def _count(path: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 20:
        raise _wrong(path, "a whole number between 0 and 20")
    return value


# The ranges of Ringg §2.6 and §2.8.
_LIMITS: Final[Mapping[str, _Read]] = {
    "idle_warning_s": _between(1, 600),
    "idle_end_s": _between(1, 600),
    "max_length_s": _between(10, 14400),
}
_CALL_CONFIG: Final[Mapping[str, _Read]] = {
    **_LIMITS,
    "retry_count": _count,
    "retry_busy_min": _between(0, 10080),
    "retry_not_picked_min": _between(0, 10080),
    "retry_failed_min": _between(0, 10080),
    "window_start": _time_of_day,
    "window_end": _time_of_day,
    "timezone": _timezone,
}
_ANALYSIS: Final[Mapping[str, _Read]] = {
    "prompt": _text,
    "keys": _typed_keys,
    "hints": _named_texts,
    "defaults": _object,
    "labels": _named_texts,
    "context": _text,
    "goal_key": _text,
    "platform_context": _object,
    "client_context": _object,
}
_READERS: Final[Mapping[str, _Read]] = {
    "greeting": _text,
    "language": _text,
    "voice_id": _text,
    "prompt": _prompt,
    "flow": _optional_object,
    "model": _text,
    "idle_question": _text,
    "farewell": _text,
    "limits": _limits,
    "variables": _texts,
    "defaults": _named_texts,
    "require_variables": _flag,
    "call_config": _call_config,
    "secondary_language": _text,
    "secondary_voice_id": _text,
    "voice_speed": _between(0.25, 4),
    "vocab": _texts,
    "knowledge": _texts,
    "analysis": _analysis,
    "extract_callee_name": _flag,
    "caller_ids": _texts,
    "options": _object,
}
