"""Where commands say what they did. What is stored came from strangers: nothing of it may steer the terminal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from outdial.domain.printable import printable


class SafeConsole(Console):
    """Escapes control characters in whatever is printed, and reads no markup in it unless it is told to."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"markup": False, "highlight": False, "emoji": False, **options})

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """As ``Console.render``; rich's own controls, such as colours, are no text of a segment."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=printable(segment.text, lines=True))


def console() -> SafeConsole:
    """Lines as they are: not wrapped, not coloured by what they hold."""
    return SafeConsole(soft_wrap=True)
