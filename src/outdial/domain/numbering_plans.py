"""What the numbering plans say of digits: ``phonenumbers`` in a few words. Regions are two letters, as ``IN``."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

import phonenumbers
from phonenumbers import PhoneMetadata, PhoneNumber, PhoneNumberType, ValidationResult

_MOBILES: Final = frozenset({PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE})
_WRONG_LENGTHS: Final = {
    ValidationResult.TOO_SHORT: "is too short",
    ValidationResult.IS_POSSIBLE_LOCAL_ONLY: "is too short",
    ValidationResult.TOO_LONG: "is too long",
    ValidationResult.INVALID_LENGTH: "has too few or too many digits",
}


def parsed(text: str, region: str | None = None) -> PhoneNumber | None:
    """``text`` with ``+``, or as it is dialled in ``region``; None: no plan has anything like it."""
    try:
        return phonenumbers.parse(text, region, keep_raw_input=region is not None)
    except phonenumbers.NumberParseException:
        return None


def known(text: str, region: str | None = None) -> PhoneNumber | None:
    """The same; None also for a number that nobody can have."""
    number = parsed(text, region)
    return number if number is not None and phonenumbers.is_valid_number(number) else None


def formatted(number: PhoneNumber) -> str:
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def national(number: PhoneNumber) -> str:
    return phonenumbers.national_significant_number(number)


def is_mobile(number: PhoneNumber) -> bool:
    """Surely, or as far as its plan tells."""
    return phonenumbers.number_type(number) in _MOBILES


def is_dialled_abroad(number: PhoneNumber) -> bool:
    """Whether it was parsed with the international prefix of its region."""
    return bool(number.country_code_source == phonenumbers.CountryCodeSource.FROM_NUMBER_WITH_IDD)


def is_without_code(number: PhoneNumber) -> bool:
    """Whether it was parsed as a national number."""
    return bool(number.country_code_source == phonenumbers.CountryCodeSource.FROM_DEFAULT_COUNTRY)


def code_of(region: str) -> str:
    return str(phonenumbers.country_code_for_region(region))


def has_form(number: PhoneNumber) -> bool:
    """Whether it has a length and the general form of its plan, used or not."""
    if not phonenumbers.is_possible_number(number):
        return False
    forms = map(_general_form, phonenumbers.region_codes_for_country_code(number.country_code or 0))
    return any(re.fullmatch(form, national(number)) for form in forms)


def misfit(number: PhoneNumber) -> str:
    """Why its plan does not know it: what follows on "the number …"."""
    region = phonenumbers.region_code_for_country_code(number.country_code or 0)
    why = phonenumbers.is_possible_number_with_reason(number)
    if why == ValidationResult.INVALID_COUNTRY_CODE:
        return "begins with no calling code"
    if why in _WRONG_LENGTHS:
        return _WRONG_LENGTHS[why] + (f" for a number of {region}" if len(region) == len("IN") else "")
    return f"is no number of {region}"


def prefix_of(region: str) -> str:
    """What is dialled before a number inside the country; empty: nothing."""
    plan = PhoneMetadata.metadata_for_region(region)
    return str(plan.national_prefix or "") if plan else ""


@lru_cache
def lengths_of(region: str) -> frozenset[int]:
    """How many digits fixed lines and mobiles have."""
    plan = PhoneMetadata.metadata_for_region(region)
    kinds = [kind for kind in (plan.fixed_line, plan.mobile) if kind] if plan else []
    return frozenset(length for kind in kinds for length in kind.possible_length)


def _general_form(region: str) -> str:
    plan = PhoneMetadata.metadata_for_region(region)
    return str(plan.general_desc.national_number_pattern or "") if plan and plan.general_desc else ""
