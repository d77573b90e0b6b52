"""Fetching a page somebody named: a GET to a checked address, no redirect, no more of the answer than was asked for."""

from __future__ import annotations

import asyncio
import ssl
import zlib
from dataclasses import dataclass
from typing import Final

import httpx

from outdial.domain.errors import Refused, Unreachable
from outdial.outgoing.bounded import BoundedTransport, is_too_long
from outdial.outgoing.requests import headers_for, refusal_of
from outdial.outgoing.targets import Target, Targets

_ACCEPT: Final = "text/html, application/xhtml+xml, text/*;q=0.9, application/pdf;q=0.9, */*;q=0.1"
_HEADERS: Final = {"User-Agent": "Outdial-Fetch/1", "Accept": _ACCEPT, "Accept-Encoding": "gzip, identity"}

_MAX_HEAD_BYTES: Final = 128 * 1024
"""For the head, and what chunks cost beside what they hold."""
_CHUNKS_A_TURN: Final = 64
"""After so many the event loop has its turn: thousands may lie in one piece."""


@dataclass(frozen=True)
class Fetched:
    """``content_type`` as it was sent, parameters and all; ``location``: of a redirect. ``body`` is unpacked."""

    status: int
    content_type: str
    body: bytes
    location: str = ""


class Fetcher:
    """``limit_s``: for all of one page, from the name to the last byte."""

    def __init__(self, targets: Targets, tls: ssl.SSLContext | None = None, *, limit_s: float = 20.0) -> None:
        self._targets = targets
        self._tls = tls or httpx.create_ssl_context(trust_env=False)
        self._limit_s = limit_s

    async def __call__(self, url: str, limit_bytes: int) -> Fetched:
        """
        Raises:
            Refused: it may never be fetched (``Targets.check``), or is longer than ``limit_bytes``.
            Unreachable: no whole answer came; says why in one line.
        """
        try:
            async with asyncio.timeout(self._limit_s):
                target = await self._targets.check(url)
                return await self.fetch(target, limit_bytes)
        except TimeoutError:
            raise Unreachable(f"the page did not come within {self._limit_s:g} s") from None
        except httpx.TransportError as error:
            raise Unreachable(f"the page cannot be fetched: {refusal_of(error)}") from error

    async def fetch(self, target: Target, limit_bytes: int) -> Fetched:
        """From the first of its addresses that accepts a connection.

        Raises:
            Refused: the answer is longer than ``limit_bytes``, or packed in a way that was not asked for.
            httpx.TransportError: no answer came, or not all of it.
        """
        refusal: httpx.TransportError = httpx.ConnectError("it has no address")
        for address in target.addresses:
            try:
                return await self._from(target, target.at(address), limit_bytes)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                refusal = error
        raise refusal

    async def _from(self, target: Target, url: httpx.URL, limit_bytes: int) -> Fetched:
        # A body of its own is what this request does not have.
        fields = [field for field in headers_for(target, _HEADERS) if field[0] != b"content-type"]
        # The certificate must be the name's, not the address's.
        extensions = {"sni_hostname": target.url.raw_host.decode("ascii")}
        request = httpx.Request("GET", url, headers=fields, extensions=extensions)
        transport = BoundedTransport(self._tls, 2 * limit_bytes + _MAX_HEAD_BYTES)
        async with httpx.AsyncClient(transport=transport, trust_env=False, follow_redirects=False) as client:
            try:
                response = await client.send(request, stream=True, auth=None)
                try:
                    body = await _body(response, limit_bytes)
                finally:
                    await response.aclose()
            except httpx.TransportError as error:
                if is_too_long(error):
                    raise _too_large(limit_bytes) from None
                raise
        heads = response.headers
        return Fetched(response.status_code, heads.get("content-type", ""), body, heads.get("location", ""))


async def _body(response: httpx.Response, limit_bytes: int) -> bytes:
    packed = response.headers.get("content-encoding", "identity").strip().lower()
    if packed not in {"identity", "gzip", "x-gzip", ""}:
        raise Refused(f"the page comes packed as {packed}, which was not asked for")
    # No more is ever unpacked than may be kept, nor read: a small answer can hold a huge one, and a huge one nothing.
    unpacker = zlib.decompressobj(wbits=31) if "gzip" in packed else None
    body, raw_bytes, turns = bytearray(), 0, 0
    async for chunk in response.aiter_raw():
        raw_bytes, turns = raw_bytes + len(chunk), turns + 1
        try:
            body += unpacker.decompress(chunk, limit_bytes + 1 - len(body)) if unpacker else chunk
        except zlib.error:
            raise Refused("the page says it is packed as gzip and is not") from None
        if unpacker and unpacker.eof:
            break  # what follows is no part of the page
        if max(len(body), raw_bytes) > limit_bytes:
            raise _too_large(limit_bytes)
        if turns % _CHUNKS_A_TURN == 0:
            await asyncio.sleep(0)
    if len(body) > limit_bytes:
        raise _too_large(limit_bytes)
    if unpacker and raw_bytes and not unpacker.eof:
        raise Refused("the page is packed as gzip and breaks off")
    return bytes(body)


def _too_large(limit_bytes: int) -> Refused:
    return Refused(f"the page is larger than {limit_bytes / 1_000_000:g} MB")
