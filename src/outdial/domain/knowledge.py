"""Knowledge bases: what an agent may look up during a call, and how its text is cut into passages."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from outdial.domain.errors import Fault

FILE_TYPES: Final = ("pdf", "docx", "txt", "md", "csv")
# Ringg §1.5 for one upload; the rest keeps one base small enough to be looked through between two sentences.
MOST_FILES: Final = 10
FILE_BYTES: Final = 2_000_000
UPLOAD_BYTES: Final = 5_000_000
MOST_URLS: Final = 20
MOST_FAQS: Final = 200
FAQ_LETTERS: Final = 5_000
NAME_LETTERS: Final = 255
URL_LETTERS: Final = 2_000
BASE_ITEMS: Final = 500
BASE_BYTES: Final = 25_000_000

_LONGEST: Final = 480
"""Three passages and what they are asked for fit into a few breaths of a model."""
_OVERLAP: Final = 120
_SENTENCE_ENDS: Final = re.compile(r"(?<=[.!?…।。！？])\s+")


class ItemKind(StrEnum):
    FILE = "file"
    URL = "url"
    FAQ = "faq"


class ItemState(StrEnum):
    """``PENDING`` until its text was read; ``FAILED`` for good, the item says why."""

    PENDING = "pending"
    COMPLETED = "completed"
    FAILED = "failed"


@dataclass(frozen=True)
class Faq:
    question: str
    answer: str


@dataclass(frozen=True)
class KnowledgeItem:
    """``name`` is the file's name, the URL or the question; ``size`` in bytes, 0 for a page not fetched yet."""

    id: str
    kind: ItemKind
    name: str
    file_type: str
    size: int
    state: ItemState
    trouble: str
    faq: Faq | None
    created_at: datetime


@dataclass(frozen=True)
class KnowledgeBase:
    id: str
    name: str
    created_at: datetime
    updated_at: datetime
    items: tuple[KnowledgeItem, ...] = ()


@dataclass(frozen=True)
class SentFile:
    """``file_type`` is one of ``FILE_TYPES``; anything else is refused by ``upload_faults``."""

    name: str
    file_type: str
    content: bytes


@dataclass(frozen=True)
class Upload:
    """What is to be added to a base."""

    files: tuple[SentFile, ...] = ()
    urls: tuple[str, ...] = ()
    faqs: tuple[Faq, ...] = ()

    @property
    def items(self) -> int:
        return len(self.files) + len(self.urls) + len(self.faqs)

    @property
    def file_bytes(self) -> int:
        return sum(len(file.content) for file in self.files)


@dataclass(frozen=True)
class Entry:
    """What can be looked up of one item: its text, or its question and answer."""

    source: str
    text: str
    faq: Faq | None = None


@dataclass(frozen=True)
class Passage:
    """A piece of a knowledge base that may answer a question. ``source``: the item it was read from."""

    text: str
    source: str


def upload_faults(upload: Upload, prefix: str = "") -> list[Fault]:
    """What is wrong with it. The fields are ``files``, ``urls`` and ``faqs`` after ``prefix``."""
    files, urls, faqs = f"{prefix}files", f"{prefix}urls", f"{prefix}faqs"
    faults = [fault for file in upload.files if (fault := _file_fault(file, files))]
    if len(upload.files) > MOST_FILES:
        faults.append(Fault((files,), f"{files}: at most {MOST_FILES} files at a time", "too_long"))
    if upload.file_bytes > UPLOAD_BYTES:
        faults.append(Fault((files,), f"{files}: at most 5 MB at a time", "too_long"))
    if len(upload.urls) > MOST_URLS:
        faults.append(Fault((urls,), f"{urls}: at most {MOST_URLS} URLs at a time", "too_long"))
    if any(len(url) > URL_LETTERS for url in upload.urls):
        faults.append(Fault((urls,), f"{urls}: a URL has at most {URL_LETTERS} characters", "too_long"))
    if len(upload.faqs) > MOST_FAQS:
        faults.append(Fault((faqs,), f"{faqs}: at most {MOST_FAQS} at a time", "too_long"))
    if any(len(faq.question) + len(faq.answer) > FAQ_LETTERS for faq in upload.faqs):
        faults.append(Fault((faqs,), f"{faqs}: question and answer have at most {FAQ_LETTERS} characters", "too_long"))
    return faults


def _file_fault(file: SentFile, field: str) -> Fault | None:
    if file.file_type not in FILE_TYPES:
        known = ", ".join(FILE_TYPES).upper()
        return Fault((field,), f"{field}: {file.name or 'a file'} is none of {known}", "unsupported_file")
    if not file.content:
        return Fault((field,), f"{field}: {file.name} is empty")
    if len(file.content) > FILE_BYTES:
        return Fault((field,), f"{field}: {file.name} is larger than 2 MB", "too_long")
    return None


def file_type_of(name: str) -> str:
    """``prices.PDF`` → ``pdf``; empty when the name has no ending."""
    ending = name.rpartition(".")[2].lower() if "." in name else ""
    return {"markdown": "md", "text": "txt"}.get(ending, ending)


def plain_name(name: str) -> str:
    """A file's name without folders and without what cannot be printed, at most 255 characters."""
    last = re.split(r"[/\\]", name)[-1]
    return "".join(letter for letter in last if letter.isprintable()).strip()[-NAME_LETTERS:]


def base_state(states: Collection[ItemState]) -> str:
    """``pending``, ``processing`` (some are read, some not yet), ``completed`` (something can be looked up, or there
    is nothing to read) or ``failed`` (nothing could be read)."""
    if ItemState.PENDING in states:
        return "pending" if set(states) == {ItemState.PENDING} else "processing"
    return "completed" if not states or ItemState.COMPLETED in states else "failed"


def passages(text: str) -> Iterator[str]:
    """Pieces of at most 480 characters, in order; each ends where a paragraph, a line or a sentence does if one can.

    A short last sentence is also the next one's first, so that what belongs together is found together.
    """
    held: list[str] = []
    for piece in _pieces(text):
        length = sum(map(len, held))
        if held and (length + len(piece) > _LONGEST or (not piece and length > _LONGEST // 2)):
            yield "".join(held).strip()
            held = held[-1:] if piece and len(held[-1]) <= min(_OVERLAP, _LONGEST - len(piece)) else []
        if piece:
            held.append(piece)
    if held:
        yield "".join(held).strip()


def _pieces(text: str) -> Iterator[str]:
    """Sentences and ends of lines, with the blank or line end that follows each; "" after a paragraph."""
    for line in text.splitlines():
        sentences: Sequence[str] = _SENTENCE_ENDS.split(" ".join(line.split()))
        parts = [part for sentence in sentences for part in _cut(sentence)]
        yield from (f"{part} " for part in parts[:-1])
        yield f"{parts[-1]}\n" if parts else ""


def _cut(sentence: str) -> Sequence[str]:
    if len(sentence) < _LONGEST:
        return [sentence] if sentence else []
    return textwrap.wrap(sentence, _LONGEST - 1)
