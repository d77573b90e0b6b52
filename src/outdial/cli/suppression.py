"""``outdial suppress``: the numbers nobody rings."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

from outdial.cli.additions import opened
from outdial.cli.console import console
from outdial.cli.environment import settings
from outdial.commands.suppression import suppress, suppress_all, unsuppress
from outdial.domain.clock import utc_now
from outdial.domain.errors import Fault, Invalid
from outdial.domain.number_reading import read_number
from outdial.domain.numbers import e164
from outdial.store.policy.suppressions import suppression_page

suppression = typer.Typer(no_args_is_help=True)
_PAGE: Final = 1000
_FAULTS_SHOWN: Final = 20


@suppression.command("add")
def suppress_add(
    number: Annotated[str, typer.Argument(help="A number nobody is to ring, E.164.")],
    reason: Annotated[str, typer.Option(help="Why, in your own words.")] = "",
) -> None:
    """Put a number on the list."""
    asyncio.run(_add(console(), number, reason))


@suppression.command("remove")
def suppress_remove(number: Annotated[str, typer.Argument(help="A number on the list.")]) -> None:
    """Take a number off the list."""
    asyncio.run(_remove(console(), number))


@suppression.command("list")
def suppress_list() -> None:
    """Print the list: number, day it was added, reason."""
    asyncio.run(_list(console()))


@suppression.command("import")
def suppress_import(
    file: Annotated[
        Path,
        typer.Argument(
            help="A number on each line, then its reason if any: NUMBER,REASON.", exists=True, dir_okay=False
        ),
    ],
) -> None:
    """Put all numbers of a file on the list, or none if a line is wrong."""
    asyncio.run(_import(console(), file.read_bytes()))


async def _add(out: Console, number: str, reason: str) -> None:
    async with opened(settings()) as (database, mine):
        new = await suppress(database, mine.workspace_id, number, reason, now=utc_now)
    out.print(f"{number} is on the suppression list" + ("" if new else " already"))


async def _remove(out: Console, number: str) -> None:
    async with opened(settings()) as (database, mine):
        await unsuppress(database, mine.workspace_id, number)
    out.print(f"{number} is no longer on the suppression list")


async def _list(out: Console) -> None:
    async with opened(settings()) as (database, mine):
        after = ""
        while page := await database.read(suppression_page, mine.workspace_id, limit=_PAGE, after=after):
            for row in page:
                out.print(f"{row.number:<17}{row.created_at:%Y-%m-%d}  {row.reason}".rstrip(), markup=False)
            after = page[-1].number


async def _import(out: Console, content: bytes) -> None:
    lines = list(_entries(content))
    async with opened(settings()) as (database, mine):
        try:
            new = await suppress_all(database, mine.workspace_id, [entry for _, entry in lines], now=utc_now)
        except Invalid as wrong:
            raise Invalid(*_by_line(wrong.faults, [number for number, _ in lines])) from wrong
    out.print(f"{new} numbers added to the suppression list, {len(lines) - new} were on it already")


def _entries(content: bytes) -> Iterator[tuple[int, tuple[str, str]]]:
    """Number and reason of every line that is neither empty nor a comment, with the line's own number."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Invalid(Fault(("file",), f"file is not UTF-8 text ({error})")) from error
    for place, line in enumerate(text.split("\n"), 1):
        if line.strip() and not line.lstrip().startswith("#"):
            number, _, reason = line.partition(",")
            yield place, (_plain(number), reason.strip())


def _plain(number: str) -> str:
    """As E.164, if it is written with its calling code; else as it stands."""
    found = read_number(number, "US") if "+" in number else number
    return found if isinstance(found, str) and e164(number) is None else number.strip()


def _by_line(faults: tuple[Fault, ...], lines: list[int]) -> Iterator[Fault]:
    for fault in faults[:_FAULTS_SHOWN]:
        yield Fault((f"line {lines[int(fault.path[0])]}",), fault.message)
    if more := sum(fault.stands_for for fault in faults[_FAULTS_SHOWN:]):
        yield Fault(("file",), f"and {more} more lines of this file")
