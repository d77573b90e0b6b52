"""Who finds out what a talk told."""

from __future__ import annotations

from typing import Protocol

from outdial.domain.agent import AnalysisPlan
from outdial.domain.analysis import Analysis, Talked


class Analyst(Protocol):
    """``most_s``: how long one talk may take it, in seconds."""

    most_s: float

    async def analyse(self, talked: Talked, plan: AnalysisPlan, model: str = "") -> Analysis:
        """Find out all of it; every key of ``plan.keys`` is in the result with a value of its type, or null.

        ``model``: the agent's own; empty: whichever the installation uses.

        Raises:
            Unreachable: it did not answer, or not in the shape it was asked for; asking again may help.
        """
        ...

    async def close(self) -> None:
        """Nobody asks it any more."""
        ...
