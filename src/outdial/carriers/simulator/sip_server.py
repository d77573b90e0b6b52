"""The sockets of the network: SIP over UDP and TCP on one port, bytes turned into messages and back.

Malformed input is counted and dropped: a telephone exchange does not fall over because somebody dialled badly.
"""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Callable
from dataclasses import replace
from typing import Final, Protocol, cast

from outdial.carriers.simulator.sip_framing import Framer
from outdial.carriers.simulator.sip_messages import (
    Malformed,
    Message,
    Request,
    header_values,
    params,
    parse,
    split_list,
    uri_host,
    write,
)

_PORT_TRIES: Final = 20
_BURST_BYTES: Final = 4_000_000
_RPORT: Final = re.compile(r";\s*rport(?:\s*=\s*[0-9]*)?", re.IGNORECASE)


class Peer(Protocol):
    """Where a message came from, and how to answer it."""

    @property
    def address(self) -> tuple[str, int]: ...

    @property
    def transport(self) -> str:
        """``UDP`` or ``TCP``."""

    def send(self, message: Message) -> None: ...


def with_source(request: Request, peer: Peer) -> tuple[Request, Peer]:
    """The request with its source noted in the topmost Via, and where its answers go (RFC 3261 §18.2, RFC 3581)."""
    host, port = peer.address
    lines = header_values(request, "Via")
    top, *others = split_list(lines[0])
    noted = params(top)
    if "rport" in noted:
        top = _RPORT.sub(f";rport={port}", top, count=1)
    elif isinstance(peer, UdpPeer):
        sent_by = uri_host(f"sip:{top.partition(';')[0].split()[-1]}")
        peer = peer.elsewhere((host, sent_by[1] if sent_by else port))
    if "received" not in noted:
        top += f";received={host}"
    first = ("Via", ", ".join((top, *others)))
    rest = list(request.headers)
    rest[rest.index(("Via", lines[0]))] = first
    return replace(request, headers=tuple(rest)), peer


OnMessage = Callable[[Message, Peer], None]


class UdpPeer:
    transport = "UDP"

    def __init__(self, endpoint: asyncio.DatagramTransport, address: tuple[str, int]) -> None:
        self._endpoint = endpoint
        self.address = address

    def send(self, message: Message) -> None:
        if not self._endpoint.is_closing():
            self._endpoint.sendto(write(message), self.address)

    def elsewhere(self, address: tuple[str, int]) -> UdpPeer:
        """The same socket, another far side."""
        return UdpPeer(self._endpoint, address)


class TcpPeer:
    transport = "TCP"

    def __init__(self, connection: asyncio.Transport) -> None:
        self._connection = connection
        self.address: tuple[str, int] = (connection.get_extra_info("peername") or ("", 0))[:2]

    def send(self, message: Message) -> None:
        if not self._connection.is_closing():
            self._connection.write(write(message))


class SipServer:
    """Both sockets; ``on_message`` is called for each message that makes sense."""

    def __init__(self, on_message: OnMessage) -> None:
        self._on_message = on_message
        self._udp: asyncio.DatagramTransport | None = None
        self._tcp: asyncio.Server | None = None
        self._streams: set[asyncio.Transport] = set()
        self.malformed = 0
        """How many datagrams and streams made no sense."""
        self.port = 0

    async def open(self, host: str, port: int) -> None:
        """Bind both sockets to one port; port 0 takes any that is free for both.

        Raises:
            OSError: the port is taken, or the host is not an address of this machine.
        """
        for _ in range(_PORT_TRIES):
            try:
                await self._open_both(host, port)
            except OSError:
                if port:
                    raise
            else:
                return
        raise OSError(f"no port of {host} is free for both UDP and TCP")

    async def close(self) -> None:
        for stream in tuple(self._streams):
            stream.abort()
        if self._udp is not None:
            self._udp.close()
        if self._tcp is not None:
            self._tcp.close()
            await self._tcp.wait_closed()
        await asyncio.sleep(0)  # the loop closes the sockets in its next round

    async def _open_both(self, host: str, port: int) -> None:
        loop = asyncio.get_running_loop()
        udp, _ = await loop.create_datagram_endpoint(lambda: _Datagrams(self), local_addr=(host, port))
        # A burst of INVITEs must wait in the kernel rather than be lost; it grants what its limit allows.
        udp.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BURST_BYTES)
        bound: int = udp.get_extra_info("sockname")[1]
        try:
            self._tcp = await loop.create_server(lambda: _Stream(self), host, bound)
        except OSError:
            udp.close()
            raise
        self._udp, self.port = udp, bound

    def take(self, data: bytes, peer: Peer) -> bool:
        """False when the data made no sense."""
        if not data.strip(b"\r\n\0"):
            return True  # a keep-alive
        try:
            message = parse(data)
        except Malformed:
            self.malformed += 1
            return False
        self._on_message(message, peer)
        return True

    def opened(self, stream: asyncio.Transport) -> None:
        self._streams.add(stream)

    def closed(self, stream: asyncio.Transport | None) -> None:
        if stream is not None:
            self._streams.discard(stream)


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, server: SipServer) -> None:
        self._server = server
        self._endpoint: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._endpoint = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if self._endpoint is not None:
            self._server.take(data, UdpPeer(self._endpoint, addr))


class _Stream(asyncio.Protocol):
    def __init__(self, server: SipServer) -> None:
        self._server = server
        self._framer = Framer()
        self._connection: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._connection = cast(asyncio.Transport, transport)
        self._server.opened(self._connection)

    def connection_lost(self, exc: Exception | None) -> None:
        self._server.closed(self._connection)

    def data_received(self, data: bytes) -> None:
        if self._connection is None:
            return
        peer = TcpPeer(self._connection)
        try:
            whole = all(self._server.take(message, peer) for message in self._framer.feed(data))
        except Malformed:
            self._server.malformed += 1
            whole = False
        if not whole:
            self._connection.abort()  # where the next message begins is anybody's guess
