"""The headers of a subscription: which can be sent, and how they are shown without their values."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from outdial.domain.errors import Fault, Invalid
from outdial.domain.subscription import Subscription

MASK: Final = "***"
"""Shown instead of a value, and sent back for "the value you have"."""
NOT_OURS_TO_SEND: Final = frozenset({"host", "content-length", "connection", "transfer-encoding"})
"""Whoever carries the request writes these."""
_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}")
_VALUE: Final = re.compile(r"[\t\x20-\x7e\x80-\xff]{0,8192}")


def may_be_sent(name: str, value: str) -> bool:
    """Whether this is a header a request can carry (RFC 9110 §5.5)."""
    return bool(_NAME.fullmatch(name) and _VALUE.fullmatch(value))


def masked(headers: Mapping[str, str]) -> dict[str, str]:
    return dict.fromkeys(headers, MASK)


def replaced(
    stored: Sequence[Subscription], dialect: str, wanted: Sequence[Subscription], field: str
) -> tuple[Subscription, ...]:
    """``stored`` with the entries of ``dialect`` replaced by ``wanted``; those of other dialects stay.

    A value that comes back as the mask is the stored one: that of the entry with the same address, else of one that
    shares an event.

    Raises:
        Invalid: a value is the mask and none is stored; the fault stands under ``field``.
    """
    known = [one for one in stored if one.dialect == dialect]
    others = tuple(one for one in stored if one.dialect != dialect)
    return others + tuple(_unmasked(one, known, (field, str(index))) for index, one in enumerate(wanted))


def _unmasked(wanted: Subscription, known: Sequence[Subscription], path: tuple[str, ...]) -> Subscription:
    alike = [one for one in known if one.url == wanted.url]
    alike += [one for one in known if one.url != wanted.url and set(one.events) & set(wanted.events)]
    headers = {
        name: value if value != MASK else _stored(name, alike, (*path, "headers", name))
        for name, value in wanted.headers.items()
    }
    return replace(wanted, headers=headers)


def _stored(name: str, alike: Sequence[Subscription], path: tuple[str, ...]) -> str:
    for one in alike:
        for known, value in one.headers.items():
            if known.lower() == name.lower():
                return value
    raise Invalid(Fault(path, f"{name} is masked, and no such header is stored"))
