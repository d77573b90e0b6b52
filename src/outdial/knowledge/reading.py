"""The text of what customers send. Whatever is more than text is read in a process of its own (``extract``)."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import Final

from outdial.domain.errors import Refused
from outdial.knowledge.plain import PLAIN_TYPES, plain_text

_LIMIT_S: Final = 45.0
_UNREADABLE: Final = 3
_KEPT: Final = ("PATH", "PYTHONPATH", "LANG", "TMPDIR")
"""What the process is told of the environment: no secret."""


async def text_of(raw: bytes, file_type: str, charset: str = "") -> str:
    """``file_type``: one of ``domain.knowledge.FILE_TYPES``, or ``html``.

    Raises:
        Refused: it cannot be read, or no text is in it; says why.
    """
    if file_type in PLAIN_TYPES:
        text = await asyncio.to_thread(plain_text, raw, file_type, charset)
    else:
        text = await _extracted(raw, file_type)
    text = text.replace("\0", "").strip()
    if not text:
        raise Refused("no text was found in it (pictures of text are not read)")
    return text


async def _extracted(raw: bytes, file_type: str) -> str:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "outdial.knowledge.extract", file_type),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={name: os.environ[name] for name in _KEPT if name in os.environ},
    )
    try:
        async with asyncio.timeout(_LIMIT_S):
            said, _ = await process.communicate(raw)
    except TimeoutError:
        raise Refused(f"it cannot be read within {_LIMIT_S:g} s") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    text = said.decode("utf-8", "replace")
    if process.returncode == 0:
        return text
    raise Refused(text if process.returncode == _UNREADABLE else "reading it takes more memory or time than it may")
