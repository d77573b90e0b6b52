"""Which certificates TLS trunks are checked against: the native stack takes one file, at its start."""

from __future__ import annotations

import ssl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from outdial.carriers.sip.addresses import Unfit
from outdial.domain.attempt import Trunk
from outdial.domain.errors import Fault, Invalid

_SYSTEM_BUNDLES: Final = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)


@contextmanager
def ca_bundle(ca_files: tuple[str, ...]) -> Iterator[str]:
    """The path of one file with the system's authorities and those of the given PEM files.

    It is written even when nothing goes into it: with an empty bundle every certificate is refused, without one none.

    Raises:
        Invalid: a CA file cannot be read or holds no certificate.
    """
    texts = [path.read_text("ascii", "replace") for path in _system_bundle()]
    texts += [read_ca_file(name) for name in ca_files]
    with tempfile.NamedTemporaryFile("w", prefix="outdial-ca-", suffix=".pem") as bundle:
        bundle.write("\n".join(texts))
        bundle.flush()
        yield bundle.name


def check_ca_file(trunk: Trunk, ca_files: tuple[str, ...]) -> None:
    """Raises:
    Unfit: the trunk names a CA file that this process was not started with.
    """
    if trunk.transport == "tls" and trunk.ca_file and trunk.ca_file not in ca_files:
        raise Unfit("ca_file", f"{trunk.ca_file} was not there when this process started: restart it")


def _system_bundle() -> list[Path]:
    named = ssl.get_default_verify_paths().cafile
    candidates = [named] if named else []
    found = [Path(name) for name in (*candidates, *_SYSTEM_BUNDLES) if Path(name).is_file()]
    return found[:1]


def read_ca_file(name: str) -> str:
    """The certificates in a PEM file.

    Raises:
        Invalid: it cannot be read or holds no certificate.
    """
    try:
        ssl.create_default_context(cafile=name)
        return Path(name).read_text("ascii")
    except (OSError, ssl.SSLError, UnicodeDecodeError) as failure:
        raise Invalid(Fault(("ca_files",), f"CA file {name} cannot be used: {failure}")) from None
