"""Short phrases that carry a conversation, by language: listening words, greetings, goodbyes and thanks.

Words are compared in plain form (``plain_words``), so that case, punctuation, hyphens, drawn-out letters ("okaaay") and
a recogniser's spelling do not matter. Wherever people are called, English and Hindi words are mixed into the language
of the call: both are understood in every language. The table is ``phrases.toml``.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources
from itertools import product
from typing import Final

from outdial.domain.voices import canonical

_EVERYWHERE: Final = ("en", "hi")
_KINDS: Final = (
    *("good", "nice", "great", "lovely", "wonderful", "pleasant", "blessed", "fantastic", "beautiful", "safe", "super"),
)
_WISHES: Final = tuple(
    " ".join(words)
    for words in product(
        (
            *(f"{wish} {kind}" for wish in ("have a", "have a very", "wish you a", "wishing you a") for kind in _KINDS),
            *("have an amazing", "have an awesome", "enjoy your", "enjoy the"),
        ),
        ("", "rest of your", "rest of the"),
        ("day", "evening", "night", "afternoon", "morning", "weekend", "week", "one", "time", "trip"),
    )
)
"""Goodbyes that wish something: "have a nice day", "enjoy the rest of your weekend"."""
_REPEATED: Final = re.compile(r"(\S)\1+")
_VIRAMAS: Final = "\u094d\u09cd\u0acd\u0bcd\u0c4d\u0ccd"
_ELONGATED: Final = re.compile(rf"(\w[{_VIRAMAS}])(?:\1)+")
"""A consonant with its virama, again and again: a long "hmmm" in an Indian script."""
_DENIAL: Final = re.compile(r"(?<![\w-])(?:(?:uh|mm|nuh|un|unh)-){1,3}(?:uh|mm|unh)(?![\w-])", re.IGNORECASE)
"""With hyphens, "uh-uh" and "mm-mm" say no."""
_SPELLINGS: Final = str.maketrans(
    {"ँ": "ं", "ఁ": "ం", "ঁ": "", "أ": "ا", "إ": "ا", "آ": "ا", "ة": "ه", "ى": "ي", "ـ": None, "'": None, "’": None}
)
_ARABIC_VOWELS: Final = range(0x064B, 0x0653)
_CLAUSE_END: Final = re.compile(r"[,.;:!?…—–،؛؟۔।。！？\n]+")
_SENTENCE_END: Final = re.compile(r"[.!?…؟۔।。！？\n]+")
_QUESTION: Final = re.compile(r"[?؟？][\"'”’)\]\s]*$")
_MORE_WORDS: Final = 5
"""A clause that says goodbye says little else: "have a nice day, dear John Miller"."""
_LONGEST_HEARD: Final = 40
"""Words; nobody says "okay" and "bye" more often than that, and longer utterances need not be looked through."""

Plain = tuple[str, ...]


def plain_words(text: str) -> Plain:
    """``"Mm-hmm, okaaay!"`` is ``("m", "hm", "okay")``: letters of every script, each repeated letter once."""
    letters = []
    for letter in unicodedata.normalize("NFKC", text.casefold()).translate(_SPELLINGS):
        kind = unicodedata.category(letter)
        if kind == "Cf" or ord(letter) in _ARABIC_VOWELS:
            continue
        letters.append(letter if kind[0] in "LNM" else " ")
    return tuple(_REPEATED.sub(r"\1", _ELONGATED.sub(r"\1", "".join(letters))).split())


def asks(text: str) -> bool:
    """Whether ``text`` ends with a question mark."""
    return _QUESTION.search(text) is not None


class Phrases:
    """The phrases of one language, English and Hindi included."""

    def __init__(self, rows: Iterable[Mapping[str, str]]) -> None:
        rows = tuple(rows)

        def of(*kinds: str) -> _Set:
            return _Set(plain for row in rows for kind in kinds for plain in _plain_phrases(row.get(kind, "")))

        self._assents = of("assents")
        self._greetings = of("greetings")
        self._listening = of("listening", "assents", "greetings")
        self._with_fillers = of("listening", "assents", "greetings", "fillers")
        self._goodbyes = of("goodbyes")
        self._closings = of("closings")
        self._returned = of("goodbyes", "returns")
        self._courtesies = of(
            "goodbyes", "returns", "closings", "assents", "listening", "fillers", "thanks", "partings"
        )

    def only_listening(self, text: str) -> bool:
        """Whether ``text`` says nothing but "I am listening": one such phrase, or a run of them."""
        if _DENIAL.search(text):
            return False
        words = plain_words(text)
        return self._listening.occur_in(words) and self._with_fillers.uncovered(words) == 0

    def assents(self, text: str) -> bool:
        """Whether listening words contain one that is also an answer: "okay", but not "hmm"."""
        return self._assents.occur_in(plain_words(text))

    def greets(self, text: str) -> bool:
        """Whether listening words contain a greeting."""
        return self._greetings.occur_in(plain_words(text))

    def says_goodbye(self, text: str) -> bool:
        """Whether words of the agent's end a conversation: the goodbye stands near their end, and no question in them
        waits for its answer."""
        sentences = [sentence for sentence in _SENTENCE_END.split(text) if sentence.strip()]
        if asks(text) or not sentences:
            return False
        clauses = (plain_words(clause) for sentence in sentences[-2:] for clause in _CLAUSE_END.split(sentence))
        last = map(plain_words, _CLAUSE_END.split(sentences[-1]))
        return any(self._goodbyes.edge_of(clause) for clause in clauses) or any(map(self._closes, last))

    def _closes(self, clause: Plain) -> bool:
        return self._closings.occur_in(clause) and self._courtesies.uncovered(clause) == 0

    def is_goodbye(self, text: str, *, after_goodbye: bool, name: str = "") -> bool:
        """Whether a callee's words are a goodbye and nothing else but courtesies and the agent's ``name``.

        "Bye, what was the time again" is none. After the agent's goodbye a "you too" will do.
        """
        names = frozenset(plain_words(name))
        words = tuple(word for word in plain_words(text) if word not in names)
        said = self._returned if after_goodbye else self._goodbyes
        return said.occur_in(words) and self._courtesies.uncovered(words) == 0 and not asks(text)


class _Set:
    """Phrases in plain form; questions about words are answered in linear time."""

    def __init__(self, phrases: Iterable[Plain]) -> None:
        self._phrases = frozenset(phrases)
        self._longest = max(map(len, self._phrases), default=0)

    def uncovered(self, words: Plain) -> int:
        """How many words at least belong to none of the phrases."""
        if len(words) > _LONGEST_HEARD:
            return len(words)
        best = [0]
        for end in range(1, len(words) + 1):
            starts = range(max(end - self._longest, 0), end)
            fitting = [best[start] for start in starts if words[start:end] in self._phrases]
            best.append(min([best[-1] + 1, *fitting]))
        return best[-1]

    def occur_in(self, words: Plain) -> bool:
        return any(
            words[start:end] in self._phrases
            for start in range(len(words))
            for end in range(start + 1, min(start + self._longest, len(words)) + 1)
        )

    def edge_of(self, clause: Plain) -> bool:
        """Whether a short clause begins or ends with one of the phrases."""
        for length in range(min(self._longest, len(clause)), 0, -1):
            if clause[:length] in self._phrases or clause[-length:] in self._phrases:
                return len(clause) <= length + _MORE_WORDS
        return False


def _plain_phrases(written: str) -> list[Plain]:
    return [plain for phrase in written.split("|") if (plain := plain_words(phrase))]


@cache
def _table() -> Mapping[str, Mapping[str, str]]:
    rows = tomllib.loads(resources.files(__package__).joinpath("phrases.toml").read_text(encoding="utf-8"))
    return {**rows, "en": {**rows["en"], "goodbyes": "|".join([rows["en"]["goodbyes"], *_WISHES])}}


@cache
def _of(code: str) -> Phrases:
    return Phrases(_table()[name] for name in dict.fromkeys((code, *_EVERYWHERE)))


def phrases_of(language: str) -> Phrases:
    """The phrases of a locale such as ``hi-IN``; one that is not in the table has those that are known everywhere."""
    code = canonical(language).replace("_", "-").partition("-")[0].lower()
    return _of(code if code in _table() else _EVERYWHERE[0])
