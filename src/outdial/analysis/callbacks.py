"""Whether the callee wants to be called again, and when."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from outdial.analysis.heard import AGENT, CALLEE, asks, plain, sentences, yes_or_no
from outdial.analysis.when import Named, moment, named_in

_CALL: Final = r"(?:call|ring|phone|contact|reach)"
_LATER: Final = re.compile(
    rf"\b{_CALL} (?:me |us )?(?:back|again|later)\b|\btry (?:me|us) again\b|\b{_CALL} (?:me|us) then\b"
    rf"|\b{_CALL} (?:me |us )(?:at |on )?(?:(?:a|another|some other) )?(?:other|later|better|different) (?:time|day)\b"
    r"|\bgive (?:me|us) (?:a|another) (?:call|ring) (?:back|again|later)\b"
    r"|\b(?:talk|speak)(?: to (?:you|me))? later\b"
    r"|(?:बाद में|दोबारा|फिर से|baad mein|baad me|dobara|phir se) (?:\S+ )?(?:कॉल|फोन|फ़ोन|बात|call|phone|baat)"
)
_AT_A_TIME: Final = re.compile(
    rf"\b(?:{_CALL}|try|give) (?:me|us)\b"
    rf"|(?:^|\b(?:please|(?:can|could|will|would) you|just|then|rather) )(?:call|ring|phone)\b(?! you)"
    r"|\b(?:can|could|shall) we (?:speak|talk)\b|\b(?:lets|let us) (?:speak|talk)\b"
    rf"|\b(?:कॉल|फोन|फ़ोन|call|phone|baat|बात) (?:कर|कीजि|kar|kijiye|kijie)"
)
"""Asks to be called only together with a time."""
_NOT_ASKED: Final = re.compile(
    r"\b(?:not|never|stop|no need to|supposed to|i (?:will|can|shall|would)|let me|you would|going to"
    r"|i (?:want|wanted|tried|meant) to|why (?:do|did|are|would) you|(?:they|he|she) (?:will|would|can)) (?:ever )?$"
)
_REFUSED_AFTER: Final = re.compile(r"^ (?:\S+ )?(?:मत|न|mat|na)(?!\w)")
_WHEN: Final = re.compile(
    r"\b(?:when|what time|which time|which day|what day|better time|good time|another time|morning or)\b"
    r"|कब|किस समय|कितने बजे"
)
_ABOUT_CALLING: Final = re.compile(rf"\b(?:{_CALL}|talk|speak)\b|कॉल|फोन|फ़ोन|बात")
_OFFER: Final = re.compile(
    r"\b(?:shall|should|can|could|may|would you like) (?:\w+ )?(?:i|we|me|us|someone|somebody) (?:to )?(?:\w+ )?"
    rf"{_CALL}\b"
)


@dataclass(frozen=True)
class Callback:
    requested: bool = False
    at: str = ""
    """ISO 8601 with an offset; empty: no time that lies ahead was named."""


def callback_in(turns: Sequence[tuple[str, str]], now: datetime) -> Callback:
    requested, named = False, Named()
    for asked, said in _exchanges(turns):
        question = next((sentence for sentence in reversed(sentences(asked)) if asks(sentence)), "")
        for sentence in sentences(said):
            wish = _wish(sentence, now)
            if wish is not None:
                requested, named = True, wish.over(named)
            elif requested and (wish := _answered_when(question, sentence, now)):
                named = wish.over(named)
        if offer := _offer(question, said, now):
            requested, named = True, offer.over(named)
    if not requested:
        return Callback()
    at = moment(named, now)
    return Callback(True, at.isoformat() if at else "")


def asks_for_call(sentence: str, now: datetime) -> bool:
    """By itself, whatever was asked before."""
    return _wish(sentence, now) is not None


def _exchanges(turns: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """What the callee said, each with what the agent had said before."""
    asked = ""
    for speaker, text in turns:
        if speaker == AGENT:
            asked = text
        elif speaker == CALLEE:
            yield asked, text


def _wish(sentence: str, now: datetime) -> Named | None:
    """The time in a sentence that asks for a call; None: it asks for none."""
    words = plain(sentence)
    for found in _LATER.finditer(words):
        if _meant(words, found):
            return _time_of(words, found.start(), now)
    for found in _AT_A_TIME.finditer(words):
        if _meant(words, found) and (named := _time_of(words, found.start(), now)):
            return named
    return None


def _meant(words: str, found: re.Match[str]) -> bool:
    return not _NOT_ASKED.search(words[: found.start()]) and not _REFUSED_AFTER.search(words[found.end() :])


def _time_of(words: str, begin: int, now: datetime) -> Named:
    """What is said after the asking counts first: who is busy today may be free tomorrow."""
    after, whole = named_in(words[begin:], now), named_in(words, now)
    if not after:
        return whole
    return replace(after, day=after.day or whole.day)


def _answered_when(question: str, sentence: str, now: datetime) -> Named | None:
    return named_in(sentence, now) if _WHEN.search(plain(question)) else None


def _offer(question: str, said: str, now: datetime) -> Named | None:
    """The time agreed on when the agent asks whether or when to call again; None: it did not ask, or got none."""
    words = plain(question)
    if " did " in f" {words} " or not _ABOUT_CALLING.search(words):
        return None
    named = named_in(said, now)
    if _WHEN.search(words) and named and yes_or_no(said) is not False:
        return named
    if _OFFER.search(words) and yes_or_no(said):
        return named.over(named_in(words, now))
    return None
