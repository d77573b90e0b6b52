"""One HTTP request to an endpoint that was checked: straight to a checked address, no proxy, no redirect, no cookie."""

from __future__ import annotations

import base64
import os
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import httpx

from outdial.domain.errors import Refused, Unreachable
from outdial.outgoing.bounded import BoundedTransport, is_too_long
from outdial.outgoing.targets import Target

USER_AGENT: Final = "Outdial-Webhook/1"
DROPPED_HEADERS: Final = frozenset(
    {
        # Ringg §2.10 names the first four; the others speak of the connection too (RFC 9110 §7.6.1) or change how
        # the body is sent.
        "host",
        "content-length",
        "connection",
        "transfer-encoding",
        "keep-alive",
        "proxy-connection",
        "te",
        "trailer",
        "upgrade",
        "expect",
    }
)
_MAX_ANSWER_BYTES: Final = 64 * 1024
"""Read of an answer at most: its status is what counts, its body is left unread."""
_TOKEN: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


@dataclass(frozen=True)
class HttpAnswer:
    """``retry_after``: the header as it came, empty if there was none."""

    status: int
    retry_after: str = ""


class Requests:
    """Sends requests, each on a connection of its own: one kept open could be mistaken for another name's.

    ``tls`` decides which certificates are trusted. ``connect_timeout_s`` holds for each address tried; the caller
    limits the whole.
    """

    def __init__(self, tls: ssl.SSLContext | None = None, *, connect_timeout_s: float = 10.0) -> None:
        self._tls = tls or httpx.create_ssl_context(trust_env=False)
        self._timeout = httpx.Timeout(None, connect=connect_timeout_s)

    async def send(self, target: Target, method: str, headers: Mapping[str, str], body: bytes) -> HttpAnswer:
        """What the endpoint answers; the body of its answer is not read.

        Raises:
            Refused: a header that HTTP cannot carry.
            Unreachable: no answer came; says why in one line.
        """
        fields = headers_for(target, headers)
        refusal: httpx.ConnectError | httpx.ConnectTimeout | None = None
        for address in target.addresses:
            request = httpx.Request(
                method,
                target.at(address),
                headers=fields,
                content=body,
                extensions={
                    "timeout": self._timeout.as_dict(),
                    # The certificate must be the name's, not the address's.
                    "sni_hostname": target.url.raw_host.decode("ascii"),
                },
            )
            try:
                return await self._send(request)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                refusal = error  # nothing was sent: the name's next address may do better
            except httpx.TransportError as error:
                raise Unreachable(_reason(error)) from error
        raise Unreachable(_reason(refusal)) from refusal

    async def _send(self, request: httpx.Request) -> HttpAnswer:
        transport = BoundedTransport(self._tls, _MAX_ANSWER_BYTES)
        async with httpx.AsyncClient(transport=transport, trust_env=False, follow_redirects=False) as client:
            response = await client.send(request, stream=True, auth=None)
            await response.aclose()
            return HttpAnswer(response.status_code, response.headers.get("retry-after", ""))


def headers_for(target: Target, given: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    """The headers of a request: the customer's as given, and ours where the customer is silent.

    Ours never include a credential; a user and password in the URL are the customer's and become ``Authorization``.

    Raises:
        Refused: a header that HTTP cannot carry.
    """
    ours = {"content-type": "application/json", "user-agent": USER_AGENT, "accept": "*/*"}
    if target.url.userinfo:
        pair = f"{target.url.username}:{target.url.password}".encode()
        ours["authorization"] = "Basic " + base64.b64encode(pair).decode("ascii")
    customers = {name: value for name, value in given.items() if name.lower() not in DROPPED_HEADERS}
    for name, value in customers.items():
        if not _TOKEN.fullmatch(name) or _CONTROL.search(value):
            raise Refused(f"the header {name!r} cannot be sent: its name or value has characters HTTP does not allow")
        ours.pop(name.lower(), None)
    fields = {"host": target.url.netloc.decode("ascii"), "connection": "close", **ours, **customers}
    return [(name.encode("ascii"), value.strip().encode()) for name, value in fields.items()]


def _reason(error: httpx.TransportError | None) -> str:
    if error is not None and is_too_long(error):
        return f"the endpoint sent more than {_MAX_ANSWER_BYTES // 1024} kB before its status"
    if isinstance(error, httpx.ConnectTimeout):
        return "the endpoint did not accept a connection in time"
    if isinstance(error, httpx.ConnectError):
        return f"no connection to the endpoint: {refusal_of(error)}"
    if isinstance(error, httpx.RemoteProtocolError):
        return "the endpoint closed the connection or answered something that is not HTTP"
    return f"the connection broke: {type(error).__name__}"


def refusal_of(error: BaseException) -> str:
    """Why no connection came about, without the address it went to: errors of the system name it."""
    seen: BaseException | None = error
    while seen is not None:
        match seen:
            case ssl.SSLCertVerificationError():
                return f"its certificate was not accepted ({seen.verify_message})"
            case ssl.SSLError():
                return "it does not speak TLS as it should"
            case ConnectionRefusedError():
                return "it refuses connections"
            case TimeoutError():
                return "it did not answer in time"
            case OSError() if seen.errno:
                return os.strerror(seen.errno)
        seen = seen.__cause__ or seen.__context__
    return "it cannot be reached"
