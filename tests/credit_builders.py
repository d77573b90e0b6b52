"""A workspace that counts credits, in whole credits where a test names them, and ways to look into its purse."""

from __future__ import annotations

from dataclasses import replace

import sqlalchemy as sa

from attempt_builders import a_result, a_talk
from dialer_builders import World
from outdial.domain.attempt import Answered, Result
from outdial.domain.outcome import Outcome
from outdial.domain.rules import MICROS, Price, Rules
from outdial.store import schema
from outdial.store.calls.calendar import Claim
from outdial.store.policy.credits import Funds, funds, grant

ONE_A_MINUTE = Price(MICROS)


class Purse(World):
    """Talks cost one credit for every minute begun."""

    async def open(self, credits: int, price: Price | None = ONE_A_MINUTE) -> Purse:
        await self.set_up()
        await self.priced(price)
        await self.pay_in(credits)
        return self

    async def priced(self, price: Price | None) -> None:
        await self.has_rules(Rules(price=price))

    async def pay_in(self, credits: int) -> None:
        await self.db.write(grant, self.workspace_id, credits * MICROS, "", self.clock())

    async def set_aside(self, one: Claim, credits: int) -> None:
        mine = (schema.attempts.c.call_id == one.call_id) & (schema.attempts.c.number == one.attempt)
        await self.run(schema.attempts.update().where(mine).values(hold=credits * MICROS))

    async def dialling(self, holding: int) -> Claim:
        """A call whose carrier has been asked, with so many credits set aside for it."""
        call_id = await self.call()
        (one,) = [claim for claim in await self.claims(await self.holder()) if claim.call_id == call_id]
        await self.asked(one)
        await self.set_aside(one, holding)
        return one

    async def talking(self, holding: int) -> Claim:
        one = await self.dialling(holding)
        await self.recorded(one, Answered(self.clock()))
        return one

    async def funds(self) -> Funds:
        return await self.db.read(funds, self.workspace_id)

    async def entries(self) -> list[int]:
        """What the ledger says in millionths, oldest first."""
        mine = schema.credit_entries.c.workspace_id == self.workspace_id
        rows = await self._rows(sa.select(schema.credit_entries).where(mine).order_by(schema.credit_entries.c.seq))
        return [row["micros"] for row in rows]

    async def cost(self, call_id: str) -> int:
        return sum([row["cost"] for row in await self.attempts(call_id)])

    def talk_of(self, minutes: float) -> Result:
        talk = replace(a_talk(), talk_ms=round(minutes * 60_000))
        return a_result(Outcome.COMPLETED, at=self.clock(), talk=talk)
