"""What every route of this API does first: admit the caller, say how its quota stands, read its body."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from starlette.requests import Request

from outdial.api.gate import add_header
from outdial.api.json_body import parse_object, read_body
from outdial.api.keys import bearer_key
from outdial.api.native.translate import DIALECT
from outdial.api.parts import Parts
from outdial.domain.errors import Fault, Invalid
from outdial.domain.ids import digest_key
from outdial.queries import access

BODY_LIMIT_BYTES: Final = 1024 * 1024
_POLICY: Final = "requests"


async def admit(parts: Parts, request: Request) -> str:
    """The workspace that knocks. A missing key takes the same way as a wrong one.

    Raises:
        Unauthorized: the key opens nothing here.
        TooMany: it knocked too often.
    """
    key = bearer_key(request.headers.get("authorization", ""))
    workspace_id = await access.authenticate(parts.database, DIALECT, key)
    try:
        parts.rate.take(digest_key(key))
    finally:
        quota = parts.rate.quota(digest_key(key))
        add_header(request, "RateLimit-Policy", f'"{_POLICY}";q={quota.most};w={quota.window_s}')
        add_header(request, "RateLimit", f'"{_POLICY}";r={quota.left};t={quota.full_in_s}')
    return workspace_id


async def body_of(request: Request, *, may_be_empty: bool = False) -> Mapping[str, object]:
    """
    Raises:
        TooLarge: it is longer than this door allows.
        Invalid: it is no JSON object.
    """
    raw = await read_body(request, limit_bytes=BODY_LIMIT_BYTES)
    body = {} if may_be_empty and not raw.strip() else parse_object(raw)
    if body is None:
        raise Invalid(Fault((), "the body must be a JSON object", "json_invalid"))
    return body
