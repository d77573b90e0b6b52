"""Asks whether a trunk is there, without ringing anybody: what ``outdial doctor`` shows."""

from __future__ import annotations

import asyncio
import secrets
import socket
import ssl
from typing import Final

from outdial.carriers.sip.addresses import Unfit, identity, next_hop
from outdial.domain.attempt import Trunk

_TIMEOUT_S: Final = 2.0
_RETRY_S: Final = 0.5
"""RFC 3261 T1: a lost datagram is sent again after it."""
_ANYBODY: Final = "+15550000000"


async def probe(trunk: Trunk) -> str | None:
    """None when the trunk is there, else one line that says what is wrong.

    Over UDP it is sent SIP OPTIONS, and any answer will do; over TCP it is connected to; over TLS its certificate is
    checked as well. Takes 2 s at most (a slow name server: 4 s).
    """
    try:
        identity(trunk, _ANYBODY)
    except Unfit as wrong:
        return str(wrong)
    host, port, transport = next_hop(trunk)
    where = f"{host}:{port} over {transport.upper()}"
    address = await _resolve(host, port)
    if address is None:
        return f"host {host} cannot be found: check it and the machine's DNS"
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            if transport == "udp":
                await _ask(address, trunk)
            else:
                await _connect(address, host, transport, trunk.ca_file)
    except (TimeoutError, OSError) as failure:
        return _in_words(failure, where)
    return None


def _in_words(failure: Exception, where: str) -> str:
    match failure:
        case ssl.SSLCertVerificationError():
            return f"the certificate of {where} was not accepted ({failure.verify_message}): check host and CA file"
        case ssl.SSLError():
            return f"{where} does not speak TLS as it should: {failure.reason or failure}"
        case ConnectionRefusedError():
            return f"{where} refuses connections: check port and transport"
        case TimeoutError():
            return f"no answer from {where} within {_TIMEOUT_S:g} s: check host, port, transport and firewalls"
        case _:
            return f"{where} cannot be reached: {failure}"


async def _resolve(host: str, port: int) -> tuple[str, int] | None:
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            found = await asyncio.get_running_loop().getaddrinfo(host, port, family=socket.AF_INET)
    except (TimeoutError, socket.gaierror):
        return None
    address = found[0][4]
    return str(address[0]), int(address[1])


async def _connect(address: tuple[str, int], host: str, transport: str, ca_file: str) -> None:
    context = ssl.create_default_context(cafile=ca_file or None) if transport == "tls" else None
    name = host if context else None
    _, writer = await asyncio.open_connection(*address, ssl=context, server_hostname=name)
    writer.close()


async def _ask(address: tuple[str, int], trunk: Trunk) -> None:
    """Send OPTIONS (RFC 3261 §11) until something comes back."""
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.setblocking(False)
        await loop.sock_connect(asking, address)
        host, port = asking.getsockname()[:2]
        question = _options(trunk, f"{host}:{port}")
        while True:
            await loop.sock_sendall(asking, question)
            try:
                async with asyncio.timeout(_RETRY_S):
                    await loop.sock_recv(asking, 65535)
            except TimeoutError:
                continue
            return


def _options(trunk: Trunk, us: str) -> bytes:
    token = secrets.token_hex(8)
    lines = (
        f"OPTIONS sip:{trunk.host}:{trunk.port} SIP/2.0",
        f"Via: SIP/2.0/UDP {us};branch=z9hG4bK{token};rport",
        f"From: <sip:outdial@{us}>;tag={token}",
        f"To: <sip:{trunk.host}:{trunk.port}>",
        f"Call-ID: {token}@{us}",
        "CSeq: 1 OPTIONS",
        f"Contact: <sip:outdial@{us}>",
        "Max-Forwards: 70",
        "Accept: application/sdp",
        "Content-Length: 0",
    )
    return ("\r\n".join(lines) + "\r\n\r\n").encode()
