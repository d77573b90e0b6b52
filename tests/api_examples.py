"""The documentation's exchanges, kept in ``tests/api/examples``, and how an answer is compared with one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from proofs.recorder import note

NOBODYS_ID = "0c7e5d1a-6b1f-4f8e-9a64-0d4c9e7b3f52"
"""Well formed, and the id of nothing."""
_FOLDER = Path(__file__).parent / "api" / "examples"


def example(dialect: str, number: str) -> dict[str, Any]:
    """The exchange whose file name begins with ``number``."""
    (file,) = (_FOLDER / dialect).glob(f"{number}_*.json")
    loaded: dict[str, Any] = json.loads(file.read_text("utf-8"))
    note("example", f"{dialect}/{file.stem}")
    return loaded


def without(body: Any, *keys: str) -> Any:
    """``body`` with the values of these keys, at any depth, reduced to their types."""
    if isinstance(body, dict):
        return {key: _kind(item) if key in keys else without(item, *keys) for key, item in body.items()}
    if isinstance(body, list):
        return [without(item, *keys) for item in body]
    return body


def _kind(value: Any) -> str:
    """The JSON type of ``value``."""
    return "number" if isinstance(value, (int, float)) and not isinstance(value, bool) else type(value).__name__


def ordered_keys(body: Any) -> Any:
    """The keys of ``body`` in their order, at every depth."""
    if isinstance(body, dict):
        return [(key, ordered_keys(item)) for key, item in body.items()]
    if isinstance(body, list):
        return [ordered_keys(item) for item in body]
    return None
