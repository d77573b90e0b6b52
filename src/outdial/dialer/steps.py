"""The named steps of an attempt, for whoever watches: a trace, or a test that ends the process at one of them."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum


class Step(StrEnum):
    CLAIMING = "claiming"
    """In the transaction that claims the attempt, before its commit."""
    CLAIMED = "claimed"
    ASKING = "asking"
    """In the transaction that says the carrier is being asked, before its commit."""
    ASKED = "asked"
    """It is committed that the INVITE may leave."""
    HANDED_OVER = "handed_over"
    """The operator takes it."""
    FINISHING = "finishing"
    """In the transaction that ends the attempt, before its commit."""
    FINISHED = "finished"


Watch = Callable[[Step, tuple[str, int]], None]
"""Called at each step with the attempt (call, number); returns at once. In a transaction it may be called again."""


def unwatched(step: Step, attempt: tuple[str, int]) -> None:
    """Nobody looks."""
