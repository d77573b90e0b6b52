"""The analyst that needs no model: rules one can predict, all in ``docs/analysis.md``. Nothing leaves the machine."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from outdial.analysis.answers import answers_to
from outdial.analysis.callbacks import asks_for_call, callback_in
from outdial.analysis.heard import AGENT, CALLEE, asks, cut, plain, sentences, telling
from outdial.analysis.sorting import label_for
from outdial.domain.agent import AnalysisPlan
from outdial.domain.analysis import Analysis, PlatformAnalysis, Talked
from outdial.domain.hours import zone

MADE_BY: Final = "rules"
_READ: Final = frozenset({"", "en", "hi"})
"""Languages whose words mean something here, by their first part."""
_MOST_POINTS: Final = 8
_MOST_ITEMS: Final = 8
_MOST_EXCHANGES: Final = 3
_QUOTE: Final = 160
_POINT: Final = 240

_DOES: Final = (
    r"(?:send|call|ring|phone|email|mail|text|message|book|schedule|arrange|confirm|check|update|cancel|forward|share|"
    r"transfer|follow up|get back|contact|note|remove|refund|ship|deliver|reach|pass|notify|inform|remind|add|change|"
    r"move|reschedule|register|sign you|look into|find out|bring|pay|prepare|return|visit)"
)
_SOON: Final = r"(?:also|then|now|just|definitely|certainly|please|personally|be happy to|make sure to|go ahead and) "
_PROMISE: Final = re.compile(
    rf"\b(?:i|we|someone|somebody|they|he|she|(?:our|a|my) \w+) (?:will|(?:am|are|is) going to) (?:{_SOON})*{_DOES}\b"
    rf"|\blet me (?:{_SOON})*{_DOES}\b"
    r"|(?:मैं|हम|हमारी|हमारा|हमारे)(?: .*)? \S+(?:ूंगा|ूंगी|ूँगा|ूँगी|ुंगा|ुंगी|ुँगा|ुँगी|ेंगे|ेंगी|ेगा|ेगी)(?!\w)"
)
_WISH: Final = re.compile(
    rf"\b(?:can|could|will|would) you (?:{_SOON})*{_DOES}\b|\bplease (?:{_SOON})*(?:do not )?{_DOES}\b"
    rf"|^(?:ok |okay |yes |yeah |and |so |then |just |no )*(?:do not )?{_DOES} (?:me|us|it|this|that|the|my|our)\b"
    rf"|\bi (?:want|need|would like|expect) you to {_DOES}\b|\bdo not forget to\b"
    r"|\b(?:stop calling|take me off|take us off)\b"
    r"|(?:कॉल|फोन|फ़ोन|भेज|बता|बुक|कैंसिल)\S*(?: \S+)? "
    r"(?:करें|कीजिए|कीजिएगा|करना|कीजिये|दीजिए|दीजिएगा|दें|दो|देना|मत)(?!\w)"
    r"|भेजिए|भेजें|बताइए"
)


class RuleAnalyst:
    """``Analyst``; needs no model and no network, and finds the same in the same talk."""

    most_s = 10.0

    async def analyse(self, talked: Talked, plan: AnalysisPlan, model: str = "") -> Analysis:
        del model
        # Off the loop: a long talk and many keys take a while, and the tables of dates are read at their first use.
        return await asyncio.to_thread(analysis_of, talked, plan)

    async def close(self) -> None:
        """Nothing is open."""


def analysis_of(talked: Talked, plan: AnalysisPlan) -> Analysis:
    client = answers_to(talked, plan) if plan.keys else None
    return Analysis(_platform(talked, plan), client, MADE_BY)


def _platform(talked: Talked, plan: AnalysisPlan) -> PlatformAnalysis:
    said = [sentence for speaker, text in talked.turns if speaker == CALLEE for sentence in sentences(text)]
    summary, points = _summary(talked.turns), _key_points(talked, said)
    if said and talked.language.partition("-")[0].casefold() not in _READ:
        return PlatformAnalysis(summary, points)
    now = datetime.fromisoformat(talked.began_at).astimezone(zone(talked.timezone))
    callback = callback_in(talked.turns, now)
    return PlatformAnalysis(
        summary=summary,
        key_points=points,
        action_items=tuple(dict.fromkeys(_action_items(talked.turns, now)))[:_MOST_ITEMS],
        classification=label_for(said, plan.labels, callback=callback.requested),
        callback_requested=callback.requested,
        callback_requested_time=callback.at,
    )


def _summary(turns: Sequence[tuple[str, str]]) -> str:
    """The questions whose answers say most, each with its answer, in the order they were asked."""
    asked = [pair for pair in _asked(turns) if plain(pair[1])]
    telling_most = sorted(asked, key=lambda pair: -len(set(telling(pair[1]))))[:_MOST_EXCHANGES]
    told = [
        f"Asked {_quoted(question, '')}, the callee said {_quoted(reply)}"
        for question, reply in asked
        if (question, reply) in telling_most
    ]
    if told:
        return " ".join(told[:_MOST_EXCHANGES])
    said = [text for speaker, text in turns if speaker == CALLEE and plain(text)]
    if said:
        return f"The callee said {_quoted(max(said, key=len))}"
    first = next((text for speaker, text in turns if speaker == AGENT and plain(text)), "")
    return f"The callee said nothing; the agent said {_quoted(first)}" if first else "Nobody said anything."


def _quoted(text: str, end: str = ".") -> str:
    quote = cut(text, _QUOTE)
    return f'"{quote}"' if quote.endswith((".", "!", "?", "।", "…")) else f'"{quote}"{end}'


def _asked(turns: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """The agent's last question before each answer, and the answer: all the callee said until the agent spoke again."""
    question, reply = "", ""
    for speaker, text in [*turns, (AGENT, "")]:
        if speaker == CALLEE:
            reply = f"{reply} {text}".strip()
            continue
        if question and reply:
            yield question, reply
        question = next((sentence for sentence in reversed(sentences(text)) if asks(sentence)), "") or (
            "" if reply else question
        )
        reply = ""


def _key_points(talked: Talked, said: Sequence[str]) -> tuple[str, ...]:
    """Answers that were taken down, then sentences of the callee that say something, each once."""
    taken = [f"{name}: {cut(str(value), _POINT)}" for name, value in talked.captured.items() if str(value).strip()]
    spoken = [cut(sentence, _POINT) for sentence in said if _says_something(sentence)]
    return tuple(dict.fromkeys([*taken, *spoken]))[:_MOST_POINTS]


def _says_something(sentence: str) -> bool:
    """Four words or more, two of which carry a meaning; where words are not set apart, eight letters."""
    words = plain(sentence).split()
    if len(words) <= 2:
        return any(len(word) >= 8 and not word.isascii() and _is_unspaced(word) for word in words)
    return len(words) >= 4 and len(set(telling(sentence))) >= 2


def _is_unspaced(word: str) -> bool:
    """Chinese, Japanese, Thai and the like."""
    return any("\u0e00" <= letter <= "\u0eff" or "\u3040" <= letter <= "\u9fff" for letter in word)


def _action_items(turns: Sequence[tuple[str, str]], now: datetime) -> Iterator[str]:
    """What the agent promised and the callee asked for, in the order it was said."""
    for speaker, text in turns:
        for sentence in sentences(text):
            words = plain(sentence)
            promised = speaker == AGENT and not asks(sentence) and _PROMISE.search(words)
            if promised or (speaker == CALLEE and (_WISH.search(words) or asks_for_call(sentence, now))):
                yield cut(sentence, _POINT)
