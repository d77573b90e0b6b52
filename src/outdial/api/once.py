"""``Idempotency-Key``: a create that may be sent again, at every door (draft-ietf-httpapi-idempotency-key-header)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from outdial.api.parts import Parts
from outdial.commands.once import Answer, Once, fingerprint_of
from outdial.commands.place_call import Placed, answer_call
from outdial.domain.errors import Fault, Invalid
from outdial.domain.request import CallRequest

HEADER: Final = "Idempotency-Key"
REPLAYED: Final = "Idempotent-Replayed"
_QUOTED: Final = re.compile(r'"((?:[^"\\]|\\["\\])*)"')
_KEY: Final = re.compile(r"[\x20-\x7e]{1,255}")

DOCUMENTED: Final[Mapping[str, Any]] = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "description": "The same request again within 24 hours gets the first answer again, and is done once",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
}
"""A parameter of a route, for its document."""


def once_of(
    request: Request, *, workspace_id: str, dialect: str, operation: str, body: Mapping[str, Any]
) -> Once | None:
    """Under which name ``request`` may be repeated; None without the header.

    Raises:
        Invalid: the header holds no key.
    """
    key = key_of(request)
    return None if key is None else Once(workspace_id, dialect, key, fingerprint_of(operation, body))


def key_of(request: Request) -> str | None:
    """The key, bare or as a quoted string; None without the header.

    Raises:
        Invalid: it is empty, longer than 255 characters, holds others than printable ones, or came twice.
    """
    given = request.headers.getlist(HEADER)
    if not given:
        return None
    quoted = _QUOTED.fullmatch(given[0].strip())
    key = re.sub(r"\\(.)", r"\1", quoted[1]) if quoted else given[0].strip()
    if len(given) > 1 or not _KEY.fullmatch(key):
        raise Invalid(Fault((HEADER,), f"{HEADER} must be one key of 1 to 255 printable characters", "format"))
    return key


def answer(status: int, model: BaseModel) -> Answer:
    """``model`` as the client reads it: members that were never set are left out."""
    return Answer(status, model.model_dump_json(by_alias=True, exclude_unset=True).encode())


async def place(
    parts: Parts, wanted: CallRequest, write: Callable[[Placed], Answer], once: Once | None, *, call_id: str = ""
) -> Response:
    """Accept a call, or answer as it was answered before; JSON either way.

    Raises: as ``commands.place_call.answer_call``.
    """
    said = await answer_call(
        parts.database,
        wanted,
        write,
        once=once,
        voices=parts.voices,
        language_models=parts.language_models,
        now=parts.now,
        call_id=call_id,
    )
    if not said.replayed:
        parts.placed()
    response = Response(said.body, said.status, media_type="application/json")
    if said.replayed:
        response.headers[REPLAYED] = "true"
    return response
