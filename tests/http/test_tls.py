"""TLS of our own: what is served, and what becomes of a certificate that changes."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

import pytest
from cryptography import x509
from structlog.testing import capture_logs

from http_builders import a_server
from outdial.bootstrap.tls import Certificate
from outdial.domain.errors import Unreachable
from sip_builders import a_certificate

ASK = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


def anyone() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


class Client:
    """One connection over TLS; ``served`` is the name on the certificate it was shown."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        shown = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        subject = x509.load_der_x509_certificate(shown).subject
        self.served = str(subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)[0].value)

    @classmethod
    async def at(cls, port: int) -> Client:
        return cls(*await asyncio.open_connection("127.0.0.1", port, ssl=anyone()))

    async def ask(self) -> bytes:
        self._writer.write(ASK)
        await self._writer.drain()
        head = await self._reader.readuntil(b"\r\n\r\n")
        await self._reader.readexactly(int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0]))
        return head.split(b"\r\n")[0]

    def close(self) -> None:
        self._writer.close()


async def put(folder: Path, name: str) -> tuple[Path, Path]:
    """A new certificate of that name where the served one lies."""
    made = await a_certificate(folder, name)
    places = folder / "served.pem", folder / "served.key"
    for source, place in zip(made, places, strict=True):
        place.write_bytes(source.read_bytes())
    return places


class TestACertificate:
    async def test_that_changes_is_shown_to_new_connections_and_old_ones_stay(self, tmp_path: Path) -> None:
        certificate = Certificate(*await put(tmp_path, "old"))
        async with a_server(certificate=certificate) as (_, port):
            before = await Client.at(port)
            assert (before.served, await before.ask()) == ("old", b"HTTP/1.1 200 OK")
            await put(tmp_path, "new")
            certificate._look()
            after = await Client.at(port)

            assert (after.served, await after.ask()) == ("new", b"HTTP/1.1 200 OK")
            assert await before.ask() == b"HTTP/1.1 200 OK"
            for client in (before, after):
                client.close()

    async def test_that_cannot_be_used_is_named_and_the_old_one_stays(self, tmp_path: Path) -> None:
        certificate = Certificate(*await put(tmp_path, "old"))
        async with a_server(certificate=certificate) as (_, port):
            (tmp_path / "served.pem").write_text("no certificate")
            with capture_logs() as logs:
                certificate._look()
            client = await Client.at(port)
            client.close()

        assert client.served == "old"
        assert [line["event"] for line in logs] == ["the new TLS certificate is not used"]

    async def test_that_cannot_be_used_at_the_start_names_the_settings(self, tmp_path: Path) -> None:
        cert, _ = await put(tmp_path, "one")
        _, other_key = await a_certificate(tmp_path, "two")

        for key in (other_key, tmp_path / "missing.key"):
            with pytest.raises(Unreachable, match="check OUTDIAL_TLS_CERT and OUTDIAL_TLS_KEY"):
                Certificate(cert, key)

    async def test_older_than_tls_1_2_is_not_spoken(self, tmp_path: Path) -> None:
        async with a_server(certificate=Certificate(*await put(tmp_path, "one"))) as (_, port):
            old = anyone()
            old.minimum_version = ssl.TLSVersion.TLSv1_2
            old.maximum_version = ssl.TLSVersion.TLSv1_2
            reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=old)
            assert writer.get_extra_info("ssl_object").version() == "TLSv1.2"
            writer.close()
            assert reader is not None
