"""The words that stand beside a phone number and only say that it is one, or whose.

What says anything else (``old``, ``fax``, ``do not call``) is none of them: a number beside it is not read.
"""

from __future__ import annotations

import re
from typing import Final

_WORDS: Final = "|".join(
    (
        *("tel", "tele?phone", "telefone?", "tél", "téléphone", "tel[eé]fono", "phone", "ph", "fon", "number", "call"),
        *("mobile?", "mob", "cell?(?:phone|ular[ei]?)?", "celular", "handy", "portable", "m[oó]vil", "landline"),
        *("home", "work", "office", "private?", "personal", "main", "primary", "direct", "contact", "business"),
        *("whats ?app", "wa", "sms", "callto", "toll[ -]free", "festnetz", "мобильный", "моб", "телефон", "тел"),
        *("मोबाइल", "फोन", "फ़ोन"),
    )
)
_SIGNS: Final = r"[\s.:=#/-]*"
_WORD: Final = rf"\(?(?:{_WORDS})\)?(?![^\W\d_])"
_NUMBER: Final = r"(?:no|nr|num)(?![^\W\d_])"
_LETTER: Final = r"(?:[mptchwo]\s*[.:-]|\([mptchwo]\))"
_PICTURES: Final = "[\u260e\u260f\u2706\U0001f4de\U0001f4f1\U0001f4f2]"
_PLACE: Final = r"(?:[\s#]*[1-9]\s*:)?"
"""``Phone 2:``"""
_BEFORE: Final = re.compile(
    rf"(?:(?:{_WORD}|{_PICTURES}){_SIGNS}(?:{_NUMBER}{_SIGNS})?|(?:{_LETTER}|{_NUMBER}\s*[.:]){_SIGNS})+"
    rf"{_PLACE}{_SIGNS}(?=[0-9+(])",
    re.IGNORECASE,
)
_BEHIND: Final = re.compile(rf"(?<=[0-9)])[\s,;:-]*(?:{_PICTURES}|\([mhwco]\)|(?<![0-9]){_WORD}\.?\s*)+", re.IGNORECASE)
_LONE_DIGIT: Final = re.compile(r"[1-9][\s.)-]")


def unlabelled(text: str) -> tuple[str, bool]:
    """``text`` without labels before and behind its number; and whether a digit may belong to the label (``Tel 2``)."""
    behind = next((found for found in _BEHIND.finditer(text) if found.end() == len(text)), None)
    text = text[: behind.start()] if behind else text
    before = _BEFORE.match(text)
    if before is None:
        return text, False
    number = text[before.end() :]
    is_parted = text[: before.end()].rstrip().endswith((":", "="))
    return number, not is_parted and _LONE_DIGIT.match(number) is not None
