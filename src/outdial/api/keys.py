"""Where a key stands in a request."""

from __future__ import annotations


def bearer_key(authorization: str) -> str:
    """The key of an ``Authorization: Bearer`` value; empty for any other scheme, and when there is not exactly one."""
    scheme, *keys = authorization.split() or [""]
    return keys[0] if scheme.lower() == "bearer" and len(keys) == 1 else ""
