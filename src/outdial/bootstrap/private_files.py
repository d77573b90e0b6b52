"""An installation's files are its owner's alone: folders 0700, files 0600, also those an older version left open.

Only what belongs to the user this process runs as is changed, and no symbolic link is followed: what lies behind one
is somebody else's arrangement.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from outdial.domain.errors import Refused
from outdial.settings import Settings
from outdial.store.engines import SQLITE, parse_url

UMASK: Final = 0o077
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO
_SQLITE_FILES: Final = ("", "-wal", "-shm", "-journal", ".lock")


@dataclass(frozen=True)
class Exposed:
    """Files others on this machine can reach. ``foreign``: somebody else's, which only they or root can close."""

    open: tuple[Path, ...] = ()
    foreign: tuple[Path, ...] = ()


def begin(settings: Settings) -> None:
    """Make the home and let nobody else into it; new files of this process and its children are private.

    What lies at the top and under ``secrets``, and the database, is mended at once; ``mend`` does the rest.

    Raises:
        Refused: the folder cannot be made.
    """
    os.umask(UMASK)
    try:
        settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise Refused(
            f"the folder {settings.home} cannot be made ({error.strerror}): set OUTDIAL_HOME to another"
        ) from error
    home = settings.home.resolve()
    _close(home, os.geteuid())
    for path in (*_children(home), *_children(home / settings.secrets_dir.name), *_database(settings)):
        _close(path, os.geteuid())


def mend(settings: Settings, *, owner: int | None = None) -> Exposed:
    """Close what belongs to ``owner`` (a user's number; None: this process's) to others; what is left open.

    Walks everything under the home: use a thread.
    """
    return _looked_at(settings, os.geteuid() if owner is None else owner, close=True)


def exposed(settings: Settings, *, owner: int | None = None) -> Exposed:
    """What others can reach, changing nothing; ``owner`` as in ``mend``."""
    return _looked_at(settings, os.geteuid() if owner is None else owner, close=False)


def _looked_at(settings: Settings, owner: int, *, close: bool) -> Exposed:
    still_open: list[Path] = []
    foreign: list[Path] = []
    home = settings.home.resolve()
    for path in (home, *_tree(home), *_database(settings)):
        if close:
            _close(path, owner)
        found = _stat(path)
        if found is None or stat.S_ISLNK(found.st_mode):
            continue
        if found.st_uid != owner:
            foreign.append(path)
        elif found.st_mode & _OTHERS:
            still_open.append(path)
    return Exposed(tuple(still_open), tuple(foreign))


def _database(settings: Settings) -> Iterator[Path]:
    """SQLite's files, wherever the settings put them."""
    url = parse_url(settings.database_url)
    if url.drivername == SQLITE:
        yield from (Path(f"{url.database}{ending}") for ending in _SQLITE_FILES)


def _tree(folder: Path) -> Iterator[Path]:
    for path in _children(folder):
        yield path
        if path.is_dir() and not path.is_symlink():
            yield from _tree(path)


def _children(folder: Path) -> list[Path]:
    if folder.is_symlink():
        return []
    try:
        with os.scandir(folder) as entries:
            return [folder / entry.name for entry in entries]
    except OSError:
        # Not there, or not ours to read.
        return []


def _stat(path: Path) -> os.stat_result | None:
    try:
        return path.lstat()
    except OSError:
        return None


def _close(path: Path, owner: int) -> None:
    """Take everybody else's rights away. Folders come before what lies in them: nobody can swap a file meanwhile.

    By its name, not through a handle: closing one on a file of SQLite gives up the locks this process holds on it.
    """
    found = _stat(path)
    if found is None or not found.st_mode & _OTHERS or found.st_uid != owner or not _ordinary(found.st_mode):
        return
    with contextlib.suppress(OSError):
        path.chmod(stat.S_IMODE(found.st_mode) & ~_OTHERS)


def _ordinary(mode: int) -> bool:
    return stat.S_ISREG(mode) or stat.S_ISDIR(mode)
