"""The agent that talks in a campaign."""

from __future__ import annotations

from outdial.domain.errors import Fault, Invalid, NotFound
from outdial.store.agents.versions import AgentVersion, agents_by_id
from outdial.store.database import Database


async def outbound_agent(db: Database, workspace_id: str, agent_id: str) -> AgentVersion:
    """Its active version.

    Raises:
        NotFound: the workspace has no such agent in use.
        Invalid: it makes no calls.
    """
    agent = (await db.find(agents_by_id, [agent_id])).get(agent_id)
    if agent is None or agent.workspace_id != workspace_id:
        raise NotFound("Agent not found", field="agent_id")
    if agent.agent_type == "inbound":
        raise Invalid(Fault(("agent_id",), "Agent is not enabled for outbound calls"))
    return agent
