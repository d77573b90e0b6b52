"""Phone numbers, references and codes in English: sign by sign; and which bare number is one of them."""

from __future__ import annotations

import re
from typing import Final

from outdial.speech.reading.moments import is_year
from outdial.speech.reading.numbers import cardinal, digits, spelled, year
from outdial.speech.reading.rule import Manner
from outdial.speech.reading.tables import DAYS

PHONE: Final = re.compile(
    r"(?<![\w$€£₹.,/:-])(?P<plus>\+?)(?P<number>\(?\d{1,5}\)?(?:[ .-]{1,2}\(?\d{2,10}\)?){1,5}|\d{10,15})"
    r"(?:(?:,? ?(?:x|ext\.?|extension)) ?(?P<ext>\d{1,6}))?(?![\w%]|[.,:/-]\d)"
)
NETWORK: Final = re.compile(r"(?<![\w.,])v?\d{1,5}(?:\.\d{1,5}){2,4}(?![\w]|\.\d)")
MASKED: Final = re.compile(
    r"(?<![\w*•])(?P<ending>(?:ending|ends)(?: (?:in|with))? )?"
    r"(?:(?:\*{3,16}|•{2,16}|[xX]{2,16})[ -]?){1,5}(?P<end>\d{2,6})(?!\w)"
)
PLATE: Final = re.compile(r"(?<![\w-])([A-Z]{2})[ -]?(\d{1,2}[A-Z]?)[ -]?([A-Z]{1,3})[ -]?(\d{4})(?!\w)")
PIN: Final = re.compile(r"(?<![\w.,+-])(?<!\d )(\d{3}) (\d{3})(?![\w-]|[.,]\d| \d)")
VERSION: Final = re.compile(r"(?<![\w.])[vV](\d{1,4}(?:\.\d{1,4}){0,3})(?!\w|\.\d)")
FLIGHT: Final = re.compile(r"(?<![\w.,])(?:\d[A-Z]|[A-GI-PR-Z]\d|(?<=[Ff]light )[A-Z]{2})[ -]\d{3,4}(?!\w)")
HASHED: Final = re.compile(r"(?<![&#])#\s?(?=[A-Z0-9-]{0,30}\d)([A-Z0-9]{1,20}(?:-[A-Z0-9]{1,20}){0,4})(?!\w)")
CODE: Final = re.compile(
    r"(?<![\w$€£₹.,/:-])(?=[A-Z0-9/-]{0,60}[0-9])(?=[A-Z0-9/-]{0,60}[A-Z])[A-Z0-9]{1,30}(?:[-/][A-Z0-9]{1,30}){0,6}(?!\w)"
)
GLUED: Final = re.compile(r"(?<![\w.,])(?=[A-Za-z]{0,30}\d)[A-Za-z0-9]{2,40}(?:-\d{1,6})?(?!\w)")
_PARTS: Final = re.compile(r"[A-Za-z]+|\d+")
_NAMED: Final = re.compile(
    r"\b(?:code|order|otp|pin|number|numbers|no|account|a/c|acct|reference|ref|booking|ticket|invoice|id|extension|"
    r"ext|flight|policy|ending in|ending with|ends in|ends with|ending|last four|last four digits|digits|pincode|zip|"
    r"zipcode|postcode|card|pnr|aadhaar|pan|room|tracking|case|serial|docket|application|loan id|dial|press|call|"
    r"password|passcode|token|receipt|membership|member|customer id|employee id|vehicle|train|bus|utr|transaction)"
    r"(?: (?:is|are|number|code|id|no|of|was|in|with))?[:.]? ?$",
    re.IGNORECASE,
)
_COUNTED: Final = re.compile(
    r"^ ?(?:per|a|an|each|every|of|more|less|or|plus|in cash|and above)\b|^ ?(?!is\b|was\b|has\b|this\b|as\b|its\b)"
    r"(?:[a-z]{1,20} )?[a-z]{1,20}[^s\W]s\b|^ ?(?:people|percent|km|kg|thousand|million|lakh|crore|feet|children)\b",
)
_CUE: Final = re.compile(
    r"\b(?:pay|paid|pays|cost|costs|costing|price|priced|salary|income|amount|balance|due|dues|total|totals|fee|fees|"
    r"loan|worth|about|around|over|under|emi|rent|save|saved|saves|upto|up to|budget|deposit|premium|charge|charges|"
    r"charged|limit|owe|owes|owed|overdue|outstanding|sum|refund|discount|only|than|least|most|approximately|nearly|"
    r"almost|earn|earns|raise|quote|quoted|bill|between|from|minimum|maximum|population|value|valued|mrp|cashback)"
    r"(?: (?:of|is|was|are|to|for|at|only|just|about|around|you|us|by|up to))?:? ?$",
    re.IGNORECASE,
)
_IN_YEAR: Final = re.compile(r"\b(?:in|since|until|till|before|after|during|year) $", re.IGNORECASE)
_ABOUT_YEAR: Final = re.compile(r"\b(?:from|between|around|about|by|of) $", re.IGNORECASE)
_PHONED: Final = re.compile(
    r"\b(?:call|phone|number|dial|at|tel|telephone|contact|whatsapp|mobile|on|reach|code)\b", re.I
)
_NOON: Final = 12
DECIMAL: Final = re.compile(r"\d{1,5}\.\d{1,3}")
_OPEN_BEFORE: Final = re.compile(
    r"\b(?:open|opens|hours|timings?|available|from|work|works|working)(?: (?:are|is|from|between))?:? $", re.IGNORECASE
)
_OPEN_AFTER: Final = re.compile(rf"^,? (?:jobs?|daily|every ?day|weekdays|{'|'.join(DAYS)})\b")
"""Where ``9-5`` are hours of a day."""
_MEASURED: Final = re.compile(r"([1-9]\d{0,2})([a-z])")
_VOWEL: Final = re.compile(r"[AEIOUaeiou]")
SHORTEST_PHONE: Final = 7
_ALWAYS_SPELLED: Final = 5
_NAMED_SPELLED: Final = 3
_NEAR: Final = 40


def is_range(found: re.Match[str]) -> bool:
    """Whether two numbers with a dash between them are from one to the other, and no phone number or code."""
    low, high = found["low"].replace(",", ""), found["high"].replace(",", "")
    if low.startswith("0") or high.startswith("0"):
        return False
    if int(low) >= int(high):
        return int(low) <= _NOON and bool(_OPEN_BEFORE.search(_before(found)) or _OPEN_AFTER.match(_after(found)))
    if "," in found[0]:
        return True
    if len(low) <= 3 and len(high) <= 3:
        return len(low) + len(high) < 6 or not _PHONED.search(_before(found))
    if _CUE.search(_before(found)) or _COUNTED.match(_after(found)):
        return True
    return int(low) % 50 == 0 and int(high) % 50 == 0 and not _PHONED.search(_before(found))


def say_phone(found: re.Match[str], manner: Manner) -> str:
    groups = re.findall(r"\d+", found["number"])
    if sum(map(len, groups)) < SHORTEST_PHONE or DECIMAL.fullmatch(found[0]):
        return found[0]
    if len(groups) == 1:
        if _CUE.search(_before(found)):
            return found[0]
        groups = _threes(groups[0])
    said = ("plus " if found["plus"] else "") + ", ".join(digits(group) for group in groups)
    return f"{said}, extension {digits(found['ext'])}" if found["ext"] else said


def say_dotted(found: re.Match[str], manner: Manner) -> str:
    """A version or an address of the network."""
    parts = found[0].lstrip("v").split(".")
    said = " point ".join(digits(part) if len(part) > 2 else spelled(part) for part in parts)
    return f"version {said}" if found[0].startswith("v") else said


def say_hashed(found: re.Match[str], manner: Manner) -> str:
    letters = list(_PARTS.findall(found[1]))
    short = len(letters) == 1 and letters[0].isdigit() and len(letters[0]) < _NAMED_SPELLED
    return f" number {spelled(found[1]) if short else _signs(found[1])}"


def say_signs(found: re.Match[str], manner: Manner) -> str:
    return _signs_of(found[0])


def say_code(found: re.Match[str], manner: Manner) -> str:
    code = found[0]
    parts = _PARTS.findall(code)
    if len(code.replace("-", "")) < 4 or (len(parts) == 2 and len(parts[1]) <= 2 and _is_word(parts[0])):
        return " ".join(_short_part(part) for part in parts)
    return _signs(code)


def say_masked(found: re.Match[str], manner: Manner) -> str:
    """``XXXX-1234``: the end of a number nobody shall know."""
    return f"{found['ending'] or 'ending in '}{digits(found['end'])}"


def say_plate(found: re.Match[str], manner: Manner) -> str:
    """A vehicle of India: ``MH 12 AB 1234``."""
    return " ".join(digits(sign) or sign for sign in "".join(found.groups()))


def say_pin(found: re.Match[str], manner: Manner) -> str:
    """A post code of India: ``560 001``."""
    return found[0].replace(" ", "") if found[2] == "000" else f"{digits(found[1])}, {digits(found[2])}"


def say_version(found: re.Match[str], manner: Manner) -> str:
    return f"version {' point '.join(spelled(part) for part in found[1].split('.'))}"


def say_glued(found: re.Match[str], manner: Manner) -> str:
    """Small letters and digits in one word: "iPhone15", "abc123"; a number with a name glued to it."""
    word = found[0]
    if word.isdigit() or ("-" in word and word.replace("-", "").isdigit()):
        return word
    if measured := _MEASURED.fullmatch(word):
        return f"{cardinal(int(measured[1]))} {measured[2]}"
    return " ".join(_short_part(part) for part in _PARTS.findall(word))


def say_number(found: re.Match[str], *, indian: bool) -> str:
    """A bare number: a reference digit by digit, a year as one, all others as amounts."""
    number = found[0]
    if "," in number or "." in number:
        return spelled(number, indian=indian)
    before, after = _before(found), _after(found)
    leading_zero = len(number) > 1 and number.startswith("0")
    if leading_zero or len(number) > 15 or (len(number) >= _NAMED_SPELLED and _NAMED.search(before)):
        return digits(number)
    counted = bool(_COUNTED.match(after))
    amount = counted or bool(_CUE.search(before))
    if is_year(number) and int(number) >= 1900 and _is_meant_as_year(before, counted=counted, amount=amount):
        return year(int(number))
    if len(number) >= _ALWAYS_SPELLED and not amount and not number.endswith("00"):
        return digits(number)
    return spelled(number, indian=indian)


def _is_meant_as_year(before: str, *, counted: bool, amount: bool) -> bool:
    if _IN_YEAR.search(before):
        return True
    return not counted and (not amount or bool(_ABOUT_YEAR.search(before)))


def _before(found: re.Match[str]) -> str:
    return found.string[max(found.start() - _NEAR, 0) : found.start()]


def _after(found: re.Match[str]) -> str:
    return found.string[found.end() : found.end() + _NEAR]


def _signs(code: str) -> str:
    """Sign by sign, with a pause at each dash; a slash is said. Groups of letters one can pronounce stay words."""
    return ", ".join(" slash ".join(_signs_of(piece) for piece in group.split("/")) for group in code.split("-"))


def _signs_of(piece: str) -> str:
    if _is_word(piece):
        return piece
    return " ".join(digits(part) if part.isdigit() else " ".join(part) for part in _PARTS.findall(piece))


def _short_part(part: str) -> str:
    if part.isdigit():
        return cardinal(int(part)) if len(part) <= 2 and not part.startswith("0") else digits(part)
    return " ".join(part) if part.isupper() and not _is_word(part) else part


def _is_word(letters: str) -> bool:
    """COVID and ORDER are words; KA, INV, HDFC are letters."""
    return len(letters) >= 5 and bool(_VOWEL.search(letters)) and letters.isalpha()


def _threes(number: str) -> list[str]:
    """A long number in groups one can follow: the last has four digits, the others three."""
    head, tail = number[:-4], number[-4:]
    first = len(head) % 3
    return [group for group in (head[:first], *(head[n : n + 3] for n in range(first, len(head), 3)), tail) if group]
