"""Texts that are texts already."""

from __future__ import annotations

import codecs
from typing import Final

from outdial.domain.errors import Refused

_BOMS: Final = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


def decoded(raw: bytes, charset: str = "") -> str:
    """``charset``: as whoever sent it names it, if he does.

    Raises:
        Refused: it is no text.
    """
    marked = [encoding for bom, encoding in _BOMS.items() if raw.startswith(bom)]
    for encoding in [*marked, charset, "utf-8", "cp1252"]:
        try:
            text = raw.decode(encoding) if encoding else ""
        except (UnicodeError, LookupError, ValueError):
            continue
        if "\0" in text:
            break
        if text:
            return text
    raise Refused("it holds no text")
