"""What every route of this API does first: admit the caller, say how its quota stands, read its body."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

from pydantic import BaseModel
from starlette.requests import Request

from outdial.api import admission
from outdial.api.gate import add_header
from outdial.api.json_body import parse_object, read_body
from outdial.api.keys import bearer_key, header_of, must_suffice
from outdial.api.native.calls.translate import DIALECT
from outdial.api.parts import Parts
from outdial.domain.errors import Fault, Invalid, NotFound
from outdial.domain.ids import digest_key, parse_uuid

BODY_LIMIT_BYTES: Final = 1024 * 1024
_POLICY: Final = "requests"
ONLY_READ: Final = frozenset({"/policy/check"})
"""Routes that are asked with POST and change nothing."""


class Routing(Protocol):
    """Makes one more route. ``asking``: method and path. ``refused``: what it may answer with besides what every route
    may. ``also``: other good answers."""

    def __call__(
        self,
        asking: str,
        answer: Callable[..., Any],
        model: type[BaseModel] | None,
        *refused: int,
        status: int = 200,
        also: Mapping[int, type[BaseModel]] | None = None,
        extra: dict[str, Any] | None = None,
    ) -> None: ...


async def admit(parts: Parts, request: Request) -> str:
    """The workspace that knocks. A missing key takes the same way as a wrong one.

    Raises:
        Unauthorized: the key opens nothing here.
        TooMany: it knocked too often.
        Forbidden: it only reads, and this route writes.
    """
    key = bearer_key(header_of(request, "authorization"))
    opened = await admission.known(parts, request, DIALECT, key)
    try:
        admission.count(parts, opened, key)
    finally:
        quota = parts.rate.quota(digest_key(key))
        add_header(request, "RateLimit-Policy", f'"{_POLICY}";q={quota.most};w={quota.window_s}')
        add_header(request, "RateLimit", f'"{_POLICY}";r={quota.left};t={quota.full_in_s}')
    must_suffice(opened, request, ONLY_READ)
    return opened.workspace_id


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


def path_id(text: str, what: str, parameter: str) -> str:
    """An id in a path; what is no UUID names nothing.

    Raises:
        NotFound: ``what`` is not found.
    """
    known = parse_uuid(text)
    if known is None:
        raise NotFound(f"{what} not found", field=parameter)
    return known
