"""The first call of a newcomer: everything a customer's server would do, shown as it happens."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from rich.console import Console
from rich.json import JSON

from outdial.bootstrap.installation import Installation, installation
from outdial.cli.door import answer, client, follow, running_server
from outdial.cli.live import LiveView
from outdial.settings import Settings

SAM: Final = "+15550001111"
"""On the simulated network: answers after two rings and keeps the conversation."""


async def run_demo(settings: Settings, console: Console) -> None:
    """Start a server if none runs, place one Ringg call, follow it, print its details, stop what was started."""
    mine = await installation(settings)
    console.print("Outdial", style="bold", end="")
    console.print(f" keeps its state in {settings.home}")
    async with client(settings) as http, running_server(settings, http) as started:
        console.print(f"server {'started' if started else 'already runs'} at {http.base_url}")
        placed = await http.post(
            "/ca/api/v0/calling/outbound/individual",
            headers={"X-API-KEY": mine.ringg_key, "Content-Type": "application/json"},
            content=json.dumps(_request(mine)),
        )
        call = (await answer(placed))["data"]
        console.print(f"POST /ca/api/v0/calling/outbound/individual → {placed.status_code} {call['call_status']}\n")
        await follow(http, mine.native_key, call["call_id"], LiveView(console))
        details = await http.get(
            "/ca/api/v0/calling/call-details",
            params={"id": call["call_id"], "send_analysis": "true"},
            headers={"X-API-KEY": mine.ringg_key},
        )
        _epilogue(console, settings, await answer(details))


def _request(mine: Installation) -> Mapping[str, Any]:
    """The individual call as the vendor's page writes it, with this installation's agent, number and callee."""
    return {
        "name": "Sam Sample",
        "mobile_number": SAM,
        "agent_id": mine.agent_id,
        "from_number_id": mine.number_id,
        "custom_args_values": {
            "callee_name": "Sam",
            "company_name": "Example Dental",
            "appointment_date": "March the third",
        },
        "smart_formatter": {"extract_first_name": True, "transliteration": False},
        "call_config": {
            "idle_timeout_warning": 10,
            "idle_timeout_end": 15,
            "max_call_length": 300,
            "call_retry_config": {"retry_count": 3, "retry_busy": 30, "retry_not_picked": 30, "retry_failed": 30},
            "call_time": {"call_start_time": "00:00", "call_end_time": "23:59", "timezone": "Asia/Kolkata"},
        },
        "call_category": "appointment_reminder",
    }


def _epilogue(console: Console, settings: Settings, details: Mapping[str, Any]) -> None:
    data = details["data"]
    console.print("\nGET /ca/api/v0/calling/call-details →")
    console.print(JSON(json.dumps(details, ensure_ascii=False)), soft_wrap=True)
    console.print("Outcome: ", end="")
    console.print(data["call_status"], style="bold", end="")
    console.print(f" / {data['call_sub_status']} after {data['call_duration']} s of talk ({data['end_reason']})")
    if summary := data["platform_analysis"]["summary"]:
        console.print(f"Summary: {summary}", highlight=False, markup=False)
    recordings = sorted(settings.recordings_dir.rglob(f"{data['id']}*.wav"))
    for path in recordings:
        console.print(f"Recording (stereo, agent left, callee right): {path}", soft_wrap=True)
