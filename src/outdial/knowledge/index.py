"""Passages in one SQLite file for each knowledge base, and looking them up: fast enough between two sentences.

The file is made whole and put in place at once (``shelf``); whoever reads it never sees half of it. Words are compared
as SQLite's full-text search (FTS5) does: without case, English ones by their stem. Signs that are part of a letter
(Mn, Mc: Devanagari vowels) do not end a word.
"""

from __future__ import annotations

import re
import sqlite3
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog

from outdial.domain.knowledge import Entry, Passage, passages

FORMAT: Final = 1
"""Of the file: one of another format is made again."""
MOST_WORDS: Final = 32
_MOST_OPEN: Final = 64
_MOST_RANKED: Final = 1_500
"""Passages compared for one question: what is asked for by rare words need not be sought among "the" and "is"."""
_MARKS: Final = "".join(chr(sign) for sign in range(0x300, 0x10000) if unicodedata.category(chr(sign)) in {"Mn", "Mc"})
_WORD: Final = re.compile(rf"(?:[^\W_]|[{_MARKS}])+")
_TABLES: Final = """
CREATE VIRTUAL TABLE passages USING fts5(
    text, source UNINDEXED, faq UNINDEXED,
    tokenize = "porter unicode61 remove_diacritics 0 categories 'L* N* Mn Mc'"
);
CREATE TABLE words (word TEXT PRIMARY KEY, passages INTEGER NOT NULL) WITHOUT ROWID;
"""
_HITS: Final = (
    "SELECT rank, CAST(faq AS INTEGER), text, source FROM passages WHERE passages MATCH ? ORDER BY rank LIMIT ?"
)
_SEEN: Final = f"SELECT word, passages FROM words WHERE word IN ({', '.join('?' * MOST_WORDS)})"
_HEADER: Final = ("application_id", "user_version")
_log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


def build(path: Path, revision: int, entries: Sequence[Entry]) -> None:
    """Write a new file; ``path`` must not be there."""
    rows = list(_rows(entries))
    with closing(sqlite3.connect(path, isolation_level=None)) as conn:
        conn.execute("PRAGMA journal_mode = OFF")
        conn.executescript(_TABLES)
        conn.execute("BEGIN")
        conn.executemany("INSERT INTO passages (text, source, faq) VALUES (?, ?, ?)", rows)
        counted = Counter(word for row in rows for word in set(words_of(row[0])))
        conn.executemany("INSERT INTO words VALUES (?, ?)", counted.items())
        conn.execute("INSERT INTO passages (passages) VALUES ('optimize')")
        conn.execute(f"PRAGMA application_id = {FORMAT}")
        conn.execute(f"PRAGMA user_version = {revision}")
        conn.execute("COMMIT")


def revision_of(path: Path) -> int | None:
    """Which revision of its base a file holds; None when it is of no use."""
    try:
        with closing(_open(path)) as conn:
            (form,), (revision,) = (conn.execute(f"PRAGMA {name}").fetchone() for name in _HEADER)
    except sqlite3.Error:
        return None
    return int(revision) if form == FORMAT else None


def words_of(text: str) -> Iterator[str]:
    """Its words in lower case, as FTS5 is told to tell them apart."""
    return (found[0] for found in _WORD.finditer(unicodedata.normalize("NFC", text).lower()))


@dataclass(frozen=True)
class _File:
    conn: sqlite3.Connection
    stamp: tuple[int, int, int]


class Index:
    """Looks passages up. Belongs to one thread; keeps files open, and opens again what was put in their place."""

    def __init__(self) -> None:
        self._files: dict[str, _File] = {}

    def search(self, paths: Sequence[str], query: str, most: int = 4) -> list[Passage]:
        """The passages of all these files that have most to do with the words of ``query``, best first.

        Only its first 32 different words count. A file that is not there, or is damaged, has no passages.
        """
        wanted = list(dict.fromkeys(words_of(query)))[:MOST_WORDS]
        hits = [hit for path in paths for hit in self._hits(path, wanted, most)]
        # The lower the rank the better; of equals, the answer to a known question.
        hits.sort(key=lambda hit: (hit[0], -hit[1]))
        return [Passage(text, source) for _, _, text, source in hits[:most]]

    def close(self) -> None:
        for file in self._files.values():
            file.conn.close()
        self._files.clear()

    def _hits(self, path: str, wanted: Sequence[str], most: int) -> list[tuple[float, int, str, str]]:
        try:
            conn = self._conn(path)
            asked = " OR ".join(f'"{word}"' for word in _telling(conn, wanted)) if conn else ""
            return conn.execute(_HITS, (asked, 2 * most)).fetchall() if conn and asked else []
        except sqlite3.Error as damage:
            _log.error("a file of a knowledge base cannot be read", path=path, reason=str(damage))
            return []

    def _conn(self, path: str) -> sqlite3.Connection | None:
        stamp, known = _stamp(path), self._files.get(path)
        if known is not None and known.stamp == stamp:
            return known.conn
        if known is not None:
            self._files.pop(path).conn.close()
        if stamp is None:
            return None
        if len(self._files) >= _MOST_OPEN:
            self._files.pop(next(iter(self._files))).conn.close()
        self._files[path] = _File(_open(Path(path)), stamp)
        return self._files[path].conn


def _open(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)


def _stamp(path: str) -> tuple[int, int, int] | None:
    try:
        found = Path(path).stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


def _rows(entries: Sequence[Entry]) -> Iterator[tuple[str, str, int]]:
    for entry in entries:
        if entry.faq is not None:
            yield unicodedata.normalize("NFC", f"{entry.faq.question}\n{entry.faq.answer}"), entry.source, 1
            continue
        for passage in passages(unicodedata.normalize("NFC", entry.text)):
            yield passage, entry.source, 0


def _telling(conn: sqlite3.Connection, wanted: Sequence[str]) -> Iterator[str]:
    """The rarest of these words first, as many as can be looked for in time."""
    left = _MOST_RANKED
    seen: dict[str, int] = dict(conn.execute(_SEEN, [*wanted, *[""] * (MOST_WORDS - len(wanted))]))
    # Those that stand nowhere as they are may stand there in another form of their stem.
    for word in sorted(wanted, key=lambda word: seen.get(word, 0)):
        if seen.get(word, 0) > left:
            return
        left -= seen.get(word, 0)
        yield word
