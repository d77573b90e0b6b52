"""Figures as they stand in ``docs/benchmarks.md``: medians, with their spread when it is not nothing."""

from __future__ import annotations

import statistics
from collections.abc import Sequence


def table(title: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [f"### {title}", "", _line(header), _line(["---"] * len(header)), *map(_line, rows)]
    return "\n".join(lines) + "\n"


def spread(values: Sequence[float], digits: int = 0) -> str:
    """``35 (33–38)``: the median, the least and the most; a dash for what could not be measured."""
    if not any(values):
        return "–"
    low, middle, high = (f"{value:,.{digits}f}" for value in (min(values), statistics.median(values), max(values)))
    return middle if low == high else f"{middle} ({low}–{high})"


def ratios(values: Sequence[float], to: Sequence[float]) -> list[float]:
    """Round by round."""
    return [value / base for value, base in zip(values, to, strict=True) if base > 0] or [0.0]


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
