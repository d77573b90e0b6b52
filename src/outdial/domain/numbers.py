"""Phone numbers: E.164 as both dialects demand it (``^\\+[1-9]\\d{6,14}$``)."""

from __future__ import annotations

import re
from typing import Final

_E164: Final = re.compile(r"\+[1-9][0-9]{6,14}")


def e164(text: str) -> str | None:
    """``text`` without outer blanks if it is an E.164 number, else None; inner blanks and dashes are not forgiven."""
    number = text.strip()
    return number if _E164.fullmatch(number) else None
