"""Hindi and other Indian languages as they are read aloud: numbers, amounts, dates, times in the language's words."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from outdial.domain.spoken import listed
from outdial.speech.reading.addresses import SIGNS, read_addresses
from outdial.speech.reading.codes import DECIMAL, MASKED, PHONE, SHORTEST_PHONE
from outdial.speech.reading.numbers import NUM, indic_cardinal, indic_digit, indic_digits, indic_spelled
from outdial.speech.reading.tables import MONTH_OF, MONTHS

_SCRIPTS: Final = (
    ("\u0900", "\u097f", "hi"),
    ("\u0980", "\u09ff", "bn"),
    ("\u0a80", "\u0aff", "gu"),
    ("\u0b80", "\u0bff", "ta"),
    ("\u0c00", "\u0c7f", "te"),
    ("\u0c80", "\u0cff", "kn"),
)


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
    paise: str = ""
    foreign: tuple[str, ...] = ()
    """Currencies, see ``_CURRENCIES``."""
    ending: str = ""
    """Stands before the last digits of a number whose others are masked."""
    units: dict[str, str] = field(default_factory=dict)
    short: dict[str, str] = field(default_factory=dict)


_HINDI_SIGNS: Final = {
    ".": "डॉट", "_": "अंडरस्कोर", "-": "डैश", "+": "प्लस", "@": "एट", "/": "स्लैश", "#": "हैश", "&": "और", "*": "स्टार",
}  # fmt: skip
_HINDI_MONTHS: Final = tuple(listed("जनवरी फ़रवरी मार्च अप्रैल मई जून जुलाई अगस्त सितंबर अक्टूबर नवंबर दिसंबर"))
_MARATHI_MONTHS: Final = tuple(listed("जानेवारी फेब्रुवारी मार्च एप्रिल मे जून जुलै ऑगस्ट सप्टेंबर ऑक्टोबर नोव्हेंबर डिसेंबर"))
_HINDI_UNITS: Final = {
    "kg": "किलो", "km": "किलोमीटर", "cm": "सेंटीमीटर", "mm": "मिलीमीटर", "ml": "मिलीलीटर", "ltr": "लीटर", "gb": "जीबी",
    "mb": "एमबी", "tb": "टीबी", "mbps": "एमबीपीएस", "°c": "डिग्री सेल्सियस", "min": "मिनट", "mins": "मिनट",
}  # fmt: skip
WORDS: Final = {
    "hi": Words(
        "रुपये", "प्रतिशत", "दशमलव", "से", "माइनस", "प्लस", _HINDI_SIGNS, _HINDI_MONTHS, "बजे", "पैसे",
        ("डॉलर", "यूरो", "पाउंड", "दिरहम"), "अंत में",
        _HINDI_UNITS | {"hr": "घंटे", "hrs": "घंटे", "sq ft": "वर्ग फ़ुट", "sqft": "वर्ग फ़ुट"},
        {"24/7": "चौबीसों घंटे", "24X7": "चौबीसों घंटे", "A/C": "A C", "½": "आधा", "1/2": "आधा", "3/4": "तीन चौथाई"},
    ),
    "mr": Words(
        "रुपये", "टक्के", "दशांश", "ते", "उणे", "प्लस", _HINDI_SIGNS, _MARATHI_MONTHS, "वाजता", "पैसे",
        ("डॉलर", "युरो", "पाउंड", "दिरहम"), "शेवटी",
        _HINDI_UNITS | {"hr": "तास", "hrs": "तास", "sq ft": "चौरस फूट", "sqft": "चौरस फूट"},
        {"24/7": "चोवीस तास", "24X7": "चोवीस तास", "A/C": "A C", "½": "अर्धा", "1/2": "अर्धा"},
    ),
    "bn": Words(
        "টাকা", "শতাংশ", "দশমিক", "থেকে", "মাইনাস", "প্লাস", paise="পয়সা", foreign=("ডলার", "ইউরো", "পাউন্ড", "দিরহাম")
    ),
    "gu": Words(
        "રૂપિયા", "ટકા", "દશાંશ", "થી", "માઇનસ", "પ્લસ", paise="પૈસા", foreign=("ડૉલર", "યુરો", "પાઉન્ડ", "દિરહામ")
    ),
    "ta": Words(
        "ரூபாய்", "சதவீதம்", "புள்ளி", "முதல்", "மைனஸ்", "பிளஸ்", paise="பைசா", foreign=("டாலர்", "யூரோ", "பவுண்டு", "திர்ஹாம்")
    ),
    "te": Words(
        "రూపాయలు", "శాతం", "పాయింట్", "నుండి", "మైనస్", "ప్లస్", paise="పైసలు", foreign=("డాలర్లు", "యూరోలు", "పౌండ్లు", "దిర్హాములు")
    ),
    "kn": Words(
        "ರೂಪಾಯಿ", "ಪ್ರತಿಶತ", "ಪಾಯಿಂಟ್", "ರಿಂದ", "ಮೈನಸ್", "ಪ್ಲಸ್", paise="ಪೈಸೆ", foreign=("ಡಾಲರ್", "ಯೂರೋ", "ಪೌಂಡ್", "ದಿರ್ಹಾಮ್")
    ),
}  # fmt: skip
_CURRENCIES: Final = {"$": 0, "USD": 0, "€": 1, "EUR": 1, "£": 2, "GBP": 2, "AED": 3}

_RUPEE: Final = r"(?:₹|Rs\.?|INR|रु\.?|रू\.?)"
_RUPEES: Final = (
    r"(?:रुपये|रुपए|रुपयों|रूपये|रुपया|(?:रु|रू)\.?(?![\u0900-\u097f])|rupees|Rs\.?|INR|टका|টাকা|રૂપિયા|ரூபாய்|రూపాయలు|ರೂಪಾಯಿ)"
)
_IDENTIFIED: Final = listed(
    "नंबर नम्बर क्रमांक कोड ओटीपी पिन पिनकोड आईडी ऑर्डर खाता खाते कॉल फ़ोन फोन रेफरेंस रेफ़रेंस संदर्भ बुकिंग टिकट फ्लाइट फ़्लाइट "
    "ट्रेन पासवर्ड पासकोड पीएनआर आधार पैन अंक कार्ड पॉलिसी इनवॉइस शिकायत डायल हेल्पलाइन "
    "otp pin id order code number account ref reference booking ticket pnr policy invoice password card "
    "নম্বর কোড ওটিপি পিন অর্ডার অ্যাকাউন্ট নম্বরে નંબર કોડ ઓટીપી પિન ઓર્ડર ખાતા એકાઉન્ટ எண் குறியீடு ஓடிபி பின் ஆர்டர் கணக்கு "
    "నంబర్ నెంబర్ కోడ్ ఓటీపీ పిన్ ఆర్డర్ ఖాతా ಸಂಖ್ಯೆ ನಂಬರ್ ಕೋಡ್ ಒಟಿಪಿ ಪಿನ್ ಆರ್ಡರ್ ಖಾತೆ"
)
_CONTEXT: Final = re.compile(
    rf"(?:(?<![A-Za-z])(?:{'|'.join(_IDENTIFIED)})"
    r"\s?(?:है|हैं|is|:|\.|नंबर|number|संख्या|क्रमांक|কোড|নম্বর|નંબર|எண்|నంబర్|ಸಂಖ್ಯೆ)?|अंत में)[:.]?\s?$",
    re.IGNORECASE,
)
_DIALLED: Final = re.compile(r"^\s?(?:पर (?:कॉल|फ़ोन|फोन|संपर्क)|डायल|नंबर पर)")
_PART_SAID: Final = re.compile(r"(?:सुबह|दोपहर|शाम|रात)(?: को)? $")
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
    whole, _, part = found["low"].partition(".")
    if len(part) == _PAISE and not found["high"] and not found["scale"]:
        small = f"{_number(part.lstrip('0'), language, words)} {words.paise} " if int(part) else ""
        big = f"{_number(whole, language, words)} {words.rupees} "
        return f" {small}" if small and not int(whole.replace(",", "")) else f" {big}{small}"
    return f" {_pair(found, language, words)}{' ' + found['scale'] if found['scale'] else ''} {words.rupees} "


def _foreign(found: re.Match[str], language: str, words: Words) -> str:
    scale = f" {found['scale']}" if found["scale"] else ""
    return f" {_pair(found, language, words)}{scale} {words.foreign[_CURRENCIES[found['sign']]]} "


def _multiplied(found: re.Match[str], language: str, words: Words) -> str:
    """``25K``, ``₹2.5L``, ``5-10 lakh`` with all their digits."""
    sign, scale = found["sign"] or "", found["scale"].lower()
    if scale == "l" and not sign:
        return found[0]
    numbers = [
        format((Decimal(number.replace(",", "")) * _SIZES[scale]).normalize(), "f")
        for number in (found["low"], found["high"])
        if number
    ]
    return f"{sign}{'-'.join(numbers)}"


def _short(found: re.Match[str], language: str, words: Words) -> str:
    return words.short.get(found[0].upper(), found[0])


def _unit(found: re.Match[str], language: str, words: Words) -> str:
    name = words.units.get(" ".join(found["unit"].lower().split()))
    return f"{_pair(found, language, words)} {name}" if name else found[0]


def _masked(found: re.Match[str], language: str, words: Words) -> str:
    return f" {words.ending} {indic_digits(found['end'], language)}"


def _counted(found: re.Match[str], language: str, words: Words) -> str:
    """``5th``, ``10वीं``: the number, and what is written in the language's own letters after it."""
    return f"{_number(found[1], language, words)}{' ' if found[2] else ''}"


def _from(found: re.Match[str], language: str, words: Words) -> str:
    """From one time of the day to another: each is read by itself afterwards."""
    return f"{found[1]} {words.to} "


def _percent(found: re.Match[str], language: str, words: Words) -> str:
    return f"{_pair(found, language, words)} {words.percent}"


def _range(found: re.Match[str], language: str, words: Words) -> str:
    low, high = found["low"], found["high"]
    years = len(low) == 4 and low[:2] in ("19", "20") and len(high) in (2, 4)
    if years and len(high) == 2 and int(high) > int(low[2:]):
        return _pair(found, language, words)
    round_ones = low.endswith("00") and high.endswith("00")
    if low.startswith("0") or int(low) >= int(high) or (len(low) + len(high) > 6 and not years and not round_ones):
        return found[0]
    return _pair(found, language, words)


def _date(found: re.Match[str], language: str, words: Words) -> str:
    day, month, year = int(found[1]), int(found[2]), found[3].rjust(4, "*").replace("**", "20")
    if not words.months or not (1 <= day <= 31 and 1 <= month <= 12):
        return found[0]
    said = f"{indic_cardinal(day, language)} {words.months[month - 1]}"
    return f"{said} {indic_cardinal(int(year), language)}"


def _iso(found: re.Match[str], language: str, words: Words) -> str:
    day, month = int(found[3]), int(found[2])
    if not words.months or not (1 <= day <= 31 and 1 <= month <= 12):
        return found[0]
    return f"{indic_cardinal(day, language)} {words.months[month - 1]} {indic_cardinal(int(found[1]), language)}"


def _named_date(found: re.Match[str], language: str, words: Words) -> str:
    """With an English month: ``1 Dec 2026``, ``Dec 1``."""
    day = int(found["day"] or found["day_"])
    if not words.months or not 1 <= day <= 31:
        return found[0]
    month = words.months[MONTHS.index(MONTH_OF[found["month"] or found["month_"]])]
    year = f" {indic_cardinal(int(found['year']), language)}" if found["year"] else ""
    return f"{indic_cardinal(day, language)} {month}{year}"


def _time(found: re.Match[str], language: str, words: Words) -> str:
    hour, minute, half = int(found["hour"]), int(found["minute"] or 0), (found["half"] or "").lower()[:1]
    if minute > 59 or hour > 24:
        return found[0]
    part = ""
    if half and language == "hi" and not _PART_SAID.search(found.string[max(found.start() - 10, 0) : found.start()]):
        of_day = hour % 12 + (12 if half == "p" else 0)
        part = next(name for before, name in _PART_OF_DAY if of_day < before) + " "
    said = indic_cardinal(hour, language)
    if language == "hi" and minute:
        return f"{part}{said} बजकर {indic_cardinal(minute, language)} मिनट"
    minutes = f" {indic_cardinal(minute, language)}" if minute else ""
    return f"{part}{said}{minutes} {words.hours}".strip()


def _phone(found: re.Match[str], language: str, words: Words) -> str:
    groups = re.findall(r"\d+", found["number"])
    if sum(map(len, groups)) < SHORTEST_PHONE or DECIMAL.fullmatch(found[0]):
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
    dialled = _DIALLED.match(found.string[found.end() : found.end() + 12])
    plain_digits = len(number) >= _NAMED_SPELLED and "," not in number and "." not in number
    named = plain_digits and (dialled or _CONTEXT.search(before))
    return f" {indic_digits(number, language) if named else _number(number, language, words)} "


_NAMED_SPELLED: Final = 3
_PAISE: Final = 2
"""Digits."""
_SIZES: Final = {
    "k": 10**3, "thousand": 10**3, "l": 10**5, "lac": 10**5, "lacs": 10**5, "lakh": 10**5, "lakhs": 10**5, "cr": 10**7,
    "crore": 10**7, "crores": 10**7,
}  # fmt: skip
_SIGNS: Final = "|".join(map(re.escape, _CURRENCIES))
_SIGN: Final = f"(?P<sign>{_SIGNS})"
_MONTH: Final = "|".join(sorted(MONTH_OF, key=len, reverse=True))
_SCALE: Final = r"(?P<scale>हज़ार|हजार|लाख|करोड़)?"
_VALUE: Final = rf"(?<![\d.,/])(?P<low>{NUM})(?:\s?-\s?(?P<high>{NUM}))?"
_Say = Callable[[re.Match[str], str, Words], str]
_RULES: Final[tuple[tuple[re.Pattern[str], _Say], ...]] = (
    (re.compile(r"(?<![\w/-])(\d{4})-(\d{2})-(\d{2})(?![\d/-])"), _iso),
    (re.compile(r"(?<![\w/-])(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})(?![\d/-])"), _date),
    (re.compile(r"(?<![\w/-])(\d{1,2})/(\d{1,2})/(\d{2})(?![\w/-])"), _date),
    (
        re.compile(
            rf"(?<![\w.,:/-])(?:(?P<day>\d{{1,2}})(?:st|nd|rd|th)?[ -](?P<month>{_MONTH})\b\.?|"
            rf"(?P<month_>{_MONTH})\.? (?P<day_>\d{{1,2}})(?:st|nd|rd|th)?(?![\w:%]))(?:,?[ -](?P<year>20\d\d)(?!\d))?"
        ),
        _named_date,
    ),
    (re.compile(r"(?<![\w/.,])(?:24/7|24[xX]7|[Aa]/[Cc]|1/2|3/4|½)(?![\w/])"), _short),
    (re.compile(r"(?<![\w.,:/-])(\d{1,2}:\d\d)\s?-\s?(?=(\d{1,2}:\d\d)(?![\d:]))"), _from),
    (re.compile(r"(?<![\w.,:/-])(\d{1,2}\s?[AaPp]\.?[Mm]\.?)\s?-\s?(?=(\d))"), _from),
    (re.compile(r"(?<![\w.,:/-])(\d{1,2}(?::\d\d)?)\s?-\s?(?=(\d{1,2}(?::\d\d)?)\s?(?:बजे|वाजता))"), _from),
    (
        re.compile(
            r"(?<![\w.,:/-])(?P<hour>\d{1,2})(?:[:.](?P<minute>\d\d))?\s?"
            r"(?P<half>[AaPp]\.?[Mm]\b\.?)(?:\s?(?:बजे|वाजता))?"
        ),
        _time,
    ),
    (re.compile(r"(?<![\w.,:/-])(?P<hour>\d{1,2}):(?P<minute>\d\d)(?P<half>)(?![\d:])(?:\s?(?:बजे|वाजता))?"), _time),
    (
        re.compile(
            rf"(?P<sign>(?:{_RUPEE}|{_SIGNS})\s?)?(?<![\d.,/])(?P<low>{NUM})(?:\s?-\s?(?P<high>{NUM}))?\s?"
            rf"(?P<scale>{'|'.join(sorted(_SIZES, key=len, reverse=True))})(?!\w)",
            re.IGNORECASE,
        ),
        _multiplied,
    ),
    (
        re.compile(
            rf"(?<![A-Za-z]){_RUPEE}\s?(?P<low>{NUM})(?:\s?-\s?(?:{_RUPEE}\s?)?(?P<high>{NUM}))?\s?{_SCALE}(?:/-)?"
        ),
        _rupees,
    ),
    (re.compile(rf"{_VALUE}\s?{_SCALE}\s?(?:/-\s?{_RUPEES}|{_RUPEES}\s?/-|/-|{_RUPEES})"), _rupees),
    (re.compile(rf"{_SIGN}\s?(?P<low>{NUM})(?:\s?-\s?(?:{_SIGNS})?\s?(?P<high>{NUM}))?\s?{_SCALE}"), _foreign),
    (re.compile(rf"{_VALUE}\s?{_SCALE}\s?{_SIGN}(?![A-Za-z])"), _foreign),
    (re.compile(rf"{_VALUE}\s?(?:%|प्रतिशत|फीसदी|टक्के)"), _percent),
    (re.compile(r"(?<![\w.,/+-])(?P<low>\d{1,9})\s?-\s?(?P<high>\d{1,9})(?![\d/%-])"), _range),
    (MASKED, _masked),
    (re.compile(rf"{_VALUE}\s?(?P<unit>kg|km|cm|mm|ml|ltr|[gmt]b|mbps|°c|mins?|hrs?|sq ?ft)(?![\w/])", re.I), _unit),
    (re.compile(r"(?<![\w.,])(\d{1,3})(?:(st|nd|rd|th)(?!\w)|(?=व(?:ां|ाँ|ीं|ें)))", re.I), _counted),
    (PHONE, _phone),
    (
        re.compile(
            r"(?<![\w.])(?=[A-Za-z-]{0,30}\d)(?=[\d-]{0,30}[A-Za-z])[A-Za-z0-9]{2,30}(?:-[A-Za-z0-9]{1,30}){0,4}"
        ),
        _code,
    ),
    (re.compile(r"(?<![\w.,/)-])-(?=\d)"), lambda found, language, words: f"{words.minus} "),
    (re.compile(r"(?<!\w)\+(?=\d)|(?<=\d)\+"), lambda found, language, words: f" {words.plus} "),
    (re.compile(r"\d{16,60}"), lambda found, language, words: f" {indic_digits(found[0], language)} "),
    (re.compile(NUM), _bare),
    (re.compile(r"\d{1,60}"), lambda found, language, words: f" {indic_digits(found[0], language)} "),
    (re.compile(r"[_@#*&]"), lambda found, language, words: f" {words.signs.get(found[0], SIGNS[found[0]])} "),
    (re.compile(r"[<>~^\\=|\"]"), lambda found, language, words: " "),
)
