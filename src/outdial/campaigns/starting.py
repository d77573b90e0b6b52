"""Start a campaign: from here on its calls are made, by whoever does the job (``worker.CampaignWorker``)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from outdial.campaigns.agents import outbound_agent
from outdial.commands.credits import can_pay
from outdial.domain.campaign import Callers, Campaign, CampaignState, move_campaign
from outdial.domain.clock import Clock
from outdial.domain.errors import Conflict, Fault, Invalid, NoCredits, NotFound
from outdial.domain.job import JobKind
from outdial.store import jobs
from outdial.store.campaigns import rows as campaigns
from outdial.store.database import Connection, Database
from outdial.store.equipment.numbers import OwnNumber, numbers_by_id, numbers_by_value, pools_by_id

MOST_NUMBERS: Final = 100
_NOT_NOW: Final = {
    CampaignState.UPLOADED: "the list is not read yet",
    CampaignState.PROCESSING: "the list is not read yet",
    CampaignState.FAILED: "the list could not be read",
    CampaignState.COMPLETED: "the campaign is over",
    CampaignState.TERMINATED: "the campaign is over",
}


@dataclass(frozen=True)
class Start:
    """Either numbers (``number_ids``, ``numbers`` in E.164, or some of both) or ``number_pool_id``.

    What is None or empty of the rest stays as it was imported. ``share``: 0-100. ``options`` are added to the list's.
    """

    list_id: str
    agent_id: str
    number_ids: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    number_pool_id: str = ""
    callback_url: str = ""
    share: int | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    call_config: Mapping[str, Any] | None = None
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Started:
    """``has_ongoing_calls``: another campaign of the workspace is under way."""

    has_ongoing_calls: bool


async def start(db: Database, workspace_id: str, wish: Start, *, now: Clock) -> Started:
    """Schedule a list's calls. Of several starts at once one succeeds.

    Raises:
        NotFound: list (``list_id``), agent (``agent_id``) or pool (``number_pool_id``) are not the workspace's.
        Invalid: a number is not (``from_numbers``), or may not call out; the end has passed (``campaign_end_time``).
        Conflict: it was started before, or is not read yet, or could not be read.
        NoCredits: there are too few.
        Unreachable: the database did not answer.
    """
    known = await db.read(campaigns.find, wish.list_id, workspace_id)
    if known is None:
        raise NotFound("List not found", field="list_id")
    agent = await outbound_agent(db, workspace_id, wish.agent_id)
    callers = await _callers(db, workspace_id, wish)
    if not await can_pay(db, workspace_id):
        raise NoCredits("No credits are left")
    at = now()

    def work(conn: Connection) -> Started:
        campaign = campaigns.find(conn, wish.list_id, workspace_id, hold=True)
        if campaign is None:
            raise NotFound("List not found", field="list_id")
        if campaign.state is not CampaignState.DRAFT:
            raise Conflict(_NOT_NOW.get(campaign.state, f"the campaign is {campaign.state} already"))
        state = move_campaign(campaign.state, CampaignState.SCHEDULED)
        changed = _changed(campaign, wish, at)
        callers_kept = campaigns.callers_to_json(callers)
        campaigns.change(conn, campaign.id, **changed, state=state, agent_id=agent.agent_id, callers=callers_kept)
        jobs.add(conn, JobKind.CAMPAIGN, campaign.id, workspace_id, at)
        return Started(campaigns.any_under_way(conn, workspace_id, at, but=campaign.id))

    return await db.write(work)


def _changed(campaign: Campaign, wish: Start, at: datetime) -> dict[str, Any]:
    """
    Raises:
        Invalid: no call could be made between its start and its end.
    """
    starts_at, ends_at = wish.starts_at or campaign.starts_at, wish.ends_at or campaign.ends_at
    if ends_at <= max(starts_at, at):
        what = "has passed" if ends_at <= at else "must be after campaign_start_time"
        raise Invalid(Fault(("campaign_end_time",), f"campaign_end_time {what}"))
    config = campaign.call_config if wish.call_config is None else wish.call_config
    return {
        "starts_at": starts_at,
        "ends_at": ends_at,
        "updated_at": at,
        "call_config": dict(config),
        "callback_url": wish.callback_url,
        "share": wish.share,
        "options": {**campaign.options, **wish.options},
    }


async def _callers(db: Database, workspace_id: str, wish: Start) -> Callers:
    if wish.number_pool_id:
        if (await db.find(pools_by_id, [wish.number_pool_id])).get(wish.number_pool_id) != workspace_id:
            raise NotFound("Number pool not found", field="number_pool_id")
        return Callers(number_pool_id=wish.number_pool_id)
    by_id = await db.find(numbers_by_id, wish.number_ids) if wish.number_ids else {}
    keys = [(workspace_id, number) for number in wish.numbers]
    by_value = await db.find(numbers_by_value, keys) if keys else {}
    asked: list[OwnNumber | None] = [*map(by_id.get, wish.number_ids), *map(by_value.get, keys)]
    owned = [number for number in asked if number is not None and number.workspace_id == workspace_id]
    if not asked:
        raise Invalid(Fault(("from_numbers",), "from_numbers is required", "missing"))
    if len(owned) < len(asked):
        raise Invalid(Fault(("from_numbers",), "from_numbers holds a number that is not the workspace's"))
    if not all(number.outbound for number in owned):
        raise Invalid(Fault(("from_numbers",), "Number is not enabled for outbound calls"))
    chosen = tuple(dict.fromkeys(number.id for number in owned))
    if len(chosen) > MOST_NUMBERS:
        raise Invalid(Fault(("from_numbers",), f"from_numbers may hold at most {MOST_NUMBERS} members", "too_long"))
    return Callers(chosen)
