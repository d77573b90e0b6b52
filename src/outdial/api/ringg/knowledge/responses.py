"""Knowledge bases on the wire: what comes in forms, and what is answered, field for field."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import PurePosixPath
from typing import Annotated, Any, Final, Literal, TypeVar
from urllib.parse import urlsplit

from pydantic import BaseModel, Field, WithJsonSchema
from starlette.datastructures import UploadFile

from outdial.api.multipart import Form
from outdial.api.ringg.fields import is_web_address
from outdial.api.ringg.instants import offset_micros
from outdial.domain.errors import Fault, Invalid
from outdial.domain.knowledge import (
    FILE_BYTES,
    FILE_TYPES,
    Faq,
    ItemKind,
    KnowledgeBase,
    KnowledgeItem,
    SentFile,
    Upload,
    base_state,
    file_type_of,
    plain_name,
)
from outdial.domain.limits import MAX_JSON_MEMBERS

T = TypeVar("T")
_TYPES: Final = {
    "application/pdf": "pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "text/plain": "txt",
    "text/markdown": "md",
    "text/csv": "csv",
}
_File = Annotated[bytes, WithJsonSchema({"type": "string", "format": "binary"})]


class KnowledgeCreation(BaseModel):
    """For the document only: ``upload_of`` judges what comes."""

    kb_name: str = Field(min_length=1, max_length=255)
    files: list[_File] | None = Field(
        default=None, max_length=10, description="PDF, DOCX, TXT, MD, CSV; 2 MB each, 5 MB together; also `files[]`"
    )
    urls: str | None = Field(default=None, description="JSON text: a list of at most 20 URLs")
    faqs: str | None = Field(default=None, description='JSON text: a list of {"question": …, "answer": …}')


class KnowledgeEdit(BaseModel):
    """For the document only."""

    kb_id: str
    files_to_remove: str | None = Field(default=None, description="JSON text: a list of file ids")
    urls_to_remove: str | None = Field(default=None, description="JSON text: a list of ids or URLs")
    faqs_to_remove: str | None = Field(default=None, description="JSON text: a list of ids")
    new_files: list[_File] | None = Field(default=None, max_length=10, description="As files of a creation")
    new_urls: str | None = Field(default=None, description="As urls of a creation")
    new_faqs: str | None = Field(default=None, description="As faqs of a creation")
    new_files_metadata: str | None = Field(default=None, description="Accepted, without effect")


class KnowledgeCreated(BaseModel):
    message: str
    kb_id: str
    processing_status: str
    files_queued: int


class KnowledgeListed(BaseModel):
    kb_id: str
    kb_name: str
    type: Literal["non_deterministic"]
    created_at: str


class FileShown(BaseModel):
    file_id: str
    filename: str
    file_type: str
    file_size: int
    file_path: str


class UrlShown(BaseModel):
    file_id: str
    url: str
    file_type: str
    file_size: int
    file_path: str


class FaqContent(BaseModel):
    question: str
    answer: str


class FaqShown(BaseModel):
    file_id: str
    file_type: str
    file_size: int
    content: FaqContent


class KnowledgeFault(BaseModel):
    """Ours: an item that could not be read, and why."""

    file_id: str
    message: str


class KnowledgeShown(BaseModel):
    kb_id: str
    kb_name: str
    status: str
    created_at: str
    updated_at: str
    files: list[FileShown]
    urls: list[UrlShown]
    faqs: list[FaqShown]
    errors: list[KnowledgeFault] = Field(default=[], description="Only when there are any")


class NewFile(BaseModel):
    file_id: str
    filename: str
    processing_status: str


class KnowledgeEdited(BaseModel):
    message: str
    kb_id: str
    items_removed: int
    new_files_queued: int
    new_files: list[NewFile]


class KnowledgeDeleted(BaseModel):
    message: str
    kb_id: str


async def upload_of(form: Form, prefix: str = "") -> Upload:
    """
    Raises:
        Invalid: a field is not of its form. Limits are the command's to judge; only of a file that is too long no
            more is read than shows it.
    """
    names = (f"{prefix}files", f"{prefix}files[]")
    files = [await _file(sent) for sent in form.files(*names)]
    urls = [url for url in texts_of(form, f"{prefix}urls") if url]
    if wrong := [url for url in urls if not is_web_address(url)]:
        field = f"{prefix}urls"
        raise Invalid(Fault((field,), f"{field}: {wrong[0][:200]} is not an http or https URL"))
    faqs = _read_list(form, f"{prefix}faqs", _faq, "a list of objects with question and answer, both strings")
    return Upload(tuple(files), tuple(urls), tuple(faqs))


def texts_of(form: Form, field: str) -> list[str]:
    """A list of strings as JSON text; one string, or a value that is no JSON, stands for itself.

    Raises:
        Invalid: it is JSON of another form.
    """
    return _read_list(form, field, _text, "a list of strings")


def shown(base: KnowledgeBase) -> KnowledgeShown:
    known = {} if not (errors := list(_errors(base.items))) else {"errors": errors}
    return KnowledgeShown(
        kb_id=base.id,
        kb_name=base.name,
        status=base_state([item.state for item in base.items]),
        created_at=offset_micros(base.created_at),
        updated_at=offset_micros(base.updated_at),
        files=[
            FileShown(file_id=item.id, filename=item.name, **_facts(item))
            for item in base.items
            if item.kind is ItemKind.FILE
        ],
        urls=[
            UrlShown(file_id=item.id, url=item.name, **_facts(item)) for item in base.items if item.kind is ItemKind.URL
        ],
        faqs=[
            FaqShown(
                file_id=item.id,
                file_type=item.file_type,
                file_size=item.size,
                content=FaqContent(question=item.faq.question, answer=item.faq.answer),
            )
            for item in base.items
            if item.faq is not None
        ],
        **known,
    )


def listed(base: KnowledgeBase) -> KnowledgeListed:
    return KnowledgeListed(
        kb_id=base.id, kb_name=base.name, type="non_deterministic", created_at=offset_micros(base.created_at)
    )


def _facts(item: KnowledgeItem) -> dict[str, Any]:
    return {"file_type": item.file_type, "file_size": item.size, "file_path": f"kb/{_path(item)}"}


def _path(item: KnowledgeItem) -> str:
    """A name, not a place: nothing of it is on our disk."""
    if item.kind is ItemKind.FILE:
        return item.name
    parts = urlsplit(item.name)
    stem = PurePosixPath(parts.path).name or parts.hostname or "page"
    return stem if file_type_of(stem) in {*FILE_TYPES, "html", "htm"} else f"{stem}.html"


def _errors(items: Iterable[KnowledgeItem]) -> Iterable[KnowledgeFault]:
    return (KnowledgeFault(file_id=item.id, message=item.trouble) for item in items if item.trouble)


async def _file(sent: UploadFile) -> SentFile:
    name = plain_name(sent.filename or "")
    file_type = file_type_of(name)
    if not file_type:
        file_type = _TYPES.get((sent.content_type or "").partition(";")[0].strip().lower(), "")
    return SentFile(name or "file", file_type, await sent.read(FILE_BYTES + 1))


def _read_list(form: Form, field: str, read: Callable[[object], T | None], what: str) -> list[T]:
    """The members of every value of ``field``; each value is a list, or a single member."""
    found: list[T] = []
    for text in form.texts(field):
        value = _parsed(text)
        members = value if isinstance(value, list) else [value]
        if len(found) + len(members) > MAX_JSON_MEMBERS:
            raise Invalid(Fault((field,), f"{field} may hold at most {MAX_JSON_MEMBERS} members", "too_long"))
        for member in members:
            if member is None:
                continue
            one = read(member)
            if one is None:
                raise Invalid(Fault((field,), f"{field} must be JSON text: {what}"))
            found.append(one)
    return found


def _parsed(text: str) -> object:
    """Its JSON value, or the text itself; None for none."""
    try:
        return json.loads(text) if text.strip() else None
    except (ValueError, RecursionError):
        return text


def _text(value: object) -> str | None:
    """Without NUL characters and halves of surrogate pairs, which no database text holds."""
    if not isinstance(value, str):
        return None
    return value.replace("\0", "").encode("utf-8", "replace").decode().strip()


def _faq(value: object) -> Faq | None:
    if not isinstance(value, dict):
        return None
    question, answer = _text(value.get("question")), _text(value.get("answer"))
    return Faq(question, answer) if question and answer else None
