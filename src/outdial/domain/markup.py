"""A text somebody wrote in an editor of web pages, as it is spoken: without its tags."""

from __future__ import annotations

import html
import re
from typing import Final

_TAG: Final = re.compile(r"</?[A-Za-z][^<>]*>|<![A-Za-z][^<>]*>|<\?[A-Za-z][^<>]*>")
_BREAK: Final = re.compile(r"</?(p|div|br|li|ul|ol|h[1-6]|tr|td|th|dt|dd|blockquote)\b[^<>]*>", re.IGNORECASE)
_ADDRESS: Final = re.compile(r"<((?:mailto:|https?://)[^<>\s]{1,250}|[\w.+-]{1,64}@[^<>\s@]{1,250})>")
"""Between brackets as in a letter: no tag."""
_UNSEEN: Final = re.compile(r"<(script|style|template)\b[^<>]*>", re.IGNORECASE)
_ENTITY: Final = re.compile(r"&(#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_BLANKS: Final = re.compile(r"\s+")


def without_markup(text: str) -> str:
    """``text`` itself when it holds no tag and no entity; else its words, paragraphs apart by a blank."""
    pieces = _without_comments(_without_unseen(_ADDRESS.sub(r"\1", text)))
    if len(pieces) == 1 and not _TAG.search(text) and not _ENTITY.search(text):
        return text
    words = "".join(_TAG.sub("", _BREAK.sub(" ", piece)) for piece in pieces)
    return _BLANKS.sub(" ", _ENTITY.sub(lambda found: html.unescape(found[0]), words)).strip()


def _without_unseen(text: str) -> str:
    """Without what a page holds for the browser only."""
    pieces, at = [], 0
    while begins := _UNSEEN.search(text, at):
        ends = re.compile(rf"</{begins[1]}\s*>", re.IGNORECASE).search(text, begins.end())
        if ends is None:
            break
        pieces.append(text[at : begins.start()])
        at = ends.end()
    return "".join([*pieces, text[at:]])


def _without_comments(text: str) -> list[str]:
    """What stands between the comments. No pattern: one would look for the end anew at every beginning."""
    pieces, at = [], 0
    while (begins := text.find("<!--", at)) >= 0 and (ends := text.find("-->", begins + 4)) >= 0:
        pieces.append(text[at:begins])
        at = ends + 3
    return [*pieces, text[at:]]
