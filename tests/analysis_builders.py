"""Talks as an analyst is given them."""

from __future__ import annotations

from typing import Any

from outdial.domain.analysis import Talked

MONDAY = "2026-03-02T15:30:00+05:30"


def a_talk(*lines: str, **facts: Any) -> Talked:
    """Lines begin with ``A:`` for the agent and ``C:`` for the callee; on a Monday afternoon in India, in English."""
    turns = tuple(({"A:": "agent", "C:": "callee"}[line[:2]], line[2:].strip()) for line in lines)
    about = {"language": "en-IN", "timezone": "Asia/Kolkata", "began_at": MONDAY} | facts
    return Talked(turns=turns, **about)
