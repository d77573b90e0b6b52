"""Lists of people to ring: imported at once or in the background, asked after, and deleted."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Final

from starlette.requests import Request

from outdial.api.multipart import read_form
from outdial.api.openapi import multipart_of
from outdial.api.ringg.calls.names import spelled
from outdial.api.ringg.campaigns import render, responses
from outdial.api.ringg.campaigns.requests import ContactList
from outdial.api.ringg.door import RinggDoor
from outdial.campaigns.deleting import delete_list
from outdial.campaigns.importing import import_list, upload_list
from outdial.campaigns.workbooks import Workbooks
from outdial.domain.errors import Conflict, NotFound, Refused
from outdial.domain.ids import parse_uuid
from outdial.domain.limits import MAX_LIST_BYTES
from outdial.store.agents import reading as agents
from outdial.store.campaigns.reading import balance_check, find_campaign

_FORM_BYTES: Final = MAX_LIST_BYTES + 2_000_000
_FIELD_BYTES: Final = 256 * 1024


def install(door: RinggDoor) -> None:
    routes = _Routes(door)
    door.app.document(ContactList)
    form = multipart_of(ContactList)
    for path in ("/campaign/save", "/campaign/upload-contact-list"):
        door.route(f"POST {path}", routes.save, responses.ListImported, 400, 404, openapi_extra=form)
    door.route("POST /campaign/upload-csv", routes.upload, responses.ListUploaded, 400, 404, openapi_extra=form)
    door.route("GET /campaign/upload-status/{bulk_list_id}", routes.upload_status, responses.UploadStatus, 404)
    door.route("POST /campaign/check-balance/{bulk_list_id}", routes.check_balance, responses.BalanceChecked, 404)
    door.route("DELETE /calling/contact/{list_id}", routes.delete, responses.ListDeleted, 400, 404)


class _Routes:
    def __init__(self, door: RinggDoor) -> None:
        self._door = door
        self._parts = door.parts
        self._workbooks = Workbooks()

    async def save(self, request: Request) -> responses.ListImported:
        """Import a list. Its rows are read when the answer comes; nobody is rung before the campaign is started."""
        async with self._asked(request) as asked:
            done = await import_list(self._parts.database, asked.draft, asked.file, spell=spelled, now=self._parts.now)
        return render.imported(done)

    async def upload(self, request: Request) -> responses.ListUploaded:
        """Import a large list: it is kept at once and read in the background."""
        async with self._asked(request) as asked:
            campaign = await upload_list(self._parts.database, asked.draft, asked.file, now=self._parts.now)
        self._parts.new_job()
        return render.uploaded(campaign)

    async def upload_status(self, request: Request, bulk_list_id: str) -> responses.UploadStatus:
        """How far an uploaded list is read; ask until it says `completed` or `failed`."""
        workspace_id = await self._door.admit(request)
        campaign = await self._parts.database.read(find_campaign, workspace_id, _known(bulk_list_id))
        return render.upload_report(campaign, self._parts.links)

    async def check_balance(self, request: Request, bulk_list_id: str) -> responses.BalanceChecked:
        """Whether the credits suffice for a minute with everybody of the list."""
        workspace_id = await self._door.admit(request)
        campaign = await self._parts.database.read(find_campaign, workspace_id, _known(bulk_list_id))
        return render.balance(campaign, await self._parts.database.read(balance_check, workspace_id, campaign.id))

    async def delete(self, request: Request, list_id: str) -> responses.ListDeleted:
        """Delete a list. Calls made of it keep their records."""
        workspace_id = await self._door.admit(request)
        try:
            await delete_list(self._parts.database, workspace_id, _known(list_id), now=self._parts.now)
        except Conflict as running:
            raise Refused(str(running)) from running
        return responses.ListDeleted(message="Contact list deleted successfully")

    @asynccontextmanager
    async def _asked(self, request: Request) -> AsyncIterator[render.ListAsked]:
        """What the form says; its file can be read as long as the block lasts."""
        workspace_id = await self._door.admit(request)
        async with read_form(request, limit_bytes=_FORM_BYTES, part_bytes=_FIELD_BYTES) as form:
            asked = render.list_of(form, workspace_id, self._parts.now())
            if asked.transliterate:
                agent = await self._parts.database.read(agents.agent, workspace_id, asked.draft.agent_id)
                asked = asked.spelled_for(agent.active.definition.language)
            async with self._workbooks.as_text(asked.file) as file:
                yield replace(asked, file=file)


def _known(text: str) -> str:
    """
    Raises:
        NotFound: that is no id.
    """
    list_id = parse_uuid(text)
    if list_id is None:
        raise NotFound("List not found", field="list_id")
    return list_id
