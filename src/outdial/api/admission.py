"""Who may ask at a door, and how often."""

from __future__ import annotations

from starlette.requests import Request

from outdial.api.parts import Parts
from outdial.domain.errors import Unauthorized
from outdial.domain.ids import digest_key
from outdial.store import api_keys as access


async def known(parts: Parts, request: Request, dialect: str, key: str, *, from_page: bool = False) -> access.Access:
    """What ``key`` opens. A right one is let in from anywhere, however many wrong ones came from there.

    Raises:
        Unauthorized: it opens nothing here.
        TooMany: too many that open nothing came from this address.
    """
    try:
        return await access.authenticate(parts.database, dialect, key, from_page=from_page)
    except Unauthorized:
        parts.wrong_keys.note(request.client.host if request.client else "")
        raise


def count(parts: Parts, opened: access.Access, key: str) -> None:
    """One request more of ``key`` and of its workspace.

    Raises:
        TooMany: one of them asked too often.
    """
    parts.rate.take(digest_key(key))
    parts.workspace_rate.take(opened.workspace_id)
