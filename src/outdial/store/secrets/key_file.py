"""The keys that secrets in the database are sealed with: one file, outside the database, the same on every node.

A key is 32 random bytes, written as base64 on a line of its own. Its id is the beginning of its SHA-256: it says which
key a value needs, and tells two keys apart without telling either.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
import os
import secrets
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final

from outdial.domain.errors import Refused

_KEY_BYTES: Final = 32
_MAX_FILE_BYTES: Final = 64 * 1024
_HEADING: Final = (
    "# Secrets in Outdial's database are sealed with these keys. Keep a copy, apart from the database's:\n"
    "# without them nobody can read them again. Every node needs the same file.\n"
)


def key_id(key: bytes) -> str:
    return hashlib.sha256(key).hexdigest()[:12]


class KeyFile:
    """Read as often as needed; written whole or not at all, readable by its owner only."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> dict[str, bytes]:
        """The keys by id, in the order of the file; none when there is no file.

        Raises:
            Refused: it cannot be read, or a line is no key; the line itself is not repeated.
        """
        try:
            with self.path.open("rb") as file:
                text = file.read(_MAX_FILE_BYTES).decode("ascii", "replace")
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise Refused(f"the file of keys {self.path} cannot be read: {error.strerror}") from error
        lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), 1)]
        keys = [self._key(number, line) for number, line in lines if line and not line.startswith("#")]
        return {key_id(key): key for key in keys}

    def make(self) -> dict[str, bytes]:
        """The keys, after a first one was made if there was no file. Of several processes one makes it.

        Raises:
            Refused: as ``read``, or the file cannot be written.
        """
        if keys := self.read():
            return keys
        key = secrets.token_bytes(_KEY_BYTES)
        with self._written([key]) as new, contextlib.suppress(FileExistsError):
            # A link, unlike a rename, never replaces the key another process has just begun to use.
            os.link(new, self.path)
        return self.read()

    def add(self) -> str:
        """Make one more key; its id.

        Raises:
            Refused: as ``make``.
        """
        key = secrets.token_bytes(_KEY_BYTES)
        self._replace([*self.read().values(), key])
        return key_id(key)

    def keep(self, ids: Collection[str]) -> None:
        """Remove all other keys.

        Raises:
            Refused: as ``make``.
        """
        keys = self.read()
        if set(keys) - set(ids):
            self._replace([key for name, key in keys.items() if name in ids])

    def _replace(self, keys: Collection[bytes]) -> None:
        with self._written(keys) as new:
            new.replace(self.path)

    @contextlib.contextmanager
    def _written(self, keys: Collection[bytes]) -> Iterator[Path]:
        """A file beside it that holds ``keys`` and is on disk; gone afterwards, unless it was renamed."""
        new = self.path.with_name(f"{self.path.name}.{secrets.token_hex(4)}")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
                file.write(_HEADING + "".join(f"{base64.b64encode(key).decode()}\n" for key in keys))
                file.flush()
                os.fsync(file.fileno())
            yield new
            _flush(self.path.parent)
        except OSError as error:
            raise Refused(f"the file of keys {self.path} cannot be written: {error.strerror}") from error
        finally:
            new.unlink(missing_ok=True)

    def _key(self, number: int, line: str) -> bytes:
        try:
            key = base64.b64decode(line, validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if len(key) != _KEY_BYTES:
            raise Refused(f"line {number} of {self.path} is no key: it must be base64 of {_KEY_BYTES} bytes")
        return key


def _flush(folder: Path) -> None:
    """A file's name is on disk only when its folder is."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
