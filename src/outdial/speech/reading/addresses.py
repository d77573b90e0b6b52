"""Addresses of mail, web and payments: each sign is said, words stay words, digits come one by one."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from outdial.domain.spoken import listed

SIGNS: Final = {
    ".": "dot", "_": "underscore", "-": "dash", "+": "plus", "@": "at", "/": "slash", "?": "question mark",
    "=": "equals", "&": "and", "#": "hash", ":": "colon", "%": "percent", "~": "tilde", "*": "star", "<": "less than",
    ">": "greater than", "!": "exclamation mark", "$": "dollar", "\\": "backslash", "'": "apostrophe", ",": "comma",
}  # fmt: skip
_TOP: Final = (
    "com|org|net|in|co|io|ai|us|uk|edu|gov|info|biz|app|dev|me|tv|de|fr|it|es|ca|au|ae|sg|nz|eu|shop|store|online|"
    "health|bank|tech|cloud|test|example"
)
_MAIL: Final = re.compile(r"(?:mailto:)?(?<![\w.+@-])[\w.+%'-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){0,6}")
_WEB: Final = re.compile(
    r"(?<![\w@.-])(?:(?:https?|HTTPS?)://[^\s<>\"]{1,250}|(?:www|WWW)\.[^\s<>\"]{1,250}|"
    rf"(?:[A-Za-z0-9][a-z0-9-]{{0,62}}\.){{1,5}}(?:{_TOP})(?![\w-])(?:/[^\s<>\"]{{0,200}})?|"
    r"(?:[a-z0-9][a-z0-9-]{1,62}\.){1,5}[a-z]{2,6}/[^\s<>\"]{1,200}|[A-Z0-9-]{2,63}\.(?:COM|ORG|NET)(?![\w-]))"
)
_FILE: Final = re.compile(
    r"(?<![\w.])[\w-]{1,60}\.(?:pdf|docx?|xlsx?|csv|pptx?|png|jpe?g|txt|zip|mp[34]|html?)(?!\w)", re.I
)
_HANDLE: Final = re.compile(r"(?<![\w@])@[A-Za-z_][\w.]{0,60}\w")
_SNAKE: Final = re.compile(r"(?<![\w])\w{1,60}_\w{1,60}(?!\w)")
_PIECES: Final = re.compile(r"[^\W\d_]+|\d|\S")
_END: Final = ".,;:!?)'\""
_SPELLED: Final = frozenset(listed("uk us io ai tv ae sg nz eu www http https pdf csv png html htm txt jpg jpeg upi"))


def read_addresses(text: str, digit: Callable[[str], str], signs: Mapping[str, str] = SIGNS) -> str:
    """``text`` with every address in words. ``digit`` says one digit; ``signs`` the signs, in the text's language."""

    def said(found: re.Match[str]) -> str:
        address = re.sub(r"^(?:mailto:|https?://)", "", found[0], flags=re.I)
        ended = address.rstrip(_END)
        tail = address[len(ended) :]
        return f" {say_address(ended.rstrip('/'), digit, signs)}{tail} "

    for pattern in (_MAIL, _WEB, _FILE, _HANDLE, _SNAKE):
        text = pattern.sub(said, text)
    return text


def say_address(address: str, digit: Callable[[str], str], signs: Mapping[str, str] = SIGNS) -> str:
    words = []
    for piece in _PIECES.findall(address):
        if piece.isdecimal():
            words.append(digit(piece))
        elif piece.lower() in _SPELLED:
            words.append(" ".join(piece.upper()))
        else:
            words.append(signs.get(piece, piece))
    return " ".join(words)
