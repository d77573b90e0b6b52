"""In which encoding a list came: by its mark, else UTF-8, else Windows-1252, which German and French Excel write."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from itertools import chain
from typing import BinaryIO, Final

from outdial.domain.errors import Fault, Invalid

_CHUNK_BYTES: Final = 64 * 1024
_MARKED: Final = {
    # UTF-32 before UTF-16: its mark begins like that one.
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_NO_TEXT: Final = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x81\x8d\x8f\x90\x9d]")
"""Controls, and the five bytes that are nothing in Windows-1252."""


def encoding_of(file: BinaryIO) -> str:
    """The encoding of a file of text, read from its beginning; where the file stands afterwards is not said.

    Raises:
        Invalid: it is in none that is read; names the line (``file``).
    """
    file.seek(0)
    beginning = file.read(4)
    for mark, encoding in _MARKED.items():
        if beginning.startswith(mark):
            return encoding
    if len(beginning) > 1 and not (any(beginning[::2]) and any(beginning[1::2])):
        raise unreadable("line 1 of the file holds a NUL character: is it UTF-16 without its mark?")
    file.seek(0)
    line, with_letters = _where_utf8_ends(file)
    if line is None:
        return "utf-8"
    # Other letters beyond ASCII were good UTF-8 before: this is that, damaged.
    if with_letters:
        raise unreadable(f"line {line} of the file is not UTF-8, as the lines before are")
    file.seek(0)
    strange = _where_windows_ends(file)
    if strange is not None:
        raise unreadable(f"line {strange} of the file is neither UTF-8 nor Windows-1252")
    return "cp1252"


def _where_utf8_ends(file: BinaryIO) -> tuple[int | None, bool]:
    """The first line (1-based) that is not UTF-8, None: all are; and whether letters beyond ASCII stand before."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    line, with_letters = 1, False
    for chunk in chain(_chunks(file), (b"",)):
        try:
            text = decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError as error:
            good = error.object[: error.start]
            return line + good.count(b"\n"), with_letters or not good.isascii()
        with_letters = with_letters or not text.isascii()
        line += chunk.count(b"\n")
    return None, with_letters


def _where_windows_ends(file: BinaryIO) -> int | None:
    line = 1
    for chunk in _chunks(file):
        if strange := _NO_TEXT.search(chunk):
            return line + chunk.count(b"\n", 0, strange.start())
        line += chunk.count(b"\n")
    return None


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    while chunk := file.read(_CHUNK_BYTES):
        yield chunk


def unreadable(message: str) -> Invalid:
    """Why the file as a whole is refused."""
    return Invalid(Fault(("file",), message))
