"""What is written for the eye only taken out: markup, pictures, typographic variants. No word is changed."""

from __future__ import annotations

import html
import re
import unicodedata
from typing import Final

_INVISIBLE: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_KEPT_MARKS: Final = "\u200c\u200d"
"""Joiners change how words of Indian languages are written and read."""
_KEPT_POWERS: Final = "²³"
"""Squares and cubes belong to units."""
_LOOKALIKES: Final = str.maketrans(
    {
        "\u2010": "-", "\u2011": "-", "\u2012": "-", "\u2013": "-", "\u2212": "-", "\u2019": "'", "\u2018": "'",
        "\u02bc": "'", "\u2032": "'", "\u201c": '"', "\u201d": '"', "\u2033": '"', "\u2044": "/", "\u00a0": " ",
        "\u202f": " ", "\u2009": " ", "\u3000": " ",
    }
)  # fmt: skip
_ENTITY: Final = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_BLANKS: Final = re.compile(r"[^\S\n]+")
_PICTURES: Final = "\U0001f000-\U0001faff\u2600-\u27bf\ufe0f"
_DIRECTIONS: Final = (
    r"(?:(?:soft|gentle|light|slight|short|brief|long|warm|nervous|quiet|deep|clear|small|loud)(?:ly)? )?"
    r"(?:paus(?:e|es|ing)|laugh(?:s|ing|ter)?|chuckl(?:e|es|ing)|giggl(?:e|es|ing)|sigh(?:s|ing)?|smil(?:e|es|ing)|"
    r"whisper(?:s|ing)?|breath(?:e|es|ing)?|inhales?|exhales?|gasps?|coughs?|sniffs?|nods?|silence|beat|"
    r"clears? (?:my |her |his |their )?throat|clearing throat|takes? a (?:deep )?breath|waits?|waiting)"
    r"(?: (?:(?:soft|gent|light|slight|brief|warm|nervous|quiet|deep|cheerful|politely|friend)(?:ly)?|"
    r"for (?:a )?(?:response|reply|answer|moment|second|the customer|the caller|the user)))?\.{0,3}"
)
"""What a model writes for an actor."""
_EMOTICON: Final = r"(?:[:;=][-^']?[)(DPp|/\\*]|[xX]D|\^_?\^|</?3(?=[\s.!?]*$|\s(?:you|u|it|this)\b))"
_RULES: Final = (
    (re.compile(rf"(?i)\[{_DIRECTIONS}\]|\({_DIRECTIONS}\)|(?<![\w*])\*{{1,2}}{_DIRECTIONS}\*{{1,2}}(?![\w*])"), " "),
    (re.compile(r"(?m)^[ \t]*```[ \t]*[A-Za-z0-9_+-]{0,20}[ \t]*$"), " "),
    (re.compile(r"(?m)^[ \t]*(?:[-*_=][ \t]?){3,80}$"), " "),
    (re.compile(r"(?m)^[ \t]*\|?(?:[ \t]?:?-{1,40}:?[ \t]?\|){1,20}(?:[ \t]?:?-{1,40}:?)?[ \t]*$"), " "),
    (re.compile(r"(?m)^[ \t]*\|[ \t]*"), " "),
    (re.compile(r"(?m)[ \t]*\|[ \t]*$"), ". "),
    (re.compile(r"<!--.{0,400}?-->", re.DOTALL), " "),
    (re.compile(r"\{\{[^{}]{0,200}\}\}|[{<]%[^%{}<>]{0,200}%[}>]"), " "),
    (re.compile(r"<((?:mailto:|https?://|[\w.+-]{1,64}@)[^<>\s]{1,200})>"), r"\1"),
    (re.compile(r"</?[A-Za-z][A-Za-z0-9]{0,20}(?:\s[^<>@]{0,200})?/?>"), " "),
    (re.compile(r"!?\[([^\[\]]{1,250})\]\([^()\s]{0,250}\)"), r"\1"),
    (re.compile(r"(?m)^[ \t]{0,8}(?:#{1,6}|>|[-*+•])[ \t]+"), ""),
    (re.compile(r"(?<!\*)\*\*(?!\*)|(?<!\*)\*{3}(?![*\d])|(?<=[^\s*])\*{3}(?!\*)|__(?=\W|$)|(?<!\w)__|~~|`{1,3}"), ""),
    (re.compile(r"(?<![\w*])\*(?=[^\s*\d])|(?<=[^\s*\d])\*(?![\w*])"), ""),
    (re.compile(r"(?<!\w)_(?=\w)|(?<=\w)_(?!\w)"), ""),
    (re.compile(r"[\[\]{}]"), ""),
    (re.compile(rf"(?:^|(?<=\s)|(?<=[.!?,])){_EMOTICON}(?=[\s.!?,]|$)"), " "),
    (re.compile(f"[{_PICTURES}][{_PICTURES}\u200d]{{0,20}}"), " "),
    (re.compile(r" ?\| ?"), ", "),
)


def plain(text: str) -> str:
    """One line, with ASCII digits, hyphens and quotes."""
    text = _ENTITY.sub(lambda found: html.unescape(found[0]), text)
    folded = _BLANKS.sub(" ", "".join(map(_folded, text.translate(_LOOKALIKES))))
    for pattern, instead in _RULES:
        folded = pattern.sub(instead, folded)
    return " ".join(folded.split())


def _folded(letter: str) -> str:
    if letter < "\x7f":
        return letter if letter >= " " or letter in "\n\t" else " "
    category = unicodedata.category(letter)
    if category == "Nd":
        return str(unicodedata.digit(letter))
    if "\uff01" <= letter <= "\uff5e":
        return chr(ord(letter) - 0xFEE0)
    if category == "No" and letter not in _KEPT_POWERS and (digit := unicodedata.digit(letter, None)) is not None:
        return f"^{digit}" if unicodedata.decomposition(letter).startswith("<super>") else f"{digit} "
    if category in _INVISIBLE and letter not in _KEPT_MARKS:
        return ""
    return letter
