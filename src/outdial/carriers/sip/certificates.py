"""Which certificates TLS trunks are checked against: the native stack takes one file, at its start."""

from __future__ import annotations

import ssl
import tempfile
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


class CaBundle:
    """The system's authorities and those of the given PEM files, in one file of our own while the stack runs."""

    def __init__(self, ca_files: tuple[str, ...]) -> None:
        self._ca_files = ca_files
        self._path: Path | None = None

    def write(self) -> str:
        """The bundle's path. An empty bundle is written too: with it every certificate is refused, none accepted.

        Raises:
            Invalid: a CA file cannot be read or holds no certificate.
        """
        texts = [path.read_text("ascii", "replace") for path in _system_bundle()]
        texts += [_read(name) for name in self._ca_files]
        with tempfile.NamedTemporaryFile("w", prefix="outdial-ca-", suffix=".pem", delete=False) as bundle:
            bundle.write("\n".join(texts))
        self._path = Path(bundle.name)
        return bundle.name

    def check(self, trunk: Trunk) -> None:
        """Raises:
        Unfit: the trunk names a CA file that this process was not started with.
        """
        if trunk.transport == "tls" and trunk.ca_file and trunk.ca_file not in self._ca_files:
            raise Unfit("ca_file", f"{trunk.ca_file} was not known when this process started: restart it")

    def remove(self) -> None:
        if self._path is not None:
            self._path.unlink(missing_ok=True)


def _system_bundle() -> list[Path]:
    named = ssl.get_default_verify_paths().cafile
    candidates = [named] if named else []
    found = [Path(name) for name in (*candidates, *_SYSTEM_BUNDLES) if Path(name).is_file()]
    return found[:1]


def _read(name: str) -> str:
    try:
        ssl.create_default_context(cafile=name)
        return Path(name).read_text("ascii")
    except (OSError, ssl.SSLError, UnicodeDecodeError) as failure:
        raise Invalid(Fault(("ca_files",), f"CA file {name} cannot be used: {failure}")) from None
