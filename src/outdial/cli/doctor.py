"""``outdial doctor``: findings as a table of one line each."""

from __future__ import annotations

from rich.console import Console

from outdial.bootstrap.checks import examine
from outdial.settings import Settings


async def run_doctor(settings: Settings, console: Console) -> bool:
    """Print what is found; True when all is well."""
    ill = 0
    async for finding in examine(settings):
        ill += not finding.well
        mark = "[green]ok  [/]" if finding.well else "[bold red]mend[/]"
        console.print(f"{mark} {finding.what:<18}", end=" ")
        console.print(finding.note, markup=False, highlight=False)
    console.print("all is well" if not ill else f"{ill} to mend")
    return not ill
