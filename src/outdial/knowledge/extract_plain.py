"""The text in a file that is text: ``python -m outdial.knowledge.extract_plain TYPE CHARSET < file``.

What a few bytes can become is bounded here as for any other file, in a process that needs none of the large libraries.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import NoReturn

from outdial.knowledge.kept import joined, kept
from outdial.knowledge.plain import decoded
from outdial.knowledge.tables import table_lines
from outdial.sandbox.child import read_in_here


def plain_text(raw: bytes, kind: str, charset: str) -> Iterator[str]:
    """
    Raises:
        Refused: it is no text.
    """
    text = decoded(raw, charset)
    yield from joined("\n", table_lines(text)) if kind == "csv" else (text,)


def main() -> NoReturn:
    kind, charset = sys.argv[1:]
    raw = sys.stdin.buffer.read()
    read_in_here(lambda: kept(plain_text(raw, kind, charset)), otherwise="it cannot be read as text")


if __name__ == "__main__":
    main()
