"""English as it is read aloud: a table of rules, each finds what it knows and puts it into words.

The order matters: what stands first takes its text before the later ones see it, and leaves no digit behind. Every
pattern is bounded, so that the work grows with the length of the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from outdial.speech.reading import codes, moments
from outdial.speech.reading.addresses import SIGNS, read_addresses
from outdial.speech.reading.numbers import NUM, cardinal, digits, ordinal, plural, spelled, year
from outdial.speech.reading.rule import Manner, Rule, fixed
from outdial.speech.reading.tables import CURRENCIES, PER, SCALES, SHORT, UNITS


def any_of(names: Iterable[str]) -> str:
    return "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))


_TO: Final = r"\s?-\s?"
_LEFT: Final = r"(?<![\w.,/-])"
_SIGN: Final = any_of(list(CURRENCIES))
_SCALE: Final = rf"(?:\s?(?:{any_of([name for name in SCALES if len(name) > 1])}|L)|[kKmMbB])(?!\w)"
_BIG: Final = rf"\s?(?:{any_of([name for name in SCALES if len(name) > 1])})(?!\w)|[kKM](?!\w)"
_WITH_COMMA: Final = r"\d{1,3}(?:\.\d{3}){1,4},\d{1,2}"
_EUROPEAN: Final = rf"(?:{_WITH_COMMA}|\d{{1,3}}(?:\.\d{{3}}){{2,4}}|\d{{1,6}},\d{{2}})(?![\d,])"
_EUROS: Final = rf"(?:{_EUROPEAN}|\d{{1,3}}(?:[. ]\d{{3}}){{1,4}}(?:,\d{{1,2}})?(?![\d,]))"
"""What can be a number with a decimal comma, and what is one only beside the sign of the euro."""
_MONEY_WORDS: Final = {
    "rupees": "₹", "rupee": "₹", "Rupees": "₹", "rs": "₹", "dollars": "$", "dollar": "$", "euros": "€", "euro": "€",
    "dirhams": "AED", "dirham": "AED", "/-": "₹",
}  # fmt: skip


def _joint(found: re.Match[str]) -> str:
    """From one *to* the other; between one *and* the other."""
    return "and" if found.string[max(found.start() - 9, 0) : found.start()].lower().endswith("between ") else "to"


def _money(found: re.Match[str], manner: Manner) -> str:
    sign = found["sign"]
    names = CURRENCIES[_MONEY_WORDS.get(sign, sign)]
    indian = manner.indian or names[1] == "rupees"
    minus = "minus " if found["minus"] or found.groupdict().get("below") else ""
    low = f"{_amount(found['low'], found['scale'], names, indian=indian, named=not found['high'])}"
    if not found["high"]:
        return f" {minus}{low} "
    return f" {minus}{low} {_joint(found)} {_amount(found['high'], found['scale2'], names, indian=indian, named=True)} "


def _amount(number: str, scale: str | None, names: tuple[str, str, str, str], *, indian: bool, named: bool) -> str:
    one, many, cent, cents = names
    if scale:
        words = f"{spelled(number, indian=indian)} {SCALES[scale.strip()]}"
        return f"{words} {many}" if named else words
    whole, _, part = number.partition(".")
    count = whole.replace(",", "")
    if not named or len(part) > 2 or (part and not cents):
        return f"{spelled(number, indian=indian)} {many}" if named else spelled(number, indian=indian)
    words = f"{spelled(whole, indian=indian)} {one if count == '1' else many}"
    hundredths = int(part.ljust(2, "0")) if part else 0
    if not hundredths:
        return words
    small = f"{cardinal(hundredths)} {cent if hundredths == 1 else cents}"
    return small if not int(count or "0") else f"{words} and {small}"


def _european(found: re.Match[str], manner: Manner) -> str:
    """An amount as continental Europe writes it, ``1.000,50``, in English writing: ``1000.50``."""
    number = re.sub(r"[. ](?=\d{3})", "", found["number"]).replace(",", ".")
    return found[0].replace(found["number"], number)


def _percent(found: re.Match[str], manner: Manner) -> str:
    high = f" {_joint(found)} {spelled(found['high'])}" if found["high"] else ""
    return f"{'minus ' if found['minus'] else ''}{spelled(found['low'])}{high} percent "


def _unit(found: re.Match[str], manner: Manner) -> str:
    one, many = UNITS[" ".join(found["unit"].split())]
    low, high = found["low"], found["high"]
    words = f"{'minus ' if found['minus'] else ''}{spelled(low, indian=manner.indian)}"
    if high:
        words += f" {_joint(found)} {spelled(high, indian=manner.indian)}"
    return f"{words} {one if low == '1' and not high else many} "


def _unit_of_word(found: re.Match[str], manner: Manner) -> str:
    """``90-min``, before a noun."""
    return f"{cardinal(int(found[1]))}-{UNITS[found[2]][0]}"


def _scaled(found: re.Match[str], manner: Manner) -> str:
    high = f" {_joint(found)} {spelled(found['high'], indian=manner.indian)}" if found["high"] else ""
    return f"{spelled(found['low'], indian=manner.indian)}{high} {SCALES[found['scale'].strip()]} "


def _ordinal(found: re.Match[str], manner: Manner) -> str:
    return ordinal(int(found[1]))


def _decade(found: re.Match[str], manner: Manner) -> str:
    return plural(year(int(found[1])) if len(found[1]) == 4 else cardinal(int(found[1])))


_HALVES: Final = {2: "half", 4: "quarter"}
_PARTS: Final = frozenset({*range(2, 11), 12, 16, 20, 100})
_RATED: Final = re.compile(r" ?(?:star|rating|rated|mark|point)")


def _fraction(found: re.Match[str], manner: Manner) -> str:
    whole, above, below = found["whole"], int(found["above"]), int(found["below"])
    rated = _RATED.match(found.string[found.end() : found.end() + 10])
    if not 0 < above < below or below not in _PARTS or rated:
        middle = "out of " if 0 < above <= below and above != 50 else "" if above == below else "slash "
        said = f"{cardinal(above)} {middle}{cardinal(below)}"
        return f"{cardinal(int(whole))} {said}" if whole else said
    part = _HALVES.get(below) or ordinal(below)
    part = f"{cardinal(above)} {part if above == 1 else 'halves' if below == 2 else f'{part}s'}"
    if not whole:
        return part
    return f"{cardinal(int(whole))} and {'a half' if part == 'one half' else part}"


def _rating(found: re.Match[str], manner: Manner) -> str:
    return f"{spelled(found[1])} out of "


_VULGAR: Final = {"½": "1/2", "¼": "1/4", "¾": "3/4", "⅓": "1/3", "⅔": "2/3", "⅛": "1/8", "⅕": "1/5"}


def _vulgar(found: re.Match[str], manner: Manner) -> str:
    return f"{' ' if found.start() and found.string[found.start() - 1].isdigit() else ''}{_VULGAR[found[0]]}"


def _range(found: re.Match[str], manner: Manner) -> str:
    low, high = found["low"], found["high"]
    if not (low[0].isdigit() and low[-1].isdigit() and high[0].isdigit()):
        return found[0]
    if moments.is_years(low, high):
        after = year(int(high)) if len(high) == 4 else cardinal(int(high))
        return f"{year(int(low))} {_joint(found)} {after}"
    if codes.is_range(found):
        return f"{spelled(low, indian=manner.indian)} {_joint(found)} {spelled(high, indian=manner.indian)}"
    return found[0]


def _number(found: re.Match[str], manner: Manner) -> str:
    return codes.say_number(found, indian=manner.indian)


def _feet(found: re.Match[str], manner: Manner) -> str:
    feet = f"{cardinal(int(found[1]))} {'foot' if found[1] == '1' else 'feet'}"
    return f"{feet} {cardinal(int(found[2]))} inches" if found[2] else feet


def _short(found: re.Match[str], manner: Manner) -> str:
    return SHORT[found[0]]


_PRESSED: Final = re.compile(r"\b(?:press|hit|dial|key|enter|push|with|by|then|the) $", re.IGNORECASE)


def _hash(found: re.Match[str], manner: Manner) -> str:
    on_keypad = _PRESSED.search(found.string[max(found.start() - 10, 0) : found.start()])
    return f" {manner.hash_name if on_keypad else 'hash'} "


def _dialled(found: re.Match[str], manner: Manner) -> str:
    """A code for the keypad: ``*123#``."""
    names = {"*": "star", "#": manner.hash_name}
    return " ".join(names.get(key) or digits(key) for key in found[0])


def _lettered(found: re.Match[str], manner: Manner) -> str:
    """C#, C++, O+."""
    return f"{found[1]} {' '.join('sharp' if sign == '#' else 'plus' for sign in found[2])}"


def _sign_alone(found: re.Match[str], manner: Manner) -> str:
    return f" {CURRENCIES[found[0]][1]} "


_LONG_UNITS: Final = any_of(name for name in UNITS if name.isalpha() and len(name) > 1 and name.islower())
_VALUE: Final = rf"(?P<minus>(?<![\w.,/)-])-)?(?<![\w.,/])(?P<low>{NUM})(?:{_TO}(?P<high>{NUM}))?"

RULES: Final[tuple[Rule, ...]] = (
    (re.compile(r"(?<![\w.])\.(?=\d)"), fixed("0.")),
    (re.compile(r"(?<![\w*])[*#](?=[\d*#]{0,20}\d)[\d*#]{1,20}#"), _dialled),
    (re.compile(rf"(?<![\w/.])(?:{any_of(SHORT)})(?![\w/])"), _short),
    (re.compile(r"(?<![\w/.])(?:Nos?|no|[Ee]xt|Ph|Tel)\.(?=\d)"), lambda found, manner: f"{SHORT[found[0]]} "),
    (re.compile(r"(?<=[a-z]\s)'(\d\d)(?![\ds])"), fixed(r"20\1")),
    (re.compile(r"(?<=\d)(\s?)(?:LPA|lpa|Lpa)(?!\w)"), fixed(" lakh per annum")),
    (re.compile(rf"(?<![\w.,])(?P<number>{_WITH_COMMA})(?![\w,])"), _european),
    (re.compile(rf"(?:€|EUR)\s?(?P<number>{_EUROS})"), _european),
    (re.compile(rf"(?:{_SIGN})\s?(?P<number>{_EUROPEAN})"), _european),
    (re.compile(rf"(?<![\w.,-])(?<!\d )(?P<number>{_EUROS}(?:{_TO}{_EUROS})?)\s?(?:€|EUR|euros?)"), _european),
    (re.compile(rf"(?<![\w.,-])(?P<number>{_EUROPEAN}(?:{_TO}{_EUROPEAN})?)\s?(?:{_SIGN})"), _european),
    (re.compile(r"(?<![\w.,])(?P<number>\d{1,3},\d{1,2})\s?%"), _european),
    *moments.RULES,
    (re.compile(r"(?<!\w)\+(?=[₹$€£])"), fixed("plus ")),
    (
        re.compile(
            rf"(?P<minus>(?<![\w.,/)-])-\s?)?(?<![A-Za-z$])(?P<sign>{_SIGN})\s?(?P<below>-)?(?P<low>{NUM})(?P<scale>{_SCALE})?"
            rf"(?:{_TO}(?:(?P=sign)\s?)?(?P<high>{NUM})(?P<scale2>{_SCALE})?)?(?:/-)?(?!\w)"
        ),
        _money,
    ),
    (
        re.compile(
            rf"(?P<minus>(?<![\w.,/)-])-)?{_LEFT}(?P<low>{NUM})(?P<scale>{_BIG})?"
            rf"(?:(?:{_TO}|\sto\s)(?P<high>{NUM})(?P<scale2>{_BIG})?)?\s?"
            rf"(?P<sign>{_SIGN}|{any_of(_MONEY_WORDS)})(?![A-Za-z])"
        ),
        _money,
    ),
    (re.compile(rf"{_LEFT}(?P<low>{NUM})(?:(?:{_BIG})?{_TO}(?P<high>{NUM}))?(?P<scale>{_BIG})"), _scaled),
    (re.compile(rf"{_VALUE.replace(_TO, '%?' + _TO)}\s?(?:%|pct(?!\w)|percent(?!\w)|per cent(?!\w))"), _percent),
    (re.compile(r"(?<![\w.,'])(\d)\s?ft\.?\s?(\d{1,2})\s?in(?:ches)?\b(?! \w)"), _feet),
    (re.compile(r"(?<![\w.,'])(\d)'\s?(?:(\d{1,2})(?:\"|''|in\b)?)?(?![\w'])"), _feet),
    (
        re.compile(r"(?<![\w.,])(\d{1,4})\s?[xX×]\s?(?=\d{1,4}(?!\w))"),
        lambda found, manner: f"{cardinal(int(found[1]))} by ",
    ),
    (
        re.compile(r"(?<![\w.,])(\d{1,4}(?:\.\d{1,2})?)[xX](?!\w)"),
        lambda found, manner: f"{spelled(found[1])} times",
    ),
    (re.compile(rf"(?<![\w.,-])(\d{{1,4}})-({_LONG_UNITS})(?![\w-])"), _unit_of_word),
    (re.compile(rf"{_VALUE}\s?(?P<unit>{any_of(UNITS)})(?![\w/])(?:\.(?=\s[a-z]))?"), _unit),
    (re.compile(rf"(?<=[a-zC])\s?/\s?({any_of(PER)})(?!\w)"), lambda found, manner: f" per {PER[found[1]]}"),
    (re.compile(r"(?<=\dst|\dnd|\drd|\dth)\s?-\s?(?=\d)"), fixed(" to ")),
    (re.compile(r"(?<![\w.,])(?<!\d-)(\d{1,9})(?:st|nd|rd|th|ST|ND|RD|TH)(?!\w)"), _ordinal),
    (re.compile(r"(?<=\d)\^(?=\d)"), fixed(" to the power of ")),
    (re.compile(r"(?<![\w.,])(?<!\d-)'?(\d{3}0|[2-9]0)'?s(?!\w)"), _decade),
    (re.compile(r"(?<![\w.,/])(\d{1,3}\.\d{1,2})\s?/\s?(?=(?:5|10|100)(?![\w/]|[.,]\d))"), _rating),
    (re.compile("[½¼¾⅓⅔⅛⅕]"), _vulgar),
    (
        re.compile(r"(?<![\w.,/-])(?:(?P<whole>\d{1,3})\s)?(?P<above>\d{1,3})/(?P<below>\d{1,3})(?![\w/]|-\d|[.,]\d)"),
        _fraction,
    ),
    (
        re.compile(
            r"(?<![\w.,/()+-])(?<!\d\s)(?P<low>[\d,]{1,9})\s?-\s?(?P<high>[\d,]{0,8}\d)(?![\w/%]|[.,:-]\d|-\w|\s\d)"
        ),
        _range,
    ),
    (codes.MASKED, codes.say_masked),
    (codes.PLATE, codes.say_plate),
    (codes.PIN, codes.say_pin),
    (codes.PHONE, codes.say_phone),
    (codes.VERSION, codes.say_version),
    (codes.NETWORK, codes.say_dotted),
    (codes.HASHED, codes.say_hashed),
    (codes.FLIGHT, codes.say_signs),
    (codes.CODE, codes.say_code),
    (codes.GLUED, codes.say_glued),
    (re.compile(r"(?<![\w.,])\d{1,9}\.\d{1,4}(?=[A-Za-z])"), lambda found, manner: f"{spelled(found[0])} "),
    (re.compile(r"(?<=\d)\s?\*\s?(?=\d)"), fixed(" times ")),
    (re.compile(r"(?<=\d)\s?\+\s?(?=\d)|(?<![\w+])\+(?=\d)|(?<=\d)\+(?!\w)"), fixed(" plus ")),
    (re.compile(r"(?<![\w.,/)-])-(?=\d)"), fixed("minus ")),
    (re.compile(r"(?<![\w~])[~≈](?=\s?[\d₹$€£])"), fixed("about ")),
    (re.compile(rf"(?<![\w.]){NUM}(?![A-Za-z_])|\d{{16,60}}"), _number),
    (re.compile(r"\d{1,60}"), lambda found, manner: f" {digits(found[0])} "),
    (re.compile(r"\b([A-Z])/([A-Z])\b"), fixed(r"\1 \2")),
    (re.compile(r"(?<=[a-z])/(?=[A-Za-z])"), fixed(" or ")),
    (re.compile(r"\b([A-Z])([#+]{1,2})(?![\w+])"), _lettered),
    (re.compile(r"\s?(?:->|=>|→)\s?"), fixed(", ")),
    (re.compile(r"\s?(?:<=|≤)\s?"), fixed(" at most ")),
    (re.compile(r"\s?(?:>=|≥)\s?"), fixed(" at least ")),
    (re.compile(r"(?<![\w#])#(?=[A-Za-z])"), fixed("hashtag ")),
    (re.compile(r"(?<!\w)#(?=\d)"), fixed("number ")),
    (re.compile(r"#"), _hash),
    (
        re.compile(r"[_@<>=&*~\\^±×÷°%+²³¢√∞≠≈π]|(?<=\w)/(?=\w)|\s/\s"),
        lambda found, manner: f" {_LONE.get(found[0].strip(), '')} ",
    ),
    (re.compile("[₹$€£¥₩₦₱฿]"), _sign_alone),
    (re.compile(r"[®™©•§¶\"]"), fixed(" ")),
    # Between signs that have become words only now.
    (re.compile(r"(?<=\s)/(?=\s)"), fixed("slash")),
)
_LONE: Final[dict[str, str]] = SIGNS | {
    "±": "plus or minus",
    "×": "times",
    "÷": "divided by",
    "²": "squared",
    "³": "cubed",
    "°": "degrees",
    "¢": "cents",
    "√": "square root of",
    "∞": "infinity",
    "≠": "not equal to",
    "≈": "about",
    "π": "pi",
    "^": "",
    "~": "",
    "\\": "",
}


def english(text: str, manner: Manner) -> str:
    """``text`` without markup (see ``plain``) in words; no digit is left."""
    words = read_addresses(text, digits)
    for pattern, said in RULES:
        words = pattern.sub(lambda found, say=said: say(found, manner), words)  # type: ignore[misc]
    words = re.sub(r",(?=\w)", ", ", " ".join(words.split()))
    return re.sub(r" +(?=[,.;:!?)](?!\w))|(?<=\() +", "", words)
