"""What an agent's owner asked for besides: from the answers the talk took down, else from a question and its reply."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from outdial.analysis.heard import AGENT, CALLEE, asks, plain, same_name, sentences, telling, yes_or_no
from outdial.domain.agent import AnalysisPlan
from outdial.domain.analysis import Talked

_NUMBER: Final = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?![\w.])")
_MOST_DIGITS: Final = 15
_BOOLEANS: Final = {"true": True, "false": False, "1": True, "0": False}


def answers_to(talked: Talked, plan: AnalysisPlan) -> dict[str, Any]:
    """Every key with a value of its type, or None."""
    exchanges = [*_exchanges(talked.turns)]
    return {name: _answer(name, kind, talked, plan, exchanges) for name, kind in plan.keys.items()}


def as_type(text: str, kind: str) -> Any:
    """``text`` as a value of one of ``ANALYSIS_TYPES``; None: it is none."""
    match kind:
        case "boolean":
            found = yes_or_no(text)
            return _BOOLEANS.get(plain(text)) if found is None else found
        case "integer":
            number = _only_number(text)
            return int(number) if number is not None and "." not in number else None
        case "number":
            number = _only_number(text)
            return None if number is None else float(number)
        case _:
            return text.strip() or None


def _answer(name: str, kind: str, talked: Talked, plan: AnalysisPlan, exchanges: Sequence[tuple[str, str]]) -> Any:
    for captured, value in talked.captured.items():
        if same_name(name, captured):
            return as_type(str(value), kind)
    if kind == "string":
        return None
    for question, reply in reversed(exchanges):
        if _is_about(question, name, plan.hints.get(name, "")):
            found = as_type(reply, kind)
            if found is not None:
                return found
    return None


def _exchanges(turns: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """The last question of each of the agent's turns, with what the callee said next."""
    question = ""
    for speaker, text in turns:
        if speaker == AGENT:
            question = next((sentence for sentence in reversed(sentences(text)) if asks(sentence)), "")
        elif speaker == CALLEE and question:
            yield question, text
            question = ""


def _is_about(question: str, name: str, hint: str) -> bool:
    """It holds all the words of the key's name, or two of the hint's (all, if it has fewer)."""
    asked = set(telling(question))
    names, hints = set(telling(re.sub(r"[_\W]+", " ", name))), set(telling(hint))
    return (bool(names) and names <= asked) or (bool(hints) and len(hints & asked) >= min(2, len(hints)))


def _only_number(text: str) -> str | None:
    """The number in the first sentence that has one, in figures or in words; None: none has, or several are in it."""
    numbers = (_numbers(sentence) for sentence in sentences(text))
    first = next((found for found in numbers if found), set())
    number = first.pop() if len(first) == 1 else ""
    return number if number and len(number) <= _MOST_DIGITS else None


def _numbers(sentence: str) -> set[str]:
    signed = re.sub(r"(?<![\w.])-(?=\d)", "minus ", sentence)
    return set(_NUMBER.findall(re.sub(r"\bminus ", "-", plain(signed))))
