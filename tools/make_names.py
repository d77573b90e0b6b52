"""Make ``src/outdial/names/en_hi.tsv``: given names as Latin letters spell them, and as Devanagari does.

Run it with the development dependencies: ``python tools/make_names.py``. Two sources:

* ``tools/names_en_hi.txt``: the commonest names, written and reviewed by hand;
* the given names in Devanagari of Faker's providers ``hi_IN`` and ``mr_IN`` (MIT licence), put into Latin
  letters with indic-transliteration (MIT licence) and respelt as people do: no accents, no silent vowels.

A spelling is left out if two names share it, if a name written by hand is one of them that one stays. Nothing is
guessed for names that are in neither source.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import product
from pathlib import Path
from typing import Final

from faker.providers.person.hi_IN import Provider as Hindi
from faker.providers.person.mr_IN import Provider as Marathi
from indic_transliteration import sanscript

_HERE: Final = Path(__file__).parent
_BY_HAND: Final = _HERE / "names_en_hi.txt"
_RESULT: Final = _HERE.parent / "src" / "outdial" / "names" / "en_hi.tsv"
_SHORTEST: Final = 4
"""Letters; shorter spellings stand for too many names to be derived."""

_WORD: Final = re.compile(r"[\u0904-\u0939\u0950\u0958-\u0961][\u0901-\u0939\u093c-\u094d\u0950\u0958-\u0961]*")
_NASAL_BEFORE: Final = {
    "ङ्क": "ंक",
    "ङ्ख": "ंख",
    "ङ्ग": "ंग",
    "ञ्च": "ंच",
    "ञ्ज": "ंज",
    "ण्ट": "ंट",
    "ण्ड": "ंड",
    "न्त": "ंत",
    "न्थ": "ंथ",
    "न्द": "ंद",
    "न्ध": "ंध",
    "म्प": "ंप",
    "म्ब": "ंब",
    "म्भ": "ंभ",
}
"""As Hindi newspapers write it today: आनंद, not आनन्द."""
_VOWEL: Final = "aāiīuūeo"
_PLAIN: Final = {
    "kṣ": "ksh",
    "jñ": "gy",
    "cch": "chchh",
    "ch": "chh",
    "c": "ch",
    "ś": "sh",
    "ṣ": "sh",
    "ṛ": "ri",
    "ṃb": "mb",
    "ṃp": "mp",
    "ṃ": "n",
    "m̐": "n",
    "ñ": "n",
    "ṅ": "n",
    "ṇ": "n",
    "ṭ": "t",
    "ḍ": "d",
    "ḻ": "l",
    "ḷ": "l",
    "ḥ": "h",
    "ā": "a",
}
_ACCENTED: Final = re.compile("|".join(sorted(_PLAIN, key=len, reverse=True)))
_CHOICES: Final = {"ī": ("i", "ee"), "ū": ("u", "oo"), "V": ("v", "w")}


def main() -> None:
    lines = [line for line in _BY_HAND.read_text("utf-8").splitlines() if not line.startswith("#")]
    by_hand = dict(_by_hand(line for line in lines if not line.startswith("-")))
    not_so = {name for line in lines if line.startswith("-") for name in line[1:].split()}
    derived = _unambiguous({_modern(name) for name in (*Hindi.first_names, *Marathi.first_names)} - not_so)
    names = derived | by_hand
    _RESULT.write_text("".join(f"{spelling}\t{name}\n" for spelling, name in sorted(names.items())), "utf-8")
    sys.stdout.write(f"{len(names)} spellings: {len(by_hand)} by hand, {len(names) - len(by_hand)} derived\n")


def _by_hand(lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    for line in lines:
        name, *spellings = line.split()
        for spelling in spellings:
            yield spelling, unicodedata.normalize("NFC", name)


def _unambiguous(names: Iterable[str]) -> dict[str, str]:
    found: defaultdict[str, set[str]] = defaultdict(set)
    for name in names:
        if _WORD.fullmatch(name):
            for spelling in _spellings(name):
                found[spelling].add(name)
    return {
        spelling: next(iter(written)) for spelling, written in found.items() if len(written) == 1 and _likely(spelling)
    }


def _likely(spelling: str) -> bool:
    return len(spelling) >= _SHORTEST and spelling.isascii() and spelling.isalpha()


def _modern(name: str) -> str:
    name = unicodedata.normalize("NFC", name).replace("\u200d", "").replace("\u200c", "").strip()
    for old, new in _NASAL_BEFORE.items():
        name = name.replace(old, new)
    return name.removesuffix("\u094d")


def _spellings(name: str) -> Iterator[str]:
    """As people write it: a long ī or ū also as ``ee`` or ``oo`` but at the end, and v after a consonant also as w."""
    latin = _without_silent_vowels(sanscript.transliterate(name, sanscript.DEVANAGARI, sanscript.IAST))
    plain = _ACCENTED.sub(lambda found: _PLAIN[found.group()], latin)
    marked = re.sub(rf"(?<=[^{_VOWEL}])v", "V", plain)
    marked = re.sub("[īū]$", lambda found: _CHOICES[found.group()][0], marked)
    for letters in product(*(_CHOICES.get(letter, (letter,)) for letter in marked)):
        yield "".join(letters)


def _without_silent_vowels(latin: str) -> str:
    """Hindi's: at the end of a word after one consonant, and in the middle between two syllables (VC-a-CV)."""
    consonant = rf"[^{_VOWEL}ṛṃḥ]h?"
    latin = re.sub(rf"([{_VOWEL}ṛ]{consonant})a$", r"\1", latin)
    return re.sub(rf"([{_VOWEL}]{consonant})a(?={consonant}[āīūeo])", r"\1", latin)


if __name__ == "__main__":
    main()
