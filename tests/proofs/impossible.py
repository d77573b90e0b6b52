"""What the documents promise and what yet cannot occur here, each row with its reason: no row that a test sees."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

_NOT_OVER: Final = (
    "a call that can still be put off, cancelled or hung up is not over, and analyses are made afterwards"
)
_NO_WEB_CALLS: Final = "a web call is answered with 501: this server carries phone calls only"
_REASONS: Final[Mapping[str, str]] = {
    r"answer `analysis\.[\w.]+` of `PATCH /v1/calls/\{call_id\}`": _NOT_OVER,
    r"answer `analysis\.[\w.]+` of `POST /v1/calls/\{call_id\}/(cancel|hang-up)`": _NOT_OVER,
    r"answer `\w+` of `POST /ca/api/v0/calling/webcall`": _NO_WEB_CALLS,
    r"status `409` of `POST /v1/webhook-endpoints/\{endpoint_id\}/rotate`": "in a test on SQLite: only on"
    " PostgreSQL can two requests change one secret at the same moment",
    r"example `ringg/80_webcall`": f"{_NO_WEB_CALLS}; tests/api/test_ringg_webcall.py asks for it as the example does",
    r"example `ringg/44_voices`": "voices here have no previews, so voice_previews is empty;"
    " tests/api/test_ringg_agents.py compares the rest of the example",
    r"Ringg §11: leniencies: L26 .*": "as a test, for none measures time on the wall;"
    " docs/benchmarks.md says how many calls are accepted in a second",
}
"""By a pattern of the whole row, as the page writes it."""


def why_not(row: str) -> str:
    """Why a row cannot occur; empty: it can."""
    return next((reason for row_pattern, reason in _REASONS.items() if re.fullmatch(row_pattern, row)), "")


def unused(rows: set[str]) -> list[str]:
    """Patterns that mean none of these rows."""
    return [one for one in _REASONS if not any(re.fullmatch(one, row) for row in rows)]
