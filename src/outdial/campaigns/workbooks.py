"""Lists that come as workbooks are read where nothing else runs, a few at a time."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import BinaryIO, Final, cast

from outdial.domain.errors import Fault, Invalid, Refused
from outdial.domain.limits import MAX_LIST_BYTES
from outdial.sandbox.reading import Allowance, have_read

_BEGINNINGS: Final = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
"""Of zip archives (XLSX, XLSB, ODS) and of what Excel wrote before (XLS, and whatever is protected)."""
_MOST: Final = Allowance(limit_s=60.0, most_bytes=MAX_LIST_BYTES)
_AT_ONCE: Final = 2
_IN_MEMORY_BYTES: Final = 1_000_000


class Workbooks:
    """Of one node: more than two at once wait for each other."""

    def __init__(self) -> None:
        self._free = asyncio.Semaphore(_AT_ONCE)

    @asynccontextmanager
    async def as_text(self, file: BinaryIO) -> AsyncIterator[BinaryIO]:
        """``file``, or the first sheet of it as CSV if it is a workbook, by its content and not by its name.

        Raises:
            Invalid: it is a workbook that cannot be read (``file``).
        """
        file.seek(0)
        beginning = file.read(len(_BEGINNINGS[1]))
        file.seek(0)
        if not beginning.startswith(_BEGINNINGS):
            yield file
            return
        with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES) as kept:
            text = cast("BinaryIO", kept)
            try:
                async with self._free:
                    await have_read(("outdial.campaigns.workbook",), file, text, _MOST)
            except Refused as refusal:
                raise Invalid(Fault(("file",), f"the file is a workbook, and {refusal}")) from None
            yield text
