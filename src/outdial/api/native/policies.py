"""Who may be rung: the suppression list, and what the calling policy says of one call."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from starlette.requests import Request
from starlette.responses import Response

from outdial.api.native import listing, requests
from outdial.api.native.calls import responses, translate
from outdial.api.native.door import admit, body_of
from outdial.api.parts import Parts
from outdial.commands.suppression import suppress, unsuppress
from outdial.domain.errors import Fault, Invalid, NotFound
from outdial.domain.numbers import e164
from outdial.store.policy.forecast import forecast, suppression_of
from outdial.store.policy.suppressions import SuppressionRow, suppression_page


class PolicyRoutes:
    """One method for each route, all over the same parts."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def page(
        self, request: Request, query: Annotated[listing.SuppressionsQuery, Query()]
    ) -> responses.SuppressionPage:
        """Numbers that are left alone, in their order."""
        workspace_id = await admit(self._parts, request)
        limit = listing.limit_of(query)
        after = query.after or ""
        if after and e164(after) is None:
            raise Invalid(Fault(("after",), "after must be the next of a page"))
        found = await self._parts.database.read(suppression_page, workspace_id, limit=limit + 1, after=after.strip())
        shown = found[:limit]
        return responses.SuppressionPage(
            suppressions=[_row(row) for row in shown], next=shown[-1].number if len(found) > limit else None
        )

    async def one(self, request: Request, number: str) -> responses.Suppression:
        """Whether, why and since when a number is left alone."""
        workspace_id = await admit(self._parts, request)
        return await self._read(workspace_id, number)

    async def put(self, request: Request, number: str, response: Response) -> responses.Suppression:
        """Leave a number alone from now on: 201, or 200 when it was on the list; it keeps its reason then."""
        workspace_id = await admit(self._parts, request)
        entry = requests.read(requests.SuppressionIn, await body_of(request, may_be_empty=True))
        added = await suppress(self._parts.database, workspace_id, number, entry.reason, now=self._parts.now)
        response.status_code = 201 if added else 200
        return await self._read(workspace_id, number)

    async def delete(self, request: Request, number: str) -> Response:
        """Take a number off the list."""
        workspace_id = await admit(self._parts, request)
        await unsuppress(self._parts.database, workspace_id, number)
        return Response(status_code=204)

    async def check(self, request: Request) -> responses.PolicyAnswer:
        """Would a call to this number be dialled now, and if not, why and when? Nothing is stored."""
        workspace_id = await admit(self._parts, request)
        wish = requests.read(requests.PolicyCheckIn, await body_of(request))
        now = self._parts.now()
        found = await self._parts.database.read(
            forecast,
            workspace_id,
            wish.to_number,
            window=translate.window(wish.window),
            scheduled_at=wish.scheduled_at,
            now=now,
        )
        return responses.PolicyAnswer(
            allowed=not found.forbidden,
            now=found.at is not None and found.at <= now,
            blocked_by=list(found.causes),
            next_eligible_at=None if found.at is None else translate.instant(found.at),
            reason=found.forbidden,
        )

    async def _read(self, workspace_id: str, number: str) -> responses.Suppression:
        row = await self._parts.database.read(suppression_of, workspace_id, number.strip())
        if row is None:
            raise NotFound("Number not found on the suppression list", field="number")
        return _row(row)


def _row(row: SuppressionRow) -> responses.Suppression:
    return responses.Suppression(number=row.number, reason=row.reason, created_at=translate.instant(row.created_at))
