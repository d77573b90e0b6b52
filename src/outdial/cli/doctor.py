"""``outdial doctor``: findings as a table of one line each."""

from __future__ import annotations

from contextlib import aclosing

from rich.console import Console
from rich.text import Text

from outdial.bootstrap.checks import examine
from outdial.settings import Settings


async def run_doctor(settings: Settings, console: Console) -> bool:
    """Print what is found; True when all is well."""
    ill = 0
    # Whoever reads along may stop in the middle (doctor | head): the database is closed before the loop ends.
    async with aclosing(examine(settings)) as findings:
        async for finding in findings:
            ill += not finding.well
            mark = Text("ok  ", "green") if finding.well else Text("mend", "bold red")
            console.print(mark, f"{finding.what:<18}", finding.note)
    console.print("all is well" if not ill else f"{ill} to mend")
    return not ill
