"""Flows parsed once, however many calls follow them: the variables of most calls change none of what a flow expects."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, Final

from outdial.domain.limits import MAX_FLOW_BYTES
from outdial.language.flow_model import Flow, Persona
from outdial.language.flow_parsing import parse_stored

_MOST_LETTERS: Final = 8 * MAX_FLOW_BYTES
"""Of all flows kept, written as JSON; parsed they take several times that."""


class ParsedFlows:
    """The flows parsed last, by their content. One event loop's: not for several threads."""

    def __init__(self, most_letters: int = _MOST_LETTERS) -> None:
        self._most = most_letters
        self._letters = 0
        self._kept: OrderedDict[str, Flow | Persona] = OrderedDict()

    def of(self, flow: Mapping[str, Any]) -> Flow | Persona:
        """
        Raises:
            Invalid: the flow is faulty.
        """
        # The order of steps means something: it must not be sorted away.
        written = json.dumps(flow, ensure_ascii=False, separators=(",", ":"), default=str)
        if (known := self._kept.get(written)) is not None:
            self._kept.move_to_end(written)
            return known
        parsed = parse_stored(flow)
        self._kept[written] = parsed
        self._letters += len(written)
        while self._letters > self._most and self._kept:
            dropped, _ = self._kept.popitem(last=False)
            self._letters -= len(dropped)
        return parsed
