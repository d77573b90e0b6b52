"""Looks names up. What is not written down is not guessed: a name pronounced wrongly is worse than one left alone."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Final

_FILES: Final = {("en", "hi"): "en_hi.tsv"}
"""By the languages' primary subtags (BCP 47): from which script's habits of spelling into which."""


def transliterate(name: str, source: str, target: str) -> str | None:
    """One given name as it is written in ``target``; None: it is not in the dictionary, or there is none.

    ``source`` and ``target`` are language tags; only their first part matters: ``en-IN`` is ``en``. The name is found
    whatever its case and width.
    """
    file = _FILES.get((_primary(source), _primary(target)))
    return _names(file).get(_folded(name)) if file else None


@cache
def _names(file: str) -> Mapping[str, str]:
    """Read once for a process: the file is part of the program."""
    text = resources.files("outdial.names").joinpath(file).read_text("utf-8")
    rows = (line.partition("\t") for line in text.splitlines())
    return {spelling: written for spelling, _, written in rows}


def _primary(tag: str) -> str:
    return tag.strip().replace("_", "-").partition("-")[0].lower()


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", name).strip().casefold()
