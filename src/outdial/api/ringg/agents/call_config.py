"""An agent's own defaults for ``call_config``: in this API's shape outside, by the names of ``Overrides`` within."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time
from typing import Any, Final

from outdial.api.ringg.calls import translate, validation
from outdial.domain.errors import Invalid
from outdial.domain.plan import AGENT_KEYS

FIELD: Final = "call_config"
_PLACES: Final[Mapping[str, tuple[str, ...]]] = {
    "idle_warning_s": ("idle_timeout_warning",),
    "idle_end_s": ("idle_timeout_end",),
    "max_length_s": ("max_call_length",),
    "retry_count": ("call_retry_config", "retry_count"),
    "retry_busy_min": ("call_retry_config", "retry_busy"),
    "retry_not_picked_min": ("call_retry_config", "retry_not_picked"),
    "retry_failed_min": ("call_retry_config", "retry_failed"),
    "window_start": ("call_time", "call_start_time"),
    "window_end": ("call_time", "call_end_time"),
    "timezone": ("call_time", "timezone"),
}


def read(config: object, now: datetime) -> dict[str, Any]:
    """What it says, leaf by leaf, as a ``Definition`` keeps it. A schedule is one call's and says nothing here.

    Raises:
        Invalid: with every fault, worded as those of a call.
    """
    faults = validation.config_faults(config, now)
    if faults or not isinstance(config, Mapping):
        raise Invalid(*faults)
    wishes = translate.overrides(config)
    said = {name: getattr(wishes, name) for name in AGENT_KEYS}
    return {
        name: f"{value:%H:%M}" if isinstance(value, time) else value
        for name, value in said.items()
        if value is not None
    }


def shown(kept: Mapping[str, Any]) -> dict[str, Any]:
    """``read`` the other way round."""
    config: dict[str, Any] = {}
    for name, path in _PLACES.items():
        if name in kept:
            place = config
            for step in path[:-1]:
                place = place.setdefault(step, {})
            place[path[-1]] = kept[name]
    return config
