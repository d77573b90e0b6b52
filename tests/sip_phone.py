"""A caller for the tests: a small SIP user agent client that says on the wire exactly what a test wants."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import TypeVar

from outdial.carriers.simulator import rtp, sdp
from outdial.carriers.simulator.rtp_leg import open_socket
from outdial.carriers.simulator.sip_messages import (
    Headers,
    Message,
    Request,
    Response,
    answer_to,
    header,
    parse,
    tag,
    write,
)

PATIENCE_S = 20.0
T = TypeVar("T")
_NUMBERS = count(1)


@dataclass
class Phone:
    """``heard`` is every message that came, in order. Requests are not answered unless ``polite``."""

    sip: socket.socket
    media: socket.socket
    port: int
    polite: bool = True
    heard: list[Message] = field(default_factory=list)
    _arrived: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.sip.getsockname()[1]}"

    def send(self, data: bytes) -> None:
        self.sip.sendto(data, ("127.0.0.1", self.port))

    def receive(self) -> None:
        message = parse(self.sip.recv(65_535))
        self.heard.append(message)
        if isinstance(message, Request) and self.polite:
            self.send(write(answer_to(message, 200, "OK")))
        self._arrived.set()

    async def response(self, status: int, method: str = "INVITE", nth: int = 1) -> Response:
        """The nth response with this status to this method, waited for."""
        return await self._wait_for(lambda: self._responses(lambda code: code == status, method), nth)

    async def final(self) -> Response:
        """The final response to the INVITE, whatever it is."""
        return await self._wait_for(lambda: self._responses(lambda code: code >= 200, "INVITE"), 1)

    async def final_of(self, call_id: str) -> Response:
        return await self._wait_for(
            lambda: [m for m in self._responses(lambda c: c >= 200, "INVITE") if header(m, "Call-ID") == call_id], 1
        )

    async def request(self, method: str, nth: int = 1) -> Request:
        return await self._wait_for(
            lambda: [m for m in self.heard if isinstance(m, Request) and m.method == method], nth
        )

    def _responses(self, wanted: Callable[[int], bool], method: str) -> list[Response]:
        found = (m for m in self.heard if isinstance(m, Response) and header(m, "CSeq").endswith(method))
        return [m for m in found if wanted(m.status)]

    async def _wait_for(self, found: Callable[[], list[T]], nth: int) -> T:
        async with asyncio.timeout(PATIENCE_S):
            while len(found()) < nth:
                self._arrived.clear()
                await self._arrived.wait()
        return found()[nth - 1]

    def statuses(self, method: str = "INVITE") -> list[int]:
        return [m.status for m in self.heard if isinstance(m, Response) and header(m, "CSeq").endswith(method)]

    def invite(self, number: str, *more: tuple[str, str], body: bytes | None = None) -> Invite:
        offer = sdp.write(sdp.Media("127.0.0.1", self.media.getsockname()[1]), session_id=1) if body is None else body
        invite = Invite(self, number, next(_NUMBERS), more, offer)
        invite.send()
        return invite


@dataclass
class Invite:
    """One call this phone makes."""

    phone: Phone
    number: str
    id: int
    more: Headers
    body: bytes
    cseq: int = 1

    @property
    def uri(self) -> str:
        return f"sip:{self.number}@127.0.0.1:{self.phone.port}"

    @property
    def call_id(self) -> str:
        return f"call-{self.id}@tests"

    def message(self, method: str = "INVITE", *, to_tag: str = "", branch: str = "", cseq: int = 0,
                body: bytes = b"", more: Headers = ()) -> Request:  # fmt: skip
        headers: Headers = (
            ("Via", f"SIP/2.0/UDP {self.phone.address};branch=z9hG4bK-{branch or f'{self.id}-{self.cseq}'};rport"),
            ("Max-Forwards", "70"),
            ("From", f"<sip:+15550009999@{self.phone.address}>;tag=from{self.id}"),
            ("To", f"<{self.uri}>" + (f";tag={to_tag}" if to_tag else "")),
            ("Call-ID", self.call_id),
            ("CSeq", f"{cseq or self.cseq} {method}"),
            ("Contact", f"<sip:tester@{self.phone.address}>"),
            *more,
        )
        if body:
            headers = (*headers, ("Content-Type", "application/sdp"))
        return Request(method, self.uri, headers, body)

    def send(self) -> None:
        self.phone.send(write(self.message(body=self.body, more=self.more)))

    def cancel(self) -> None:
        self.phone.send(write(self.message("CANCEL")))

    def ack(self, response: Response, body: bytes = b"") -> None:
        """For a refusal in the same transaction, for a 2xx in one of its own (RFC 3261 §13.2.2.4, §17.1.1.3)."""
        branch = f"ack-{self.id}" if response.status < 300 else ""
        self.phone.send(write(self.message("ACK", to_tag=tag(response, "To"), branch=branch, body=body)))

    def within(self, answer: Response, method: str, cseq: int, *more: tuple[str, str], body: bytes = b"") -> None:
        """A request in the dialog."""
        branch = f"{method}-{self.id}-{cseq}"
        message = self.message(method, to_tag=tag(answer, "To"), branch=branch, cseq=cseq, body=body, more=more)
        self.phone.send(write(message))

    async def talk(self) -> Response:
        """Wait for the answer and acknowledge it; the phone's media then goes to the callee."""
        answer = await self.phone.response(200)
        theirs = sdp.read(answer.body)
        self.phone.media.connect((theirs.host, theirs.port))
        self.ack(answer)
        return answer


@asynccontextmanager
async def a_phone(port: int, *, polite: bool = True) -> AsyncIterator[Phone]:
    """A phone whose calls go to the network at ``port``."""
    sip, media = open_socket("127.0.0.1"), open_socket("127.0.0.1")
    phone = Phone(sip, media, port, polite)
    loop = asyncio.get_running_loop()
    loop.add_reader(sip, phone.receive)
    try:
        yield phone
    finally:
        loop.remove_reader(sip)
        sip.close()
        media.close()


async def packets(media: socket.socket, wanted: int) -> list[rtp.Packet]:
    """The next packets that come in."""
    loop = asyncio.get_running_loop()
    found: list[rtp.Packet] = []
    async with asyncio.timeout(PATIENCE_S):
        while len(found) < wanted:
            packet = rtp.read(await loop.sock_recv(media, 2048))
            if packet is not None:
                found.append(packet)
    return found
