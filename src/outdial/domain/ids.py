"""Names of things: ids are lower-case dashed UUIDs; request ids are ``req_`` and 26 characters."""

from __future__ import annotations

import hashlib
import re
import uuid
from typing import Final

_UUID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def new_id() -> str:
    return str(uuid.uuid4())


def new_request_id() -> str:
    return f"req_{uuid.uuid4().hex[:26].upper()}"


def parse_uuid(text: str) -> str | None:
    """``text`` in lower case if it is a dashed UUID, else None."""
    lowered = text.strip().lower()
    return lowered if _UUID.fullmatch(lowered) else None


def call_sid(call_id: str, attempt: int) -> str:
    """An attempt's id in the form webhook receivers know: ``CA`` and 32 hex digits, derived, never empty."""
    return "CA" + hashlib.sha256(f"{call_id}/{attempt}".encode()).hexdigest()[:32]


def digest_key(key: str) -> str:
    """SHA-256 of an API key, hex. Keys carry 122 random bits or more, so no slow hash is needed."""
    return hashlib.sha256(key.encode()).hexdigest()
