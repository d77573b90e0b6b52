"""Knowledge bases: what agents look things up in."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request

from outdial.api.multipart import read_form
from outdial.api.openapi import multipart_of
from outdial.api.ringg.door import RinggDoor
from outdial.api.ringg.knowledge import responses
from outdial.commands import knowledge as commands
from outdial.domain.errors import Fault, Invalid, NotFound
from outdial.domain.ids import parse_uuid
from outdial.store.knowledge import reading as queries

# Ringg §1.5: in an hour, for each workspace.
_CREATIONS: Final = 10
_EDITS: Final = 20
_LOOKS: Final = 60
_FORM_BYTES: Final = 8_000_000
"""Files of 5 MB with everything around them."""
_FIELD_BYTES: Final = 1024 * 1024


def install(door: RinggDoor) -> None:
    routes = _Routes(door)
    for model in (responses.KnowledgeCreation, responses.KnowledgeEdit):
        door.app.document(model)
    created, edited = multipart_of(responses.KnowledgeCreation), multipart_of(responses.KnowledgeEdit)
    door.route("POST /external/kb", routes.create, responses.KnowledgeCreated, 400, openapi_extra=created)
    door.route("PATCH /external/kb", routes.edit, responses.KnowledgeEdited, 400, 404, openapi_extra=edited)
    door.route("GET /external/kb/all", routes.all, list[responses.KnowledgeListed])
    door.route("GET /external/kb/{kb_id}", routes.one, responses.KnowledgeShown, 404)
    door.route("DELETE /external/kb/{kb_id}", routes.delete, responses.KnowledgeDeleted, 404)


class _Routes:
    def __init__(self, door: RinggDoor) -> None:
        self._door = door
        self._parts = door.parts

    async def create(self, request: Request) -> responses.KnowledgeCreated:
        """Make a knowledge base; what is sent is read in the background."""
        workspace_id = await self._admit(request, "knowledge: create", _CREATIONS)
        async with read_form(request, limit_bytes=_FORM_BYTES, part_bytes=_FIELD_BYTES) as form:
            upload, name = await responses.upload_of(form), form.text("kb_name")
        made = await commands.create_base(self._parts.database, workspace_id, name, upload, now=self._parts.now)
        self._parts.new_job()
        return responses.KnowledgeCreated(
            message="Knowledge base created",
            kb_id=made.id,
            processing_status="pending",
            files_queued=len(made.files),
        )

    async def edit(self, request: Request) -> responses.KnowledgeEdited:
        """Take items out of a knowledge base and put others in."""
        workspace_id = await self._admit(request, "knowledge: edit", _EDITS)
        async with read_form(request, limit_bytes=_FORM_BYTES, part_bytes=_FIELD_BYTES) as form:
            if not form.text("kb_id").strip():
                raise Invalid(Fault(("kb_id",), "kb_id is required", "missing"))
            kb_id = _known(form.text("kb_id"))
            removal = commands.Removal(
                files=frozenset(responses.texts_of(form, "files_to_remove")),
                urls=frozenset(responses.texts_of(form, "urls_to_remove")),
                faqs=frozenset(responses.texts_of(form, "faqs_to_remove")),
            )
            upload = await responses.upload_of(form, prefix="new_")
        edited = await commands.edit_base(
            self._parts.database, workspace_id, kb_id, removal, upload, now=self._parts.now
        )
        self._parts.new_job()
        return responses.KnowledgeEdited(
            message="Knowledge base updated",
            kb_id=kb_id,
            items_removed=edited.removed,
            new_files_queued=len(edited.files),
            new_files=[
                responses.NewFile(file_id=item.id, filename=item.name, processing_status=item.state.value)
                for item in edited.files
            ],
        )

    async def all(self, request: Request) -> list[responses.KnowledgeListed]:
        """All knowledge bases, oldest first."""
        workspace_id = await self._admit(request, "knowledge: all", _LOOKS)
        return [responses.listed(base) for base in await self._parts.database.read(queries.bases, workspace_id)]

    async def one(self, request: Request, kb_id: str) -> responses.KnowledgeShown:
        """One knowledge base and how far it is read."""
        workspace_id = await self._admit(request, "knowledge: one", _LOOKS)
        return responses.shown(await self._parts.database.read(queries.base, workspace_id, _known(kb_id)))

    async def delete(self, request: Request, kb_id: str) -> responses.KnowledgeDeleted:
        """Delete a knowledge base for good; agents that used it do not any more."""
        workspace_id = await self._door.admit(request)
        kb_id = _known(kb_id)
        await commands.delete_base(self._parts.database, workspace_id, kb_id, now=self._parts.now)
        return responses.KnowledgeDeleted(message="Knowledge base deleted", kb_id=kb_id)

    async def _admit(self, request: Request, sort: str, most: int) -> str:
        workspace_id = await self._door.admit(request)
        self._parts.hourly.take(workspace_id, sort, most)
        return workspace_id


def _known(text: str) -> str:
    """
    Raises:
        NotFound: that is no id.
    """
    kb_id = parse_uuid(text)
    if kb_id is None:
        raise NotFound("Knowledge base not found", field="kb_id")
    return kb_id
