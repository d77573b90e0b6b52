"""Send once more what an endpoint was told, or should have been."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from outdial.domain.clock import Clock
from outdial.domain.delivery import Delivery, DeliveryState
from outdial.domain.errors import Conflict, NotFound
from outdial.store import deliveries
from outdial.store.database import Database


async def replay(db: Database, workspace_id: str, delivery_id: str, *, now: Clock) -> Delivery:
    """Let a delivery that is over go out again: to the same URL, with the same headers and body, at once.

    It has as many tries as a new one; those before stay in its log.

    Raises:
        NotFound: the workspace has no such delivery.
        Conflict: it is still on its way.
    """

    async def work(conn: AsyncConnection) -> Delivery:
        found = await deliveries.load(conn, [delivery_id])
        if not found or found[0].workspace_id != workspace_id:
            raise NotFound("Delivery not found", field="delivery_id")
        (over,) = found
        if over.state is not DeliveryState.WAITING:
            after = over.replayed(now())
            if await deliveries.again(conn, over, after):
                return after
        raise Conflict("the delivery is still on its way: it can be sent again once it is delivered or given up")

    return await db.write(work)
