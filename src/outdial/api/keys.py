"""Where a key stands in a request, and whether the request needs one that may write."""

from __future__ import annotations

from collections.abc import Collection

from starlette.requests import Request

from outdial.store.api_keys import Access


def header_of(request: Request, name: str) -> str:
    """The value of a header. Sent twice with one value it counts once; different values are joined, and no key."""
    values = [value.strip() for value in request.headers.getlist(name)]
    return ", ".join(dict.fromkeys(values))


def bearer_key(authorization: str) -> str:
    """The key of an ``Authorization: Bearer`` value; empty for any other scheme, and when there is not exactly one."""
    scheme, *keys = authorization.split() or [""]
    return keys[0] if scheme.lower() == "bearer" and len(keys) == 1 else ""


def must_suffice(access: Access, request: Request, only_read: Collection[str]) -> None:
    """Refuse a key that only reads whatever is no GET, but for routes whose path is in ``only_read``.

    Raises:
        Forbidden: the key only reads.
    """
    if request.method != "GET" and request.scope["route"].path not in only_read:
        access.must_write()
