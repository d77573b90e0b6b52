"""A text somebody wrote in an editor of web pages, as it is spoken: without its tags."""

from __future__ import annotations

import html
import re
from typing import Final

_TAG: Final = re.compile(r"</?[A-Za-z][^<>]*>|<!--.*?-->", re.DOTALL)
_BREAK: Final = re.compile(r"</?(p|div|br|li|ul|ol|h[1-6]|tr|blockquote)\b[^<>]*>", re.IGNORECASE)
_ENTITY: Final = re.compile(r"&(#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_BLANKS: Final = re.compile(r"\s+")


def without_markup(text: str) -> str:
    """``text`` itself when it holds no tag and no entity; else its words, paragraphs apart by a blank."""
    if not _TAG.search(text) and not _ENTITY.search(text):
        return text
    words = _TAG.sub("", _BREAK.sub(" ", text))
    return _BLANKS.sub(" ", _ENTITY.sub(lambda found: html.unescape(found[0]), words)).strip()
