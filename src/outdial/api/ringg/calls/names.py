"""``smart_formatter`` (§2.9): the callee's first name out of a full one with titles, in another script if asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from outdial.names.dictionary import transliterate

UNAVAILABLE: Final = "transliteration_unavailable"
"""The warning of a call whose name is in no dictionary of that pair of languages."""
_SOURCE: Final = "en"
_TARGET: Final = "hi"
_TITLES: Final = frozenset(
    {"mr", "mister", "mrs", "ms", "miss", "mx", "dr", "doctor", "prof", "professor", "sir", "madam", "madame"}
    | {"rev", "hon", "capt", "col", "er", "adv", "shri", "shree", "sri", "smt", "kumari", "pandit", "herr", "frau"}
)
"""Compared in lower case, with or without a dot."""


def first_name(name: str) -> str:
    """The first real name in ``name``; unchanged when there are only titles.

    ``Mr Rajesh Kumar``, ``Mr. Rajesh Kumar`` and ``Mr.Rajesh`` give ``Rajesh``.
    """
    for word in name.replace(",", " ").split():
        head, dot, rest = word.partition(".")
        bare = rest if dot and rest and head.lower() in _TITLES else word
        if bare.rstrip(".").lower() not in _TITLES:
            return bare
    return name


@dataclass(frozen=True)
class Wish:
    """What a request wants done to its callee's name. ``script``: languages it comes from and goes to, if it does."""

    extract: bool = False
    script: tuple[str, str] | None = None

    @property
    def wants_anything(self) -> bool:
        return self.extract or self.script is not None


def says_nothing(formatter: Mapping[str, Any]) -> bool:
    """Whether the agent's own default decides if first names are extracted."""
    return formatter.get("extract_first_name") is None and not formatter.get("transliteration")


def wish_of(formatter: Mapping[str, Any], *, extract_by_default: bool) -> Wish:
    """``formatter`` has passed ``validation``: every member is missing, null or of its type."""
    if says_nothing(formatter):
        return Wish(extract=extract_by_default)
    if not formatter.get("transliteration"):
        return Wish(extract=formatter["extract_first_name"])
    languages = formatter.get("transliteration_language") or {}
    return Wish(extract=True, script=(languages.get("source") or _SOURCE, languages.get("target") or _TARGET))


def formatted(full: object, wish: Wish) -> tuple[object, tuple[str, ...]]:
    """The name as it is called out, and what could not be done; a name in no dictionary stays in its script.

    A callee's name that is a number or an object comes back as it is.
    """
    name = first_name(full) if isinstance(full, str) else full
    if wish.script is None:
        return name, ()
    written = transliterate(name, *wish.script) if isinstance(name, str) else None
    return (written, ()) if written else (name, (UNAVAILABLE,))


def spelled(name: str, language: str) -> str:
    """The first name in ``name``, in the script of ``language`` where the dictionary knows it."""
    written, _ = formatted(name, Wish(extract=True, script=(_SOURCE, language)))
    return str(written)
