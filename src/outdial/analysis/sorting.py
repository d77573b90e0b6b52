"""Which label fits what the callee said."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from outdial.analysis.heard import plain, same_name, telling, yes_or_no

NO_RESPONSE: Final = "no_response"
DO_NOT_CALL: Final = "do_not_call"
WRONG_NUMBER: Final = "wrong_number"
CALLBACK: Final = "callback"
NOT_INTERESTED: Final = "not_interested"
INTERESTED: Final = "interested"

_SAID: Final = (
    (
        DO_NOT_CALL,
        re.compile(
            r"\b(?:(?:do not|never) (?:ever )?(?:call|contact|ring|phone)(?: back| again)?"
            r"(?: me| us| here| (?:this|my) number|$)"
            r"|stop (?:calling|contacting|ringing|phoning))"
            r"(?!(?: \w+){0,2} (?:today|now|before|until|till|at|on|in|during|tomorrow|so))"
            r"|\b(?:remove|delete|take) (?:me|us|(?:my|this|our) number)\b.{0,20}\b(?:list|database|off|out)\b"
            r"|\b(?:remove|delete) (?:my|this|our) number\b|(?:कॉल|फोन|फ़ोन) (?:मत|न) (?:कर|कीजि)|नंबर (?:हटा|डिलीट)"
            r"|(?:call|phone) mat kar"
        ),
    ),
    (
        WRONG_NUMBER,
        re.compile(
            r"\bwrong (?:number|person)\b|\bno ?(?:body|one)(?: here)? (?:by|of|with) (?:that|this) name\b"
            r"|\b(?:does not|do not) live here\b|\bthis is not (?:his|her|their) number\b|गलत नंबर|ग़लत नंबर|रॉन्ग नंबर"
            r"|galat number"
        ),
    ),
)
_INTEREST: Final = (
    (
        NOT_INTERESTED,
        re.compile(
            r"\b(?:not|no longer|never) (?:\w+ )?interested\b|\bno interest\b"
            r"|\bdo not (?:want|need) (?:it|this|that|any|one)\b"
            r"|\bno thank|\bno thanks\b|(?:रुचि|दिलचस्पी|इंटरेस्ट) नहीं|(?:नहीं|nahi|nahin) (?:चाहिए|chahiye)|interest nahi"
        ),
    ),
    (
        INTERESTED,
        re.compile(
            r"\binterested\b|\bsounds (?:good|great|interesting)\b|\btell me more\b|\bsign me up\b|\bcount me in\b"
            r"|\bi (?:would like|would love|want) "
            r"(?:it|one|to (?:buy|book|order|know more|sign up|join|try|renew|subscribe))\b"
            r"|(?:रुचि|दिलचस्पी|इंटरेस्ट) है|(?<!नहीं )चाहिए"
        ),
    ),
)
_ALSO: Final = {
    DO_NOT_CALL: ("dnc", "do not disturb", "dnd"),
    CALLBACK: ("call back", "callback requested", "call later", "call back later", "follow up", "busy"),
    NO_RESPONSE: ("no answer", "silent", "no reply"),
    NOT_INTERESTED: ("rejected", "declined"),
    INTERESTED: ("lead", "hot lead"),
    WRONG_NUMBER: ("wrong person",),
}


def label_for(said: Sequence[str], labels: Mapping[str, str], *, callback: bool) -> str:
    """``said``: the callee's sentences. ``labels``: the agent's, each with what it means; empty: our own."""
    own = own_label(said, callback=callback)
    if not labels:
        return own
    return _named_like(own, labels) or _said_itself(said, labels) or _most_words(said, labels)


def own_label(said: Sequence[str], *, callback: bool) -> str:
    """The first that fits, in the order of the documentation; empty: none does."""
    words = [plain(sentence) for sentence in said]
    if not any(words):
        return NO_RESPONSE
    for label, pattern in _SAID:
        if any(pattern.search(sentence) for sentence in words):
            return label
    if callback:
        return CALLBACK
    for label, pattern in _INTEREST:
        if any(pattern.search(sentence) for sentence in words):
            return label
    return ""


def _named_like(own: str, labels: Mapping[str, str]) -> str:
    names = (own, *_ALSO.get(own, ())) if own else ()
    return next((label for name in names for label in labels if same_name(name, label)), "")


def _said_itself(said: Sequence[str], labels: Mapping[str, str]) -> str:
    """The longest label whose own words somebody said one after the other, and did not deny."""
    for label in sorted(labels, key=len, reverse=True):
        words = re.escape(plain(label.replace("_", " ")))
        pattern = re.compile(rf"(?<!not )(?<!no )(?<!\w){words}(?!\w)")
        if words and any(pattern.search(plain(sentence)) and yes_or_no(sentence) is not False for sentence in said):
            return label
    return ""


def _most_words(said: Sequence[str], labels: Mapping[str, str]) -> str:
    """The label that shares most words with what was said: two at least, or all it has. The first of equals."""
    heard = {word for sentence in said for word in telling(sentence)}
    best, most = "", 0
    for label, meaning in labels.items():
        words = set(telling(f"{label.replace('_', ' ')} {meaning}"))
        shared = len(words & heard)
        if shared > most and shared >= min(2, len(words)):
            best, most = label, shared
    return best
