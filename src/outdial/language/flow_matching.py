"""What heard words mean: the meanings a flow may expect, each a function from plain words to a value.

Nothing here knows the day or the hour, and nothing guesses: words that say yes and no at once mean neither.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from outdial.domain.spoken import listed, plain, plain_tokens
from outdial.language.flow_dates import date_in, time_in

DIGITS_PREFIX: Final = "digits "
"""How keys pressed on the phone are handed to a dialogue: ``digits 15#``."""
_ENTRIES: Final = re.compile(rf"(?:{DIGITS_PREFIX}([0-9A-D*#]+)(?:\s+|$))+")

_YES: Final = frozenset(listed("yes yeah yep yup yea ya aye sure absolutely definitely certainly correct ok okay"))
_NO: Final = frozenset(listed("no nope nah never negative incorrect wrong"))
_SOFT_YES: Final = re.compile(
    r"\b(?:of course|right|fine|good|great|perfect|works|i can|i will|ill be there|i do|i am|im in|i have|i did|it is|"
    r"that is|thats it|go ahead|please do|uh huh|mm hmm|mhm|all right|alright|exactly|indeed|count me in|will do)\b"
    r"|^please$"
)
_NEGATION: Final = frozenset(
    listed("not dont cant cannot wont isnt arent doesnt didnt havent wasnt couldnt wouldnt shouldnt no never unable")
)
_NOT_A_NO: Final = re.compile(r"\b(?:no|not a) (?:problem|worries|doubt|issue)\b|\bwhy not\b|\bi dont mind\b")
_UNSURE: Final = re.compile(
    r"\b(?:not (?:\w+ )?(?:sure|certain)|dont (?:really )?know|no idea|maybe|perhaps|it depends|depends)\b"
)
_REFUSAL: Final = re.compile(
    r"\b(?:cant|cannot|can not|wont|will not|unable|not (?:possible|able|interested|coming))\b"
)
_CORRECTION: Final = re.compile(r"\b(?:i mean|actually|sorry|rather|wait)\b")
_REPEAT: Final = re.compile(
    r"\b(?:repeat|(?:say|tell me) (?:that|it|this) again|come again|pardon|what did you say|what was that|"
    r"(?:did not|didnt|could not|couldnt|cant) (?:\w+ )?(?:catch|hear|get|understand)|once more|one more time)\b"
    r"|^(?:what|sorry|huh|excuse me|sorry what|what sorry|im sorry)$"
)
_HUMAN: Final = re.compile(
    r"\b(?:human|representative|operator|receptionist|supervisor|manager|live agent|an agent|"
    r"(?:real|actual|live) (?:person|human|agent)|"
    r"(?:talk|speak|talking|speaking) (?:to|with) (?:a |an |the |some)?(?:person|someone|somebody|agent|one))\b"
)
_NAME_LEAD: Final = re.compile(
    r"^(?:(?:yes|yeah|hi|hello|hey|ok|okay|sure|well|so|speaking) )*"
    r"(?:(?:my (?:full |first |last )?name is|this is|i am|im|its|it is|name is|the name is|you can call me|call me) )?"
)
_NAME_TAIL: Final = re.compile(r" (?:speaking|here|please|thanks|thank you)$")
_NO_NAMES: Final = _YES | _NO | _NEGATION | frozenset(listed("what who why how repeat pardon you the a my i is it"))

Meaning = Callable[[str], str | None]
"""From heard text to its value, e.g. ``yes`` or ``47291``; None when it does not mean that."""


def pressed_keys(heard: str) -> str | None:
    """The keys in ``digits 15#``, without the closing ``#``; None for spoken words.

    Words that were spoken meanwhile come after them; of several entries the last one counts.
    """
    entries = _ENTRIES.match(heard)
    if entries is None:
        return None
    keys: str = entries[1]
    return keys.removesuffix("#") or keys


def yes_or_no(heard: str) -> str | None:
    """``yes``, ``no``, or None when it is neither, both, or a maybe.

    The first plain yes or no counts; after a correction ("no, sorry, I mean yes") what follows it.
    """
    text = _NOT_A_NO.sub("yes", plain(heard))
    *_, last = _CORRECTION.split(text)
    return _answer(last) or _answer(text)


def _answer(text: str) -> str | None:
    if _UNSURE.search(text):
        return None
    words = text.split()
    for at, word in enumerate(words):
        negated = bool(_NEGATION & set(words[max(0, at - 2) : at]))
        if word in _YES:
            contradicted = _REFUSAL.search(text) or words[at + 1 : at + 2] == ["no"]
            return "no" if negated else None if contradicted else "yes"
        if word in _NO:
            return None if negated and word != "no" else "no"
    if _NEGATION & set(words):
        return "no"
    return "yes" if _SOFT_YES.search(text) else None


def number_in(heard: str) -> str | None:
    """The first number, e.g. ``25`` or ``3.5``; after a correction the one that follows it."""
    keys = pressed_keys(heard)
    if keys is not None:
        return keys if keys.isdigit() else None
    text = re.sub(r"\b(\d+) point (\d+)\b", r"\1.\2", plain(heard))
    *_, last = _CORRECTION.split(text)
    found = re.search(r"\b\d+(?:\.\d+)?\b", last) or re.search(r"\b\d+(?:\.\d+)?\b", text)
    return found[0] if found else None


def digits_in(heard: str) -> str | None:
    """All digits in a row: order numbers, phone numbers, codes."""
    keys = pressed_keys(heard)
    if keys is not None:
        return keys
    return "".join(letter for letter in plain(heard) if letter.isdecimal()) or None


def name_in(heard: str) -> str | None:
    """A name of up to four words, as one would write it: "yes, this is rahul sharma" is ``Rahul Sharma``."""
    if pressed_keys(heard) is not None:
        return None
    words = _NAME_TAIL.sub("", _NAME_LEAD.sub("", plain(heard) + " ").strip()).split()
    if not 1 <= len(words) <= 4 or _NO_NAMES & set(words) or any(word[0].isdigit() for word in words):
        return None
    return " ".join(word.capitalize() for word in words)


def _anything(heard: str) -> str | None:
    keys = pressed_keys(heard)
    return keys or " ".join(heard.split()) or None


def _found(pattern: re.Pattern[str], name: str) -> Meaning:
    return lambda heard: name if pattern.search(plain(heard)) else None


def _only(answer: str) -> Meaning:
    return lambda heard: answer if yes_or_no(heard) == answer else None


MEANINGS: Final[dict[str, Meaning]] = {
    "yes": _only("yes"),
    "no": _only("no"),
    "number": number_in,
    "digits": digits_in,
    "date": date_in,
    "time": time_in,
    "name": name_in,
    "anything": _anything,
    "repeat": _found(_REPEAT, "repeat"),
    "human": _found(_HUMAN, "human"),
}
"""The words a flow may use for a meaning; anything else in ``hear`` is a phrase."""


def phrase_end(phrase: str, heard: str) -> int | None:
    """Where in the plain words of ``heard`` the plain words of ``phrase`` end for the last time; None: nowhere."""
    wanted, words = plain_tokens(phrase), plain_tokens(heard)
    if not wanted:
        return None
    ends = (end for end in range(len(words), len(wanted) - 1, -1) if words[end - len(wanted) : end] == wanted)
    return next(ends, None)
