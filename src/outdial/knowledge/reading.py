"""The text of what customers send, read in a process of its own (``extract``, ``extract_plain``), whatever it is."""

from __future__ import annotations

import io
from typing import Final

from outdial.domain.errors import Refused
from outdial.domain.limits import MAX_KNOWLEDGE_LETTERS
from outdial.sandbox.reading import Allowance, have_read

_PLAIN_TYPES: Final = frozenset({"txt", "md", "csv"})
# A letter has four bytes at most.
_MOST: Final = Allowance(limit_s=45.0, most_bytes=4 * MAX_KNOWLEDGE_LETTERS)


async def text_of(raw: bytes, file_type: str, charset: str = "") -> str:
    """The first 2,000,000 letters. ``file_type``: one of ``domain.knowledge.FILE_TYPES``, or ``html``; ``charset``: as
    whoever sent it names it, if he does.

    Raises:
        Refused: it cannot be read, or no text is in it; says why.
    """
    said = io.BytesIO()
    program = "outdial.knowledge.extract_plain" if file_type in _PLAIN_TYPES else "outdial.knowledge.extract"
    await have_read((program, file_type, charset[:40].replace("\0", "")), io.BytesIO(raw), said, _MOST)
    text = said.getvalue().decode("utf-8", "replace").replace("\0", "").strip()
    if not text:
        raise Refused("no text was found in it (pictures of text are not read)")
    return text
