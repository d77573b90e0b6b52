"""The whole API, put together from its areas."""

from __future__ import annotations

from outdial.api.openapi import Door
from outdial.api.parts import Parts
from outdial.api.ringg import (
    agents,
    analytics,
    calls,
    campaigns,
    contact_lists,
    downloads,
    knowledge,
    reading,
    webcall,
    workspace,
)
from outdial.api.ringg.door import RinggDoor

_AREAS = (calls, reading, downloads, contact_lists, campaigns, agents, workspace, analytics, webcall, knowledge)


def application(parts: Parts) -> Door:
    """To be mounted at ``/ca/api/v0``."""
    door = RinggDoor(parts)
    for area in _AREAS:
        area.install(door)
    return door.app
