"""Which answers a flow saves: their ``{{name}}`` stays in its texts until the answer is known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def saved_names(flow: Mapping[str, Any] | None) -> frozenset[str]:
    """Names that ``save`` gives to answers. Whoever fills a flow's variables leaves these for the conversation."""
    steps = flow.get("steps") if flow else None
    if not isinstance(steps, Mapping):
        return frozenset()
    saves = (step.get("save") for step in steps.values() if isinstance(step, Mapping))
    return frozenset(name for name in saves if isinstance(name, str))
