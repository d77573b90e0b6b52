"""Names of currencies, units and months in English, by how they are written."""

from __future__ import annotations

from typing import Final

from outdial.domain.spoken import listed

CURRENCIES: Final[dict[str, tuple[str, str, str, str]]] = {
    name: words
    for names, words in (
        ("₹ Rs Rs. Re Re. INR", ("rupee", "rupees", "paisa", "paise")),
        ("$ US$ USD", ("dollar", "dollars", "cent", "cents")),
        ("A$ AU$ AUD", ("Australian dollar", "Australian dollars", "cent", "cents")),
        ("C$ CA$ CAD", ("Canadian dollar", "Canadian dollars", "cent", "cents")),
        ("S$ SGD", ("Singapore dollar", "Singapore dollars", "cent", "cents")),
        ("£ GBP", ("pound", "pounds", "penny", "pence")),
        ("€ EUR", ("euro", "euros", "cent", "cents")),
        ("¥ JPY", ("yen", "yen", "", "")),
        ("CNY RMB", ("yuan", "yuan", "", "")),
        ("AED Dh Dhs", ("dirham", "dirhams", "fils", "fils")),
        ("SAR", ("riyal", "riyals", "halala", "halalas")),
        ("CHF", ("franc", "francs", "rappen", "rappen")),
        ("₩ KRW", ("won", "won", "", "")),
        ("₦ NGN", ("naira", "naira", "kobo", "kobo")),
        ("₱ PHP", ("peso", "pesos", "centavo", "centavos")),
        ("฿ THB", ("baht", "baht", "satang", "satang")),
    )
    for name in names.split()
}
"""Sign or code: one and many of the whole, one and many of the hundredth."""

SCALES: Final = {
    "k": "thousand", "K": "thousand", "thousand": "thousand", "lakh": "lakh", "lakhs": "lakh", "lac": "lakh",
    "lacs": "lakh", "Lakh": "lakh", "Lakhs": "lakh", "L": "lakh", "crore": "crore", "crores": "crore", "Crore": "crore",
    "Crores": "crore", "cr": "crore", "Cr": "crore", "CR": "crore", "m": "million", "M": "million", "mn": "million",
    "Mn": "million", "million": "million", "b": "billion", "B": "billion", "bn": "billion", "Bn": "billion",
    "billion": "billion", "trillion": "trillion", "tn": "trillion", "hundred": "hundred",
}  # fmt: skip

UNITS: Final[dict[str, tuple[str, str]]] = {
    name: (one, many)
    for names, one, many in (
        ("km kms KM", "kilometer", "kilometers"),
        ("cm cms", "centimeter", "centimeters"),
        ("mm", "millimeter", "millimeters"),
        ("kg kgs Kg KG", "kilogram", "kilograms"),
        ("g gm gms", "gram", "grams"),
        ("mg", "milligram", "milligrams"),
        ("mcg", "microgram", "micrograms"),
        ("lb lbs", "pound", "pounds"),
        ("oz", "ounce", "ounces"),
        ("ft", "foot", "feet"),
        ("yd yds", "yard", "yards"),
        ("mi", "mile", "miles"),
        ("mph", "mile per hour", "miles per hour"),
        ("km/h kmph km/hr kph", "kilometer per hour", "kilometers per hour"),
        ("km/l kmpl", "kilometer per liter", "kilometers per liter"),
        ("ml mL", "milliliter", "milliliters"),
        ("ltr ltrs", "liter", "liters"),
        ("sqft sq.ft sq|ft sq.|ft", "square foot", "square feet"),
        ("sqm sq|m m²", "square meter", "square meters"),
        ("hr hrs", "hour", "hours"),
        ("min mins", "minute", "minutes"),
        ("sec secs", "second", "seconds"),
        ("ms", "millisecond", "milliseconds"),
        ("wk wks", "week", "weeks"),
        ("mo mos", "month", "months"),
        ("yr yrs", "year", "years"),
        ("pc pcs", "piece", "pieces"),
        ("KB kB", "kilobyte", "kilobytes"),
        ("MB", "megabyte", "megabytes"),
        ("GB gb Gb", "gigabyte", "gigabytes"),
        ("TB tb", "terabyte", "terabytes"),
        ("Mbps mbps", "megabit per second", "megabits per second"),
        ("Gbps gbps", "gigabit per second", "gigabits per second"),
        ("Hz", "hertz", "hertz"),
        ("kHz", "kilohertz", "kilohertz"),
        ("MHz", "megahertz", "megahertz"),
        ("GHz", "gigahertz", "gigahertz"),
        ("kWh", "kilowatt hour", "kilowatt hours"),
        ("kW", "kilowatt", "kilowatts"),
        ("mAh", "milliamp hour", "milliamp hours"),
        ("MP", "megapixel", "megapixels"),
        ("HP hp", "horsepower", "horsepower"),
        ("cc", "C C", "C C"),
        ("BHK bhk", "B H K", "B H K"),
        ("RK", "R K", "R K"),
        ("V", "volt", "volts"),
        ("W", "watt", "watts"),
        ("°C", "degree Celsius", "degrees Celsius"),
        ("°F", "degree Fahrenheit", "degrees Fahrenheit"),
        ("°", "degree", "degrees"),
        ("bps", "basis point", "basis points"),
    )
    for name in (written.replace("|", " ") for written in names.split())
}

PER: Final = {
    "month": "month", "mo": "month", "mth": "month", "year": "year", "yr": "year", "annum": "annum", "week": "week",
    "wk": "week", "day": "day", "hour": "hour", "hr": "hour", "h": "hour", "min": "minute", "minute": "minute",
    "kg": "kilogram", "sqft": "square foot", "sq ft": "square foot", "sq.ft": "square foot", "unit": "unit",
    "person": "person", "night": "night", "GB": "gigabyte", "liter": "liter", "litre": "litre", "piece": "piece",
    "call": "call", "user": "user", "seat": "seat", "km": "kilometer", "mile": "mile",
}  # fmt: skip

MONTHS: Final = listed("January February March April May June July August September October November December")
_MONTH_NAMES: Final = {name[:3]: name for name in MONTHS} | {name: name for name in MONTHS} | {"Sept": "September"}
MONTH_OF: Final = (
    {name.lower(): month for name, month in _MONTH_NAMES.items() if month not in ("March", "May")}
    | {name.upper(): month for name, month in _MONTH_NAMES.items()}
    | _MONTH_NAMES
)
"""As they are written; small letters only where they are no other word."""

DAYS: Final = listed("Monday Tuesday Wednesday Thursday Friday Saturday Sunday")
DAY_OF: Final = {name[:3]: name for name in DAYS} | {name: name for name in DAYS}

SHORT: Final = {
    "A/c": "account", "a/c": "account", "A/c.": "account", "401(k)": "four oh one K", "401k": "four oh one K",
    "w/o": "without", "w/": "with", "c/o": "care of", "b/w": "between", "b/c": "because",
    "n/a": "not applicable", "N/A": "not applicable",
    "S/O": "son of", "D/O": "daughter of", "W/O": "wife of", "and/or": "and or", "24/7": "twenty-four seven",
    "24x7": "twenty-four seven", "24X7": "twenty-four seven", "e.g.": "for example", "i.e.": "that is",
    "p.a.": "per annum", "vs.": "versus", "vs": "versus", "etc.": "et cetera",
    "No.": "number", "Nos.": "numbers", "no.": "number", "ext.": "extension", "Ext.": "extension", "Ph.": "phone",
    "Tel.": "telephone", "approx.": "approximately", "Approx.": "approximately",
}  # fmt: skip
