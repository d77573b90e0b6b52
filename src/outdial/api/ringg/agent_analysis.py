"""What an agent's owner wants found out of every talk, in the two forms clients send it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from outdial.domain.agent import ANALYSIS_TYPES, AnalysisPlan
from outdial.domain.errors import Fault, Invalid

FIELD: Final = "custom_analysis_prompt"
_MOST_KEYS: Final = 100
_MAX_NAME: Final = 64


def read(value: object) -> AnalysisPlan:
    """``{prompt, keys: {name: type}}`` or flat ``{name: description}``, whose values are all strings; ``{}``: nothing.

    Raises:
        Invalid: with every fault.
    """
    if not isinstance(value, dict):
        raise Invalid(Fault((FIELD,), f"{FIELD} must be an object", "type"))
    faults = [*_faults(value)]
    if faults:
        raise Invalid(*faults)
    if _is_nested(value):
        return AnalysisPlan(prompt=value.get("prompt") or "", keys=dict(value.get("keys") or {}))
    return AnalysisPlan(keys=dict.fromkeys(value, "string"), hints=dict(value))


def _is_nested(value: Mapping[str, object]) -> bool:
    """A flat form may have keys of these names too, but never an object among its values."""
    return value.keys() <= {"prompt", "keys"} and not isinstance(value.get("keys"), str)


def _faults(value: Mapping[str, object]) -> Iterator[Fault]:
    nested = _is_nested(value)
    if nested and not isinstance(value.get("prompt"), str | None):
        yield Fault((FIELD, "prompt"), f"{FIELD}.prompt must be a string", "type")
    keys = (value.get("keys") or {}) if nested else value
    if not isinstance(keys, dict):
        yield Fault((FIELD, "keys"), f"{FIELD}.keys must be an object", "type")
        return
    if len(keys) > _MOST_KEYS:
        yield Fault((FIELD,), f"{FIELD} may hold at most {_MOST_KEYS} keys", "too_long")
    path = (FIELD, "keys") if nested else (FIELD,)
    for name, said in keys.items():
        if not name.strip() or len(name) > _MAX_NAME:
            yield Fault((*path, name), f"names of keys must be 1 to {_MAX_NAME} characters", "format")
        if nested and said not in ANALYSIS_TYPES:
            yield Fault((*path, name), f"the type of {name} must be one of {', '.join(ANALYSIS_TYPES)}", "unknown")
        elif not nested and not isinstance(said, str):
            yield Fault((*path, name), f"the description of {name} must be a string", "type")
