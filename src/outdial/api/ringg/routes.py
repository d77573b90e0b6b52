"""The whole API, put together from its areas."""

from __future__ import annotations

from outdial.api.openapi import Door
from outdial.api.parts import Parts
from outdial.api.ringg.agents import routes as agents
from outdial.api.ringg.calls import downloads, history, webcall
from outdial.api.ringg.calls import routes as calls
from outdial.api.ringg.campaigns import lists
from outdial.api.ringg.campaigns import routes as campaigns
from outdial.api.ringg.door import RinggDoor
from outdial.api.ringg.knowledge import routes as knowledge
from outdial.api.ringg.reports import routes as reports
from outdial.api.ringg.workspace import routes as workspace

_AREAS = (calls, history, downloads, lists, campaigns, agents, workspace, reports, webcall, knowledge)


def application(parts: Parts) -> Door:
    """To be mounted at ``/ca/api/v0``."""
    door = RinggDoor(parts)
    for area in _AREAS:
        area.install(door)
    return door.app
