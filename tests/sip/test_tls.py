"""SIP over TLS: whom the trunk's certificate must convince, and a call that goes through."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sip_builders import LOOPBACK, a_caller, a_certificate, a_phone


@asynccontextmanager
async def a_tls_door(certificate: Path, key: Path, behind: int = 0) -> AsyncIterator[tuple[int, list[bytes]]]:
    """A TLS server that passes what it hears to a TCP port ``behind`` and back; gives its port and what it heard."""
    heard: list[bytes] = []

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, note: list[bytes] | None = None) -> None:
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            while chunk := await reader.read(65536):
                if note is not None:
                    note.append(chunk)
                writer.write(chunk)
        writer.close()

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_connection(LOOPBACK, behind)
        async with asyncio.TaskGroup() as group:
            group.create_task(pump(reader, inner_writer, heard))
            group.create_task(pump(inner_reader, writer))

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = await asyncio.start_server(pass_on, LOOPBACK, 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1], heard
    finally:
        server.close()


def a_tls_trunk(port: int, **settings: Any) -> dict[str, Any]:
    return {"id": "t", "name": "Secure", "host": LOOPBACK, "port": port, "transport": "tls", **settings}


class TestATrunkOverTls:
    async def test_nobody_vouches_for_is_unreachable_and_hears_no_invite(self, tmp_path: Path) -> None:
        certificate, key = await a_certificate(tmp_path)
        stranger, _ = await a_certificate(tmp_path, "stranger")

        async with a_tls_door(certificate, key) as (port, heard), a_caller(ca_files=[str(stranger)]) as caller:
            call = await caller.place(a_tls_trunk(port))

        kind, message = call.error
        assert kind == "Unreachable"
        assert message == "the TLS certificate of trunk Secure was not accepted: check its host name and the CA file"
        assert heard == []

    async def test_named_otherwise_than_its_certificate_is_unreachable(self, tmp_path: Path) -> None:
        certificate, key = await a_certificate(tmp_path, host="sip.example")

        async with a_tls_door(certificate, key) as (port, heard), a_caller(ca_files=[str(certificate)]) as caller:
            call = await caller.place(a_tls_trunk(port, host="localhost"))

        assert call.error[0] == "Unreachable"
        assert heard == []

    async def test_our_ca_file_vouches_for_carries_a_call(self, tmp_path: Path) -> None:
        certificate, key = await a_certificate(tmp_path)

        async with (
            a_phone("answer", tmp_path, transport="tcp") as phone,
            a_tls_door(certificate, key, phone.port) as (port, heard),
            a_caller(ca_files=[str(certificate)]) as caller,
        ):
            call = await caller.place(a_tls_trunk(port, ca_file=str(certificate), host="localhost"))
            answered = call.answered
            await call.hang_up()

        assert answered
        assert heard[0].startswith(b"INVITE sip:")

    async def test_with_a_ca_file_this_process_never_saw_is_a_failed_trunk(self, tmp_path: Path) -> None:
        async with a_caller() as caller:
            call = await caller.place(a_tls_trunk(5061, ca_file="/etc/trunks/other.pem"))

        assert call.not_reached["outcome"] == "trunk_failed"
        assert "ca_file: /etc/trunks/other.pem" in call.not_reached["reason"]
