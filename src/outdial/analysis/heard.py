"""What was said, as the rules read it: sentences, plain words, and the words that carry a meaning."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from outdial.domain import spoken

AGENT: Final = "agent"
CALLEE: Final = "callee"
_END: Final = re.compile(r"(?<=[.!?।॥。？！؟۔])\s+|\n+|(?<=[।॥。？！؟۔])")
_SHORTENED: Final = tuple(
    (re.compile(rf"{short}\b", re.IGNORECASE), long)
    for short, long in (
        (r"\bwon'?t", "will not"),
        (r"\bcan'?t", "can not"),
        (r"\bdont", "do not"),
        (r"n't", " not"),
        (r"'ll", " will"),
        (r"\bi'm", "i am"),
        (r"'re", " are"),
        (r"'ve", " have"),
        (r"'d", " would"),
    )
)
_DEVANAGARI_DIGITS: Final = {0x966 + digit: str(digit) for digit in range(10)}
_EMPTY: Final = frozenset(
    spoken.listed(
        "a about after again all also am an and any are as at be been but by can could did do does for from "
        "get go got had has have he hello her here hi him his how i if in into is it its just know let like "
        "me more my need no not now of ok okay on one or our out please right say she should so some take "
        "tell than thank thanks that the their them then there they this time to too up us very want wants "
        "was we well were what when where which who will with would yeah yes you your callee caller customer "
        "person है हैं हूँ हूं था थी थे का की के को में से पर और या तो भी ही यह वह ये वे मैं हम आप मुझे हमें "
        "आपको मेरा मेरी आपका आपकी कि जो क्या नहीं हाँ हां जी ठीक अच्छा अभी एक लिए कर करना करें रहा रही रहे "
        "नमस्ते"
    )
)
_YES: Final = re.compile(
    r"^(?:(?:oh|well|so|and) )*(?:yes|yeah|yep|yup|sure|ok|okay|please do|of course|absolutely|definitely|correct|"
    r"right|true|that works|fine|go ahead|i do|i am|i have|i will|i did|"
    r"हाँ|हां|हा|जी|ठीक|बिल्कुल|haan|han|ji|theek|bilkul)(?!\w)"
)
_NO: Final = re.compile(
    r"^(?:(?:oh|well|so|and|sorry|जी|ji) )*(?:no|nope|nah|not|never|false|i do not|i am not|i have not|i will not|"
    r"i did not|नहीं|ना|मत|nahi|nahin)(?!\w)"
)


def sentences(text: str) -> list[str]:
    return [part.strip() for part in _END.split(text) if part.strip()]


def asks(sentence: str) -> bool:
    return sentence.rstrip().endswith(("?", "？", "؟"))


@lru_cache(maxsize=1024)
def plain(text: str) -> str:
    """Lower case without punctuation, ``I'll`` written out, numbers as digits.

    The last sentences are remembered: each rule reads every one of them.
    """
    long = unicodedata.normalize("NFKC", text).replace("’", "'").translate(_DEVANAGARI_DIGITS)
    for short, written_out in _SHORTENED:
        long = short.sub(written_out, long)
    return spoken.plain(long)


def telling(text: str) -> Iterator[str]:
    """The words that carry a meaning, without the commonest English endings."""
    for word in plain(text).split():
        if word not in _EMPTY and (len(word) > 2 or word.isdigit() or not word.isascii()):
            yield _stem(word)


def same_name(one: str, other: str) -> bool:
    """Whether two names differ in case, spaces and signs only."""
    return _bare(one) == _bare(other)


def yes_or_no(text: str) -> bool | None:
    """What an answer begins with; None: neither."""
    said = plain(text)
    if _NO.match(said):
        return False
    return True if _YES.match(said) else None


def cut(text: str, most: int) -> str:
    words = " ".join(text.split())
    return words if len(words) <= most else f"{words[: most - 1].rstrip()}…"


def _bare(name: str) -> str:
    folded = unicodedata.normalize("NFKC", name).casefold()
    return "".join(letter for letter in folded if unicodedata.category(letter)[0] in "LNM")


def _stem(word: str) -> str:
    for ending in ("ing", "ed", "es", "s"):
        if word.isascii() and word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word
