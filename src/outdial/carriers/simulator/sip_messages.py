"""SIP messages as data: bytes in, requests and responses out, and back (RFC 3261 §7, §25).

Pure: no sockets, no time. Whatever bytes come in, ``parse`` returns a message or raises ``Malformed``; nothing else.
Header bytes that are not UTF-8 survive a round trip, so that what must be echoed is echoed exactly.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

VERSION: Final = "SIP/2.0"
MAX_MESSAGE_BYTES: Final = 65_535
MAX_HEADERS: Final = 200

Headers = tuple[tuple[str, str], ...]
"""Name and value in the order of the message; names in their canonical spelling, compact forms expanded."""

_COMPACT: Final = {
    "v": "Via", "f": "From", "t": "To", "i": "Call-ID", "m": "Contact", "l": "Content-Length", "c": "Content-Type",
    "k": "Supported", "s": "Subject", "e": "Content-Encoding", "o": "Event", "r": "Refer-To",
}  # fmt: skip
_SPELLING: Final = {"call-id": "Call-ID", "cseq": "CSeq", "www-authenticate": "WWW-Authenticate"}
_TOKEN: Final = re.compile(r"[A-Za-z0-9\-.!%*_+`'~]{1,64}")
_CSEQ: Final = re.compile(r"([0-9]{1,10})[ \t]+([A-Za-z0-9\-.!%*_+`'~]+)")
_VIA: Final = re.compile(r"SIP\s*/\s*2\.0\s*/\s*[A-Za-z]+\s+[^\s;,]+", re.IGNORECASE)
_STATUS: Final = re.compile(r"SIP/2\.0 ([1-6][0-9]{2})(?: (.*))?")
_PARAM: Final = re.compile(r';\s*([A-Za-z0-9\-.!%*_+`\'~]+)(?:\s*=\s*("(?:[^"\\]|\\.)*"|[^;,\s?]*))?')
_USER: Final = re.compile(r"(?:sips?:([^@;?]*)(?:;[^@]*)?@|tel:([^;?]*))", re.IGNORECASE)
_HOST: Final = re.compile(
    r"sips?:(?:[^@]*@)?(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.\-]+)(?::([0-9]{1,5}))?(?=[;?>]|$)", re.IGNORECASE
)


class Malformed(Exception):
    """These bytes are no SIP message; the text says what is wrong, and quotes nothing of it."""


@dataclass(frozen=True)
class Request:
    method: str
    uri: str
    headers: Headers
    body: bytes = b""


@dataclass(frozen=True)
class Response:
    status: int
    phrase: str
    headers: Headers
    body: bytes = b""


Message = Request | Response


def header(message: Message, name: str) -> str:
    """The first value of a header; empty when it is absent."""
    return next((value for known, value in message.headers if known == name), "")


def header_values(message: Message, name: str) -> list[str]:
    """Every line of a header, in order, not split at commas."""
    return [value for known, value in message.headers if known == name]


def split_list(value: str) -> list[str]:
    """The elements of a comma separated header value; commas in quotes and angle brackets do not count."""
    parts, quoted, depth, start = [], False, 0, 0
    previous = ""
    for at, char in enumerate(value):
        if char == '"' and previous != "\\":
            quoted = not quoted
        elif not quoted and char in "<>":
            depth += 1 if char == "<" else -1
        elif char == "," and not quoted and depth <= 0:
            parts.append(value[start:at].strip())
            start = at + 1
        previous = char
    parts.append(value[start:].strip())
    return [part for part in parts if part]


def params(value: str) -> dict[str, str]:
    """Parameters of a header value (after the address, if it stands in angle brackets); names in lower case."""
    tail = value.rpartition(">")[2] if ">" in value else value
    return {name.lower(): text.strip('"') for name, text in _PARAM.findall(tail)}


def address(value: str) -> str:
    """The URI of a From, To, Contact or Route value; of several, the first."""
    if "<" in value:
        return value.partition("<")[2].partition(">")[0].strip()
    return value.partition(",")[0].partition(";")[0].strip()


def uri_user(uri: str) -> str:
    """The user part of a sip or tel URI without its parameters, e.g. the number dialled; empty if there is none."""
    found = _USER.match(uri)
    if not found:
        return ""
    user = unquote(found[1] or found[2] or "").partition(":")[0]
    return user.encode("utf-8", "replace").decode()  # bytes that are no text must not travel on


def uri_host(uri: str) -> tuple[str, int] | None:
    """Host and port (5060 unless told) of a sip URI; None when it has none that can be read."""
    found = _HOST.match(uri)
    if not found or int(found[2] or 5060) > 65_535:
        return None
    return found[1].strip("[]"), int(found[2] or 5060)


def tag(message: Message, name: str) -> str:
    """The tag of the From or To header; empty when there is none."""
    return params(header(message, name)).get("tag", "")


def cseq(message: Message) -> tuple[int, str]:
    """Number and method of the CSeq header (checked by ``parse``)."""
    found = _CSEQ.fullmatch(header(message, "CSeq"))
    if found is None:
        raise Malformed("CSeq is not a number and a method")
    return int(found[1]), found[2]


def branch(message: Message) -> str:
    """The branch of the topmost Via, with its sent-by: names the transaction (RFC 3261 §17.2.3)."""
    top = (split_list(header(message, "Via")) or [""])[0]
    sent_by = top.partition(";")[0].split()[-1:] or [""]
    return f"{params(top).get('branch', '')}|{sent_by[0].lower()}"


def parse(data: bytes) -> Message:
    """Read one whole message. Bytes after ``Content-Length`` are dropped (RFC 3261 §18.3).

    Raises:
        Malformed: it is no message, lacks a header every message needs, or its body is cut short.
    """
    if len(data) > MAX_MESSAGE_BYTES:
        raise Malformed("longer than a datagram")
    head, gap, body = data.lstrip(b"\r\n").partition(b"\r\n\r\n")
    if not gap:
        raise Malformed("no empty line after the headers")
    lines = head.decode("utf-8", "surrogateescape").split("\r\n")
    headers = _headers(lines[1:])
    length = next((value for name, value in headers if name == "Content-Length"), None)
    if length is not None:
        if not (length.isascii() and length.isdigit() and len(length) <= 6) or int(length) > len(body):
            raise Malformed("Content-Length does not fit the body")
        body = body[: int(length)]
    message = _start(lines[0], headers, body)
    _check(message)
    return message


def write(message: Message) -> bytes:
    """The bytes of a message; ``Content-Length`` is computed."""
    if isinstance(message, Request):
        start = f"{message.method} {message.uri} {VERSION}"
    else:
        start = f"{VERSION} {message.status} {message.phrase}"
    lines = [start, *(f"{name}: {value}" for name, value in message.headers if name != "Content-Length")]
    lines.append(f"Content-Length: {len(message.body)}")
    return "\r\n".join(lines).encode("utf-8", "surrogateescape") + b"\r\n\r\n" + message.body


def answer_to(request: Request, status: int, phrase: str, *, to_tag: str = "", more: Iterable[tuple[str, str]] = (),
              body: bytes = b"") -> Response:  # fmt: skip
    """A response with all that must be echoed (RFC 3261 §8.2.6): every Via, From, To, Call-ID, CSeq, Record-Route."""
    echoed = []
    for name, value in request.headers:
        if name in ("Via", "From", "Call-ID", "CSeq") or (name == "Record-Route" and 100 < status < 300):
            echoed.append((name, value))
        elif name == "To":
            bare = "tag" in params(value) or not to_tag or status == 100
            echoed.append((name, value if bare else f"{value};tag={to_tag}"))
    return Response(status, phrase, (*echoed, *more), body)


def _start(line: str, headers: Headers, body: bytes) -> Message:
    if found := _STATUS.fullmatch(line):
        return Response(int(found[1]), found[2] or "", headers, body)
    parts = line.split(" ")
    if len(parts) != 3 or parts[2] != VERSION or not _TOKEN.fullmatch(parts[0]) or not parts[1]:
        raise Malformed("the first line is neither a request nor a status of SIP/2.0")
    return Request(parts[0], parts[1], headers, body)


def _headers(lines: list[str]) -> Headers:
    unfolded: list[str] = []
    for line in lines:
        if line[:1] in (" ", "\t") and unfolded:
            unfolded[-1] += " " + line.strip()  # RFC 3261 §7.3.1: a header may go on in the next line
        else:
            unfolded.append(line)
    if len(unfolded) > MAX_HEADERS:
        raise Malformed("too many headers")
    return tuple(_one_header(line) for line in unfolded)


def _one_header(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    name = name.rstrip(" \t")
    if not colon or not _TOKEN.fullmatch(name) or "\n" in value or "\r" in value or "\0" in value:
        raise Malformed("a header line that is none")
    lowered = name.lower()
    spelled = _COMPACT.get(lowered) or _SPELLING.get(lowered) or "-".join(p.capitalize() for p in lowered.split("-"))
    return spelled, value.strip()


def _check(message: Message) -> None:
    """What every message must have (RFC 3261 §8.1.1)."""
    for name in ("Via", "From", "To", "Call-ID", "CSeq"):
        if not header(message, name):
            raise Malformed(f"{name} is missing")
    top = (split_list(header(message, "Via")) or [""])[0]
    if not _VIA.match(top):
        raise Malformed("the topmost Via names no sender")
    method = cseq(message)[1]
    if isinstance(message, Request) and method != message.method:
        raise Malformed("CSeq names another method than the request line")
