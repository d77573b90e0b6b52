"""Text as it should be read aloud: amounts, dates and times in words, phone numbers and codes sign by sign, no markup.

Voices read numbers as they please: "555-0134" as five hundred fifty-five, one hundred thirty-four, "12500" as a year,
"₹1,25,000" as three numbers. So they are given words. What is kept as the transcript stays as it was written.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from outdial.speech.reading.english import english
from outdial.speech.reading.indic import indic, language_of
from outdial.speech.reading.plain import plain
from outdial.speech.reading.rule import Manner

_AMERICAN: Final = Manner(hash_name="pound")
_BRITISH: Final = Manner(day_first=True)
_INDIAN: Final = Manner(indian=True, day_first=True)
_MANNERS: Final = {"en-us": _AMERICAN, "en": _AMERICAN, "en-ca": _AMERICAN, "en-in": _INDIAN}


@lru_cache(maxsize=512)
def spoken(text: str, language: str = "en-US") -> str:
    """``text`` for a synthesiser, all numbers in words.

    ``language``: a locale. English and the Indian languages are put into words, by the script of the text; of others
    only the markup is taken out, for their voices know their numbers better.
    """
    readable = plain(text)
    if indic_language := language_of(readable, language):
        return indic(readable, indic_language)
    code = language.lower().partition("-")[0]
    if code == "en":
        return english(readable, _MANNERS.get(language.lower(), _BRITISH))
    if language.lower().endswith("-in"):
        return english(readable, _INDIAN)
    return readable
