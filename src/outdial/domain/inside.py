"""What customers are not told: where things of this installation lie.

Reasons and troubles come from many parts and libraries, which name the address they failed to reach. They are told to
customers without it; the log has them as they came.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Final

INTERNAL: Final = "an internal address"
_MAX_LETTERS: Final = 2_000
_MAX_WORD: Final = 300
_LONG_WORD: Final = re.compile(rf"\S{{{_MAX_WORD},}}")
_URLS: Final = re.compile(r"\b[a-z][a-z0-9+.-]{1,20}://[^\s'\"<>)]+", re.IGNORECASE)
_ADDRESSES: Final = re.compile(
    "|".join(
        (
            # As Python prints a socket's address: ('10.0.0.3', 80).
            r"\('[^'()\s]{1,253}', \d{1,5}(?:, \d+, \d+)?\)",
            r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?(?![.\d]*\w)",
            # A host and its port; one without a dot only where the port has four digits or five: status:404 is none.
            r"(?<![\w.@-])(?:[a-z0-9_-]{1,63}\.){1,8}[a-z0-9-]{1,63}:\d{2,5}(?![\w:])",
            r"(?<![\w.@-])[a-z][a-z0-9_-]{0,62}:\d{4,5}(?![\w:])",
        )
    ),
    re.IGNORECASE,
)
_LIKE_IPV6: Final = re.compile(
    r"\[?(?<![\w:.])([0-9a-f:.]{2,45})(?:%\w{1,20})?(?:\]:\d{1,5}|\])?(?![\w:])", re.IGNORECASE
)
_FILES: Final = re.compile(r"(?<![\w/.])/(?:[\w.+-]{1,255}/){1,32}[\w.+-]{1,255}")


def without_addresses(text: str) -> str:
    """``text`` with every URL, IP address, host with a port and path of a file replaced; cut after 2,000 letters."""
    shown = _LONG_WORD.sub("…", text[:_MAX_LETTERS])
    shown = _LIKE_IPV6.sub(_if_ipv6, _URLS.sub(INTERNAL, shown))
    return _FILES.sub("a file", _ADDRESSES.sub(INTERNAL, shown))


def _if_ipv6(found: re.Match[str]) -> str:
    """A time or a ratio looks alike."""
    try:
        ipaddress.IPv6Address(found[1].rstrip("."))
    except ValueError:
        return found[0]
    return INTERNAL
