"""``outdial doctor``: findings as a table of one line each."""

from __future__ import annotations

from contextlib import aclosing

from rich.console import Console

from outdial.bootstrap.checks import examine
from outdial.settings import Settings


async def run_doctor(settings: Settings, console: Console) -> bool:
    """Print what is found; True when all is well."""
    ill = 0
    # Whoever reads along may stop in the middle (doctor | head): the database is closed before the loop ends.
    async with aclosing(examine(settings)) as findings:
        async for finding in findings:
            ill += not finding.well
            mark = "[green]ok  [/]" if finding.well else "[bold red]mend[/]"
            console.print(f"{mark} {finding.what:<18}", end=" ")
            console.print(finding.note, markup=False, highlight=False)
    console.print("all is well" if not ill else f"{ill} to mend")
    return not ill
