"""What every area of this API is given: who knocks, what was sent, and how a route is written into the document."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from fastapi import Security
from fastapi.security import APIKeyHeader, HTTPBearer
from pydantic import BaseModel
from starlette.requests import Request

from outdial.api import admission
from outdial.api.gate import Gate
from outdial.api.json_body import parse_object, read_body
from outdial.api.keys import bearer_key, header_of, must_suffice
from outdial.api.openapi import Door, body_of, refusals
from outdial.api.parts import Parts
from outdial.api.ringg import errors
from outdial.api.ringg.calls import translate, validation
from outdial.domain.errors import Invalid
from outdial.store import api_keys as access

BODY_LIMIT_BYTES: Final = 1024 * 1024
_KEY: Final = APIKeyHeader(name="X-API-KEY", auto_error=False)
_BEARER: Final = HTTPBearer(auto_error=False, description="The same keys; ignored beside X-API-KEY")
_ALWAYS: Final = (401, 429, 500, 503)
_ONLY_READ: Final = frozenset({"/calling/history/download", "/campaign/check-balance/{bulk_list_id}"})
"""Routes that are asked with POST and change nothing."""


class RinggDoor:
    """The door and what its areas share. Each area is a module with ``install(door)``."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self.app = Door(title="Outdial: Ringg dialect", bodies=(errors.ErrorBody,))
        self.app.router.dependencies = [Security(_KEY), Security(_BEARER)]
        self.app.add_middleware(Gate, failed=errors.failed)
        errors.install(self.app)

    def route(
        self,
        asking: str,
        answer: Callable[..., Any],
        model: type[BaseModel] | Any,
        *refused: int,
        body: type[BaseModel] | None = None,
        body_required: bool = True,
        parameters: tuple[Mapping[str, Any], ...] = (),
        sparse: bool = True,
        **more: Any,
    ) -> None:
        """``asking``: method and path. ``refused``: the statuses it may answer with besides those every route may.

        ``body``: what it reads by itself (``RinggDoor.body``). ``sparse``: members nobody set are left out.
        """
        method, path = asking.split()
        # A key that only reads may be all somebody has.
        writes = () if method == "GET" or path in _ONLY_READ else (403,)
        if body is not None:
            self.app.document(body)
            more["openapi_extra"] = body_of(body, *parameters, required=body_required)
        self.app.add_api_route(
            path,
            answer,
            methods=[method],
            response_model=model,
            responses=refusals(errors.ErrorBody, *refused, *writes, *_ALWAYS),
            response_model_exclude_unset=sparse,
            **more,
        )

    async def admit(self, request: Request) -> str:
        """The workspace that knocks. A missing key takes the same way as a wrong one.

        Raises:
            Unauthorized: the key opens nothing here.
            TooMany: it knocked too often.
            Forbidden: it only reads, and this route writes.
        """
        opened = await self._opened(request)
        must_suffice(opened, request, _ONLY_READ)
        return opened.workspace_id

    async def admit_page(self, request: Request) -> access.Access:
        """The same for a route that web pages may ask: whether a publishable key may come from there, it looks itself.

        Raises: as ``admit``.
        """
        opened = await self._opened(request, from_page=True)
        if not opened.publishable:
            must_suffice(opened, request, _ONLY_READ)
        return opened

    async def _opened(self, request: Request, *, from_page: bool = False) -> access.Access:
        key = key_of(request)
        opened = await admission.known(self.parts, request, translate.DIALECT, key, from_page=from_page)
        admission.count(self.parts, opened, key)
        return opened

    async def body(self, request: Request, *, may_be_empty: bool = False) -> Mapping[str, object]:
        """
        Raises:
            TooLarge: it is longer than this door allows.
            Invalid: it is no JSON object.
        """
        raw = await read_body(request, limit_bytes=BODY_LIMIT_BYTES)
        body = {} if may_be_empty and not raw.strip() else parse_object(raw)
        if body is None:
            raise Invalid(validation.NOT_AN_OBJECT)
        return body


def key_of(request: Request) -> str:
    """The key a request knocks with; empty: none."""
    return header_of(request, "x-api-key") or bearer_key(header_of(request, "authorization"))
