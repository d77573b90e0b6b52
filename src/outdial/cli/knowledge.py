"""``outdial kb``: what agents look things up in, from the command line."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from outdial.cli.additions import opened
from outdial.cli.console import console
from outdial.cli.environment import settings
from outdial.commands import knowledge as commands
from outdial.domain.clock import utc_now
from outdial.domain.knowledge import Faq, KnowledgeBase, SentFile, Upload, base_state, file_type_of, plain_name
from outdial.settings import Settings
from outdial.store.knowledge import reading as queries

app = typer.Typer(help="What agents look things up in.", no_args_is_help=True)


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="A name of your own for it.")],
    file: Annotated[
        list[Path] | None, typer.Argument(help="PDF, DOCX, TXT, MD or CSV files.", exists=True, dir_okay=False)
    ] = None,
    url: Annotated[list[str] | None, typer.Option(help="A page to read; repeatable.")] = None,
    faq: Annotated[list[str] | None, typer.Option(help="QUESTION=ANSWER; repeatable.")] = None,
) -> None:
    """Make a knowledge base; a running server reads what is in it."""
    upload = Upload(
        files=tuple(_sent(path) for path in file or []),
        urls=tuple(url or []),
        faqs=tuple(_faq(text) for text in faq or []),
    )
    asyncio.run(_add(settings(), console(), name, upload))


@app.command("list")
def list_bases() -> None:
    """The knowledge bases there are."""
    asyncio.run(_list(settings(), console()))


@app.command()
def show(base_id: Annotated[str, typer.Argument(help="Its id.")]) -> None:
    """What is in a knowledge base, and how far it is read."""
    asyncio.run(_show(settings(), console(), base_id))


@app.command()
def remove(base_id: Annotated[str, typer.Argument(help="Its id.")]) -> None:
    """Delete a knowledge base for good; agents do not use it any more."""
    asyncio.run(_remove(settings(), console(), base_id))


async def _add(mine: Settings, out: Console, name: str, upload: Upload) -> None:
    async with opened(mine) as (database, installation):
        made = await commands.create_base(database, installation.workspace_id, name, upload, now=utc_now)
    out.print(f"knowledge base {name} added ({made.id})", markup=False)
    out.print(f"next: outdial kb show {made.id}, then name it in an agent's file: knowledge: [{made.id}]", markup=False)


async def _list(mine: Settings, out: Console) -> None:
    async with opened(mine) as (database, installation):
        found = await database.read(queries.bases, installation.workspace_id)
    for base in found:
        out.print(f"{base.id}  {base.created_at:%Y-%m-%d %H:%M}  {base.name}", markup=False)


async def _show(mine: Settings, out: Console, base_id: str) -> None:
    async with opened(mine) as (database, installation):
        base = await database.read(queries.base, installation.workspace_id, base_id)
    for line in _lines(base):
        out.print(line, markup=False)


async def _remove(mine: Settings, out: Console, base_id: str) -> None:
    async with opened(mine) as (database, installation):
        await commands.delete_base(database, installation.workspace_id, base_id, now=utc_now)
    out.print(f"knowledge base {base_id} deleted", markup=False)


def _lines(base: KnowledgeBase) -> Sequence[str]:
    state = base_state([item.state for item in base.items])
    items = (f"  {item.state:<10} {item.kind:<5} {item.name}  {item.trouble}".rstrip() for item in base.items)
    return [f"{base.name}: {state}", *items]


def _sent(path: Path) -> SentFile:
    name = plain_name(path.name)
    return SentFile(name, file_type_of(name), path.read_bytes())


def _faq(text: str) -> Faq:
    question, separator, answer = text.partition("=")
    if not separator or not question.strip() or not answer.strip():
        raise typer.BadParameter(f"write it as QUESTION=ANSWER, not {text!r}", param_hint="--faq")
    return Faq(question.strip(), answer.strip())
