"""Reads a multipart form out of a request: counted as it comes, its files spooled to disk and gone with the request."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from outdial.domain.errors import Fault, Invalid, cut

_MOST_PARTS: Final = 200
"""Of each sort: what is allowed for a field is judged by whoever knows it, with its name."""


@dataclass(frozen=True)
class Form:
    """What was sent. Files can be read as long as the request lasts."""

    data: FormData

    def text(self, name: str) -> str:
        """The last value of a text field, without NUL characters, which no database text holds; empty: not sent."""
        texts = self.texts(name)
        return texts[-1] if texts else ""

    def texts(self, name: str) -> list[str]:
        return [value.replace("\0", "") for value in self.data.getlist(name) if isinstance(value, str)]

    def files(self, *names: str) -> Sequence[UploadFile]:
        """The files of these fields, in order; what a browser sends for a field nobody filled in is left out.

        Raises:
            Invalid: a text was sent where a file belongs.
        """
        files: list[UploadFile] = []
        for name in names:
            for value in self.data.getlist(name):
                if isinstance(value, str) and value.strip():
                    raise Invalid(Fault((name,), f"{name} must be a file with a file name"))
                if isinstance(value, UploadFile) and (value.filename or value.size):
                    files.append(value)
        return files


@asynccontextmanager
async def read_form(
    request: Request, *, limit_bytes: int, part_bytes: int, limit_s: float = 120.0
) -> AsyncIterator[Form]:
    """The form, for as long as the block lasts. ``part_bytes``: of one text field; ``limit_bytes``: of everything.

    Raises:
        Invalid: it is no multipart form, breaks off, is over a limit, or did not arrive within ``limit_s``.
    """
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise Invalid(Fault((), "Request body must be multipart/form-data"))
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared[:12]) > limit_bytes:
        raise _too_large(limit_bytes)
    parser = _Parser(
        request.headers,
        _counted(request, limit_bytes),
        max_files=_MOST_PARTS,
        max_fields=_MOST_PARTS,
        max_part_size=part_bytes,
    )
    try:
        async with asyncio.timeout(limit_s):
            data = await parser.parse()
    except TimeoutError:
        raise Invalid(Fault((), f"Request body did not arrive within {limit_s:g} seconds", "timeout")) from None
    except MultiPartException as wrong:
        if name := parser.overfull_field:
            raise Invalid(Fault((name,), f"{cut(name)} has more than {part_bytes} bytes", "too_long")) from None
        raise Invalid(Fault((), f"Request body is not a good multipart form: {wrong.message}")) from None
    try:
        if not parser.ended:
            raise Invalid(Fault((), "Request body breaks off before its last boundary"))
        yield Form(data)
    finally:
        await data.close()


class _Parser(MultiPartParser):
    """Also knows what was too long, and whether the last boundary came: without it the last file may be half of one."""

    ended = False
    overfull_field = ""
    """The text field that had more bytes than a part may have."""

    def on_end(self) -> None:
        self.ended = True

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        part = self._current_part
        if part.file is None and len(part.data) + end - start > self.max_part_size:
            self.overfull_field = part.field_name
        super().on_part_data(data, start, end)


async def _counted(request: Request, limit_bytes: int) -> AsyncGenerator[bytes, None]:
    taken = 0
    async for chunk in request.stream():
        taken += len(chunk)
        if taken > limit_bytes:
            raise _too_large(limit_bytes)
        yield chunk


def _too_large(limit_bytes: int) -> Invalid:
    return Invalid(Fault((), f"Request body is larger than {limit_bytes / 1_000_000:g} MB", "too_long"))
