"""The certificate the HTTP doors show, read again when its files change; connections that are up stay up."""

from __future__ import annotations

import asyncio
import os
import ssl
from pathlib import Path
from typing import Final

import structlog

from outdial.domain.errors import Unreachable

_LOOK_EVERY_S: Final = 2.0
_log = structlog.get_logger(__name__)


class Certificate:
    """``context`` serves new connections with the certificate last read.

    ``cert`` is a PEM file with the chain, leaf first; ``key`` its private key, None: it stands in the same file.
    """

    def __init__(self, cert: Path, key: Path | None = None) -> None:
        """
        Raises:
            Unreachable: the files cannot be read or do not belong together; the message names the setting.
        """
        self._cert, self._key = cert, key
        self._seen = self._stamps()
        self.context = _context()
        self._load(self.context)

    async def watch(self) -> None:
        """Until cancelled, read the files again whenever they have changed. What cannot be used is not used."""
        while True:
            await asyncio.sleep(_LOOK_EVERY_S)
            await asyncio.to_thread(self._look)

    def _look(self) -> None:
        stamps = self._stamps()
        if stamps == self._seen:
            return
        try:
            # First into one that nobody is served with: files in the middle of a change do not belong together.
            self._load(_context())
            self._load(self.context)
        except Unreachable as fault:
            _log.warning("the new TLS certificate is not used", reason=str(fault))
            return
        self._seen = stamps
        _log.info("TLS certificate read again", file=str(self._cert))

    def _load(self, context: ssl.SSLContext) -> None:
        try:
            # The empty password: an encrypted key is refused and never asked for at the terminal.
            context.load_cert_chain(self._cert, self._key, password="")
        except (OSError, ValueError) as fault:
            # ssl.SSLError is an OSError: no PEM, an encrypted key, or a key of another certificate.
            reason = getattr(fault, "reason", None) or getattr(fault, "strerror", None) or str(fault)
            files = f"{self._cert} and {self._key}" if self._key else str(self._cert)
            raise Unreachable(
                f"TLS cannot use {files} ({reason}): check OUTDIAL_TLS_CERT and OUTDIAL_TLS_KEY"
            ) from None

    def _stamps(self) -> tuple[tuple[int, int, int], ...]:
        """Of the files themselves, whatever links lead there."""
        stamps = []
        for file in filter(None, (self._cert, self._key)):
            try:
                stat = os.stat(file)
            except OSError:
                stamps.append((0, 0, 0))
            else:
                stamps.append((stat.st_ino, stat.st_mtime_ns, stat.st_size))
        return tuple(stamps)


def _context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION
    context.set_alpn_protocols(["http/1.1"])
    return context


def trusting(cert: Path) -> ssl.SSLContext:
    """For programs on the server's own machine: trusts exactly this certificate, by whatever name it is reached.

    Raises:
        Unreachable: the file cannot be read.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    try:
        context.load_verify_locations(cert)
    except OSError as fault:
        raise Unreachable(f"TLS cannot use {cert} ({fault}): check OUTDIAL_TLS_CERT") from None
    return context
