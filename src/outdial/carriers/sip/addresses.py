"""A trunk and two numbers, written the way the native stack reads them; nothing in them may become SIP syntax.

The stack glues this text into messages without escaping, so every piece is held to the characters it may consist of
(RFC 3261 §25.1); whatever does not fit is refused here, before a native function sees it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from outdial.domain.attempt import Dial, Trunk
from outdial.domain.display_names import unfit_display_name

_NUMBER: Final = re.compile(r"\+?[0-9A-Za-z*._-]{1,64}")
_HOST: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?")
_PROXY: Final = re.compile(r"(?:sip:)?([A-Za-z0-9._-]{1,253})(?::(\d{1,5}))?(?:;transport=(udp|tcp|tls))?(?:;lr)?")
_HEADER_NAME: Final = re.compile(r"[A-Za-z0-9!%*_+`'~.-]{1,64}")
_MAX_TEXT: Final = 128
_MAX_HEADER_BYTES: Final = 512

CODECS: Final = {"pcmu": "pcmu/8000/1", "pcma": "pcma/8000/1", "g722": "g722/16000/1", "opus": "opus/48000/2"}
TRANSPORTS: Final = ("udp", "tcp", "tls")
_SRTP: Final = {"off": "", "optional": "srtp", "mandatory": "srtp-mand"}

_OURS: Final = re.compile(
    "via|from|to|call-id|cseq|contact|max-forwards|content-(length|type|encoding)|route|record-route|allow|supported|"
    "(proxy-)?require|(proxy-)?authorization|user-agent|[vftimlcek]",
    re.IGNORECASE,
)
"""Headers the stack writes itself, long and compact; a second copy would make the message ambiguous."""


class Unfit(ValueError):
    """A setting or number that cannot travel in a SIP message. ``field`` names it."""

    def __init__(self, field_name: str, message: str) -> None:
        super().__init__(f"{field_name}: {message}")
        self.field = field_name


@dataclass(frozen=True)
class Route:
    """One dial as the native stack takes it. ``identity`` holds the password: never log it."""

    identity: str = field(repr=False)
    target: str
    headers: Mapping[str, str]


def route(dial: Dial) -> Route:
    """The way to a phone over a trunk.

    Raises:
        Unfit: a number or trunk setting cannot travel in a SIP message.
    """
    trunk = dial.trunk
    return Route(
        identity=identity(trunk, dial.from_number),
        target=_uri(_number("to_number", dial.to_number), trunk),
        headers=_headers(trunk.headers),
    )


def identity(trunk: Trunk, from_number: str) -> str:
    """The address-of-record line of one caller number on one trunk, password included.

    With ``call_transfer=no`` a far side cannot make us ring somebody else.
    """
    uri = _uri(_number("from_number", from_number), trunk)
    parts = ["regint=0", "answermode=manual", "call_transfer=no", "100rel=yes", "dtmfmode=rtpevent"]
    parts.append(f"audio_codecs={_codecs(trunk.codecs)}")
    if trunk.auth_user:
        parts.append(f"auth_user={_text('auth_user', trunk.auth_user, forbidden=' ;<>,')}")
    if trunk.password:
        parts.append(f'auth_pass="{_text("password", trunk.password)}"')
    if media_encryption := _choice("srtp", trunk.srtp, _SRTP):
        parts.append(f"mediaenc={media_encryption}")
    if trunk.outbound_proxy:
        parts.append(f'outbound="{_proxy(trunk)}"')
    if why := unfit_display_name(trunk.display_name):
        raise Unfit("display_name", why)
    name = f'"{trunk.display_name}" ' if trunk.display_name else ""
    return f"{name}<{uri}>;" + ";".join(parts)


def _number(name: str, number: str) -> str:
    if _NUMBER.fullmatch(number) is None:
        raise Unfit(name, "a number has digits, with a + in front at most")
    return number


def _uri(user: str, trunk: Trunk) -> str:
    if _HOST.fullmatch(trunk.host) is None:
        raise Unfit("host", "must be a host name or an IPv4 address")
    if not 0 < trunk.port < 65536:
        raise Unfit("port", "must be 1 to 65535")
    if trunk.transport not in TRANSPORTS:
        raise Unfit("transport", f"must be one of {', '.join(TRANSPORTS)}")
    return f"sip:{user}@{trunk.host}:{trunk.port};transport={trunk.transport}"


def _codecs(codecs: tuple[str, ...]) -> str:
    if not codecs:
        raise Unfit("codecs", "at least one is needed")
    return ",".join(_choice("codecs", codec.lower(), CODECS) for codec in codecs)


def _choice(name: str, value: str, choices: Mapping[str, str]) -> str:
    if value not in choices:
        raise Unfit(name, f"must be one of {', '.join(choices)}")
    return choices[value]


def _proxy(trunk: Trunk) -> str:
    found = _PROXY.fullmatch(trunk.outbound_proxy)
    if found is None or (found[2] and not 0 < int(found[2]) < 65536):
        raise Unfit("outbound_proxy", "must be host, host:port or sip:host:port;transport=udp|tcp|tls")
    port = f":{found[2]}" if found[2] else ""
    return f"sip:{found[1]}{port};transport={found[3] or trunk.transport};lr"


def next_hop(trunk: Trunk) -> tuple[str, int, str]:
    """Host, port and transport that our messages go to first. ``trunk`` has passed ``identity``."""
    found = _PROXY.fullmatch(trunk.outbound_proxy)
    if found is None:
        return trunk.host, trunk.port, trunk.transport
    transport = found[3] or trunk.transport
    return found[1], int(found[2] or (5061 if transport == "tls" else 5060)), transport


def _text(name: str, text: str, *, forbidden: str = "") -> str:
    """Text that stands inside quotes or a parameter: the stack knows no escapes there."""
    if len(text) > _MAX_TEXT:
        raise Unfit(name, f"must not be longer than {_MAX_TEXT} characters")
    if not text.isprintable() or any(character in text for character in '"\\' + forbidden):
        raise Unfit(name, "must not hold quotes, backslashes or control characters" + _also(forbidden))
    return text


def _also(forbidden: str) -> str:
    return f", nor any of {forbidden.strip()}" if forbidden.strip() else ""


def _headers(headers: Mapping[str, str]) -> dict[str, str]:
    for name, value in headers.items():
        if _HEADER_NAME.fullmatch(name) is None:
            raise Unfit("headers", "a header's name has letters, digits and dashes")
        if _OURS.fullmatch(name):
            raise Unfit("headers", f"{name} is written by the SIP stack itself")
        if not value.isprintable() or len(value.encode()) > _MAX_HEADER_BYTES:
            raise Unfit("headers", f"{name} must be one line of at most {_MAX_HEADER_BYTES} bytes")
    return dict(headers)
