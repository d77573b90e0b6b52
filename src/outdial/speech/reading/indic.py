"""Hindi and other Indian languages as they are read aloud: numbers, amounts, dates, times in the language's words."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from outdial.domain.spoken import listed
from outdial.speech.reading.addresses import SIGNS, read_addresses
from outdial.speech.reading.codes import PHONE
from outdial.speech.reading.numbers import NUM, indic_cardinal, indic_digit, indic_digits, indic_spelled

_SCRIPTS: Final = (
    ("\u0900", "\u097f", "hi"),
    ("\u0980", "\u09ff", "bn"),
    ("\u0a80", "\u0aff", "gu"),
    ("\u0b80", "\u0bff", "ta"),
    ("\u0c00", "\u0c7f", "te"),
    ("\u0c80", "\u0cff", "kn"),
)
_SHORTEST_PHONE: Final = 7


@dataclass(frozen=True)
class Words:
    """The words beside the numbers. Without ``months`` a date is read number by number."""

    rupees: str
    percent: str
    point: str
    to: str
    minus: str
    plus: str
    signs: dict[str, str] = field(default_factory=dict)
    months: tuple[str, ...] = ()
    hours: str = ""


_HINDI_SIGNS: Final = {
    ".": "डॉट", "_": "अंडरस्कोर", "-": "डैश", "+": "प्लस", "@": "एट", "/": "स्लैश", "#": "हैश", "&": "और", "*": "स्टार",
}  # fmt: skip
_HINDI_MONTHS: Final = tuple(listed("जनवरी फ़रवरी मार्च अप्रैल मई जून जुलाई अगस्त सितंबर अक्टूबर नवंबर दिसंबर"))
_MARATHI_MONTHS: Final = tuple(listed("जानेवारी फेब्रुवारी मार्च एप्रिल मे जून जुलै ऑगस्ट सप्टेंबर ऑक्टोबर नोव्हेंबर डिसेंबर"))
WORDS: Final = {
    "hi": Words("रुपये", "प्रतिशत", "दशमलव", "से", "माइनस", "प्लस", _HINDI_SIGNS, _HINDI_MONTHS, "बजे"),
    "mr": Words("रुपये", "टक्के", "दशांश", "ते", "उणे", "प्लस", _HINDI_SIGNS, _MARATHI_MONTHS, "वाजता"),
    "bn": Words("টাকা", "শতাংশ", "দশমিক", "থেকে", "মাইনাস", "প্লাস"),
    "gu": Words("રૂપિયા", "ટકા", "દશાંશ", "થી", "માઇનસ", "પ્લસ"),
    "ta": Words("ரூபாய்", "சதவீதம்", "புள்ளி", "முதல்", "மைனஸ்", "பிளஸ்"),
    "te": Words("రూపాయలు", "శాతం", "పాయింట్", "నుండి", "మైనస్", "ప్లస్"),
    "kn": Words("ರೂಪಾಯಿ", "ಪ್ರತಿಶತ", "ಪಾಯಿಂಟ್", "ರಿಂದ", "ಮೈನಸ್", "ಪ್ಲಸ್"),
}

_RUPEE: Final = r"(?:₹|Rs\.?|INR|रु\.?|रू\.?)"
_RUPEES: Final = r"(?:रुपये|रुपए|रुपयों|रूपये|रुपया|rupees|Rs\.?|INR|टका|টাকা|રૂપિયા|ரூபாய்|రూపాయలు|ರೂಪಾಯಿ)"
_CONTEXT: Final = re.compile(
    r"(?:नंबर|नम्बर|क्रमांक|कोड|ओटीपी|otp|pin|पिन|आईडी|id|ऑर्डर|order|code|number|खाता|कॉल|फ़ोन|फोन|क्रमांक|নম্বর|નંબર|எண்|నంబర్|ಸಂಖ್ಯೆ)"
    r"\s?(?:है|हैं|is|:|\.|नंबर|number)?\s?$",
    re.IGNORECASE,
)
_PART_OF_DAY: Final = ((4, "रात"), (12, "सुबह"), (16, "दोपहर"), (20, "शाम"), (25, "रात"))


def language_of(text: str, language: str) -> str:
    """The Indian language ``text`` is read in, as a code of two letters; empty: it is none.

    Its script decides, where the agent speaks an Indian language or most letters are of that script; Devanagari is
    Marathi where the agent speaks Marathi. A text without letters follows the agent.
    """
    wanted = language.lower().partition("-")[0]
    letters = [letter for letter in text if letter.isalpha()]
    if not letters:
        return wanted if wanted in WORDS else ""
    scripts = Counter(filter(None, map(_script, letters)))
    if not scripts or (wanted not in WORDS and 2 * scripts.total() < len(letters)):
        return ""
    [(code, _)] = scripts.most_common(1)
    return "mr" if code == "hi" and wanted == "mr" else code


def _script(letter: str) -> str:
    return next((code for first, last, code in _SCRIPTS if first <= letter <= last), "")


def indic(text: str, language: str) -> str:
    """``text`` without markup (see ``plain``) in the words of ``language``, one of ``WORDS``; no digit is left."""
    words = WORDS[language]
    said = read_addresses(text, lambda digit: indic_digit(digit, language), SIGNS | words.signs)
    for pattern, say in _RULES:
        said = pattern.sub(lambda found, say=say: say(found, language, words), said)  # type: ignore[misc]
    return re.sub(r" +(?=[,.;:!?।])", "", " ".join(said.split()))


def _number(text: str, language: str, words: Words) -> str:
    return indic_spelled(text, language, words.point)


def _pair(found: re.Match[str], language: str, words: Words) -> str:
    low = _number(found["low"], language, words)
    return f"{low} {words.to} {_number(found['high'], language, words)}" if found["high"] else low


def _rupees(found: re.Match[str], language: str, words: Words) -> str:
    return f" {_pair(found, language, words)}{' ' + found['scale'] if found['scale'] else ''} {words.rupees} "


def _percent(found: re.Match[str], language: str, words: Words) -> str:
    return f"{_pair(found, language, words)} {words.percent}"


def _range(found: re.Match[str], language: str, words: Words) -> str:
    low, high = found["low"], found["high"]
    together = len(low) + len(high)
    if (
        low.startswith("0")
        or int(low) >= int(high)
        or (together > 6 and not low.endswith("00") and low[:2] not in ("19", "20"))
    ):
        return found[0]
    return _pair(found, language, words)


def _date(found: re.Match[str], language: str, words: Words) -> str:
    day, month, year = int(found[1]), int(found[2]), found[3]
    if not words.months or not (1 <= day <= 31 and 1 <= month <= 12):
        return found[0]
    said = f"{indic_cardinal(day, language)} {words.months[month - 1]}"
    return f"{said} {indic_cardinal(int(year), language)}"


def _iso(found: re.Match[str], language: str, words: Words) -> str:
    day, month = int(found[3]), int(found[2])
    if not words.months or not (1 <= day <= 31 and 1 <= month <= 12):
        return found[0]
    return f"{indic_cardinal(day, language)} {words.months[month - 1]} {indic_cardinal(int(found[1]), language)}"


def _time(found: re.Match[str], language: str, words: Words) -> str:
    hour, minute, half = int(found["hour"]), int(found["minute"] or 0), (found["half"] or "").lower()[:1]
    if minute > 59 or hour > 24:
        return found[0]
    part = ""
    if half and language == "hi":
        of_day = hour % 12 + (12 if half == "p" else 0)
        part = next(name for before, name in _PART_OF_DAY if of_day < before) + " "
    said = indic_cardinal(hour, language)
    if language == "hi" and minute:
        return f"{part}{said} बजकर {indic_cardinal(minute, language)} मिनट"
    minutes = f" {indic_cardinal(minute, language)}" if minute else ""
    return f"{part}{said}{minutes} {words.hours}".strip()


def _phone(found: re.Match[str], language: str, words: Words) -> str:
    groups = re.findall(r"\d+", found["number"])
    if sum(map(len, groups)) < _SHORTEST_PHONE:
        return found[0]
    said = ", ".join(indic_digits(group, language) for group in groups)
    return f"{words.plus} {said}" if found["plus"] else said


def _code(found: re.Match[str], language: str, words: Words) -> str:
    parts = re.findall(r"[A-Za-z]+|\d+", found[0])
    long = (
        len("".join(parts)) >= 4 and found[0].upper() == found[0] and not re.fullmatch(r"\d{1,3}[A-Z]{2,3}", found[0])
    )
    return " ".join(
        " ".join(part) if part.isalpha() and part.isupper() and (long or len(part) < 4)
        else part if part.isalpha()
        else indic_digits(part, language) if long or part.startswith("0")
        else _number(part, language, words)
        for part in parts
    )  # fmt: skip


def _bare(found: re.Match[str], language: str, words: Words) -> str:
    number = found[0]
    before = found.string[max(found.start() - 30, 0) : found.start()]
    named = len(number) >= 3 and "," not in number and "." not in number and _CONTEXT.search(before)
    return f" {indic_digits(number, language) if named else _number(number, language, words)} "


_SCALE: Final = r"(?P<scale>हज़ार|हजार|लाख|करोड़|lakh|crore)?"
_VALUE: Final = rf"(?<![\d.,/])(?P<low>{NUM})(?:\s?-\s?(?P<high>{NUM}))?"
_Say = Callable[[re.Match[str], str, Words], str]
_RULES: Final[tuple[tuple[re.Pattern[str], _Say], ...]] = (
    (re.compile(r"(?<![\w/-])(\d{4})-(\d{2})-(\d{2})(?![\d/-])"), _iso),
    (re.compile(r"(?<![\w/-])(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})(?![\d/-])"), _date),
    (
        re.compile(
            r"(?<![\w.,:/-])(?P<hour>\d{1,2})(?::(?P<minute>\d\d))?\s?"
            r"(?P<half>[AaPp]\.?[Mm]\b\.?)(?:\s?(?:बजे|वाजता))?"
        ),
        _time,
    ),
    (re.compile(r"(?<![\w.,:/-])(?P<hour>\d{1,2}):(?P<minute>\d\d)(?P<half>)(?![\d:])(?:\s?(?:बजे|वाजता))?"), _time),
    (
        re.compile(
            rf"(?<![A-Za-z]){_RUPEE}\s?(?P<low>{NUM})(?:\s?-\s?(?:{_RUPEE}\s?)?(?P<high>{NUM}))?\s?{_SCALE}(?:/-)?"
        ),
        _rupees,
    ),
    (re.compile(rf"{_VALUE}\s?{_SCALE}\s?(?:/-|{_RUPEES})"), _rupees),
    (re.compile(rf"{_VALUE}\s?(?:%|प्रतिशत|फीसदी|टक्के)"), _percent),
    (re.compile(r"(?<![\w.,/+-])(?P<low>\d{1,6})\s?-\s?(?P<high>\d{1,6})(?![\d/%-])"), _range),
    (PHONE, _phone),
    (
        re.compile(
            r"(?<![\w.])(?=[A-Za-z-]{0,30}\d)(?=[\d-]{0,30}[A-Za-z])[A-Za-z0-9]{2,30}(?:-[A-Za-z0-9]{1,30}){0,4}"
        ),
        _code,
    ),
    (re.compile(r"(?<![\w.,/)-])-(?=\d)"), lambda found, language, words: f"{words.minus} "),
    (re.compile(r"(?<!\w)\+(?=\d)|(?<=\d)\+"), lambda found, language, words: f" {words.plus} "),
    (re.compile(NUM), _bare),
    (re.compile(r"\d{1,60}"), lambda found, language, words: f" {indic_digits(found[0], language)} "),
    (re.compile(r"[_@#*&]"), lambda found, language, words: f" {words.signs.get(found[0], SIGNS[found[0]])} "),
    (re.compile(r"[<>~^\\=|\"]"), lambda found, language, words: " "),
)
