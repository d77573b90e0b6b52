"""Session descriptions: which codec, where to send the sound (RFC 8866, offer and answer of RFC 3264).

One audio stream of G.711 and RFC 4733 digits, which is all a telephone line of this network carries. Pure.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Final

PCMU: Final = 0
PCMA: Final = 8
EVENTS: Final = 101
"""The payload type we give to telephone events when the choice is ours."""
_LAST_PAYLOAD: Final = 127
_NAMES: Final = {PCMU: "PCMU/8000", PCMA: "PCMA/8000"}
_ANSWERED_WITH: Final = {"sendrecv": "sendrecv", "sendonly": "recvonly", "recvonly": "sendonly", "inactive": "inactive"}
_MEDIA: Final = re.compile(r"audio ([0-9]{1,5})(?:/[0-9]+)? (\S+)((?: [0-9]{1,3})+)")
_RTPMAP: Final = re.compile(r"rtpmap:([0-9]{1,3}) ([A-Za-z0-9.\-]+)/([0-9]{1,6})(?:/1)?")


class NotAcceptable(Exception):
    """The description offers nothing this network can carry, or cannot be read (answered with SIP 488)."""


@dataclass(frozen=True)
class Media:
    """One side's audio stream: where it listens, how it codes, which way it flows.

    ``digits_payload`` is the payload type of telephone events, None when they were not offered.
    """

    host: str
    port: int
    codec: int = PCMU
    digits_payload: int | None = EVENTS
    direction: str = "sendrecv"


def read(body: bytes) -> Media:
    """The first audio stream, with the first codec of it that we know.

    Raises:
        NotAcceptable: no readable G.711 stream over plain RTP in it.
    """
    lines = body.decode("utf-8", "replace").replace("\r\n", "\n").split("\n")
    streams = [at for at, line in enumerate(lines) if line.startswith("m=")]
    common = lines[: streams[0]] if streams else []
    for at, end in zip(streams, [*streams[1:], len(lines)], strict=False):
        found = _MEDIA.fullmatch(lines[at][2:].strip())
        if found:
            return _read_stream(found, common, lines[at + 1 : end])
    raise NotAcceptable("no audio stream")


def write(media: Media, *, session_id: int, version: int = 1) -> bytes:
    """A description of one stream that offers, or answers with, exactly ``media``."""
    family = "IP6" if ":" in media.host else "IP4"
    payloads = [media.codec] if media.digits_payload is None else [media.codec, media.digits_payload]
    return _lines(media, family, session_id, version, payloads)


def offer(host: str, port: int, *, session_id: int) -> bytes:
    """Both codecs, for a caller that sent no offer of its own."""
    family = "IP6" if ":" in host else "IP4"
    return _lines(Media(host, port), family, session_id, 1, [PCMU, PCMA, EVENTS])


def answer_direction(offered: str) -> str:
    """The direction that answers ``offered`` (RFC 3264 §6.1)."""
    return _ANSWERED_WITH[offered]


def _lines(media: Media, family: str, session_id: int, version: int, payloads: list[int]) -> bytes:
    lines = [
        "v=0", f"o=- {session_id} {version} IN {family} {media.host}", "s=simulated network",
        f"c=IN {family} {media.host}", "t=0 0", f"m=audio {media.port} RTP/AVP {' '.join(map(str, payloads))}",
        *(f"a=rtpmap:{payload} {_NAMES[payload]}" for payload in payloads if payload in _NAMES),
    ]  # fmt: skip
    if media.digits_payload is not None:
        lines += [f"a=rtpmap:{media.digits_payload} telephone-event/8000", f"a=fmtp:{media.digits_payload} 0-15"]
    lines += ["a=ptime:20", f"a={media.direction}"]
    return ("\r\n".join(lines) + "\r\n").encode()


def _read_stream(found: re.Match[str], common: list[str], own: list[str]) -> Media:
    if found[2] not in ("RTP/AVP", "RTP/AVPF"):
        raise NotAcceptable(f"no plain RTP but {found[2]}")
    port = int(found[1])
    if not 0 < port < 65_536:
        raise NotAcceptable("the audio stream is switched off")
    payloads = [int(payload) for payload in found[3].split() if int(payload) <= _LAST_PAYLOAD]
    names = {PCMU: "PCMU/8000", PCMA: "PCMA/8000"}
    for line in own:
        if line.startswith("a=") and (mapped := _RTPMAP.fullmatch(line[2:].strip())):
            names[int(mapped[1])] = f"{mapped[2]}/{mapped[3]}"
    known = [p for p in payloads if p in _NAMES and names[p].upper() == _NAMES[p]]
    if not known:
        raise NotAcceptable("no G.711 among the codecs")
    digits = next((p for p in payloads if names.get(p, "").lower() == "telephone-event/8000"), None)
    host = _host(own) or _host(common)
    if not host:
        raise NotAcceptable("no connection address")
    return Media(host, port, known[0], digits, _direction(own) or _direction(common) or "sendrecv")


def _host(lines: list[str]) -> str:
    for line in lines:
        if line.startswith(("c=IN IP4 ", "c=IN IP6 ")):
            text = line[9:].partition("/")[0].strip()
            try:
                return str(ipaddress.ip_address(text))
            except ValueError as wrong:
                raise NotAcceptable("the connection address is no IP address") from wrong
    return ""


def _direction(lines: list[str]) -> str:
    return next(
        (line[2:].strip() for line in lines if line.startswith("a=") and line[2:].strip() in _ANSWERED_WITH), ""
    )
