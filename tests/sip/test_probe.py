"""What ``probe`` says of a trunk, without a call."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from outdial.carriers.sip.probe import probe
from outdial.domain.attempt import Trunk
from sip_builders import LOOPBACK, a_certificate, free_port


class AnswersOptions(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.asked = b""
        self.transport: asyncio.BaseTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str | object, int]) -> None:
        self.asked = data
        assert self.transport is not None
        getattr(self.transport, "sendto")(b"SIP/2.0 404 Not Found\r\n\r\n", addr)  # noqa: B009


@asynccontextmanager
async def a_server(context: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    server = await asyncio.start_server(hang_up, LOOPBACK, 0, ssl=context)
    async with server:
        yield server.sockets[0].getsockname()[1]


def a_trunk(port: int, transport: str, *, host: str = LOOPBACK, ca_file: str = "", proxy: str = "") -> Trunk:
    return Trunk(id="t", name="T", host=host, port=port, transport=transport, ca_file=ca_file, outbound_proxy=proxy)


class TestATrunkOverUdp:
    async def test_is_there_when_it_answers_options_whatever_it_says(self) -> None:
        transport, answering = await asyncio.get_running_loop().create_datagram_endpoint(
            AnswersOptions, local_addr=(LOOPBACK, 0)
        )
        port = transport.get_extra_info("sockname")[1]

        try:
            assert await probe(a_trunk(port, "udp")) is None
        finally:
            transport.close()

        assert answering.asked.startswith(f"OPTIONS sip:{LOOPBACK}:{port} SIP/2.0\r\n".encode())

    async def test_that_says_nothing_is_named_with_what_to_check(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
            silent.bind((LOOPBACK, 0))
            port = silent.getsockname()[1]

            reason = await probe(a_trunk(port, "udp"))

        assert reason is not None
        assert reason.startswith(f"no answer from {LOOPBACK}:{port} over UDP within 2 s")

    async def test_behind_a_closed_port_refuses(self) -> None:
        reason = await probe(a_trunk(free_port(), "udp"))

        assert reason is not None
        assert "refuses connections" in reason


class TestATrunkOverTcp:
    async def test_is_there_when_it_takes_connections(self) -> None:
        async with a_server() as port:
            assert await probe(a_trunk(port, "tcp")) is None

    async def test_is_looked_for_at_its_outbound_proxy(self) -> None:
        async with a_server() as port:
            assert await probe(a_trunk(5060, "tcp", host="pbx.invalid", proxy=f"{LOOPBACK}:{port}")) is None

    async def test_without_a_name_in_dns_says_so(self) -> None:
        reason = await probe(a_trunk(5060, "tcp", host="no.such.invalid"))

        assert reason is not None
        assert "no.such.invalid cannot be found" in reason


class TestATrunkOverTls:
    async def test_is_there_when_our_ca_file_vouches_for_it(self, tmp_path: Path) -> None:
        certificate, key = await a_certificate(tmp_path)

        async with a_server(tls(certificate, key)) as port:
            assert await probe(a_trunk(port, "tls", ca_file=str(certificate))) is None

    async def test_with_a_certificate_nobody_vouches_for_is_refused(self, tmp_path: Path) -> None:
        certificate, key = await a_certificate(tmp_path)

        async with a_server(tls(certificate, key)) as port:
            reason = await probe(a_trunk(port, "tls"))

        assert reason is not None
        assert "certificate" in reason
        assert "not accepted" in reason

    async def test_that_speaks_plainly_is_told(self) -> None:
        async with a_server() as port:
            reason = await probe(a_trunk(port, "tls"))

        assert reason is not None
        assert f"{LOOPBACK}:{port} over TLS" in reason


def tls(certificate: Path, key: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


async def test_a_setting_that_cannot_be_used_is_named_first() -> None:
    assert await probe(a_trunk(0, "udp")) == "port: must be 1 to 65535"
