"""``outdial policy``, ``number limit``, ``trunk limit``: whom a workspace rings when, and how much at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Annotated, Any, Final, TypeVar

import typer
from rich.console import Console

from outdial.cli.additions import opened
from outdial.cli.console import console
from outdial.cli.environment import settings
from outdial.commands.look_again import look_again
from outdial.commands.rules import change_rules, limit_number, limit_trunk
from outdial.domain.clock import utc_now
from outdial.domain.errors import AND_MORE, Fault, Invalid, NotFound
from outdial.domain.rules import Rules, hours_from_text
from outdial.store.database import Database
from outdial.store.policy.reading import number_limits, rules_of, trunk_limits

T = TypeVar("T")
OFF: Final = "off"
MaxCalls = typer.Option("--max-calls", help=f"Calls at the same moment, or {OFF}.")
CallsPerS = typer.Option("--calls-per-s", help=f"Calls the trunk is asked for in a second, or {OFF}.")

policy = typer.Typer()


@policy.callback(invoke_without_command=True)
def policy_show(context: typer.Context) -> None:
    """Whom this workspace rings when, and how much at once; without a command: show it."""
    if context.invoked_subcommand is None:
        asyncio.run(_show_mine(console()))


@policy.command("set")
def policy_set(
    hours: Annotated[str | None, typer.Option(help=f"When anybody may be rung, 08:00-21:00, or {OFF}.")] = None,
    per_day: Annotated[str | None, typer.Option(help=f"Dials to one person in 24 hours, or {OFF}.")] = None,
    per_week: Annotated[str | None, typer.Option(help=f"Dials to one person in 7 days, or {OFF}.")] = None,
    max_calls: Annotated[str | None, MaxCalls] = None,
    suppression: Annotated[bool | None, typer.Option(help="Leave numbers on the suppression list alone.")] = None,
) -> None:
    """Lay down what is named; everything else stays as it is."""
    for_people = limits(hours_from_text, hours=hours) | limits(int, per_day=per_day, per_week=per_week)
    if suppression is not None:
        for_people["suppression"] = suppression
    at_once = limits(int, max_calls=max_calls)
    if not for_people and not at_once:
        raise Invalid(Fault(("policy set",), "policy set needs an option, such as --hours 08:00-21:00"))
    asyncio.run(_change(console(), lambda rules: _with(rules, for_people, at_once)))


def number_limit(
    number: Annotated[str, typer.Argument(help="One of your caller numbers.")],
    max_calls: Annotated[str, MaxCalls],
) -> None:
    """Limit the calls from a caller number."""
    asyncio.run(_limit_number(console(), number, limits(int, max_calls=max_calls)["max_calls"]))


def trunk_limit(
    name: Annotated[str, typer.Argument(help="One of your trunks.")],
    max_calls: Annotated[str | None, MaxCalls] = None,
    calls_per_s: Annotated[str | None, CallsPerS] = None,
) -> None:
    """Limit the calls over a trunk; what is not named stays as it is."""
    named = limits(int, max_calls=max_calls) | limits(float, calls_per_s=calls_per_s)
    if not named:
        raise Invalid(Fault(("trunk limit",), "trunk limit needs an option, such as --max-calls 30"))
    asyncio.run(_limit_trunk(console(), name, named))


def limits(read: Callable[[str], Any], **texts: str | None) -> dict[str, Any]:
    """Options that were given, by name; ``off`` is None.

    Raises:
        Invalid: one cannot be read.
    """
    read_ones = {}
    for name, text in texts.items():
        if text is None:
            continue
        try:
            read_ones[name] = None if text == OFF else read(text)
        except ValueError:
            shape = "HH:MM-HH:MM" if read is hours_from_text else "a number"
            raise Invalid(Fault((_option(name),), f"{_option(name)} must be {shape} or {OFF}, not {text!r}")) from None
    return read_ones


@contextmanager
def named_as_options() -> Iterator[None]:
    """What is wrong with a member is said of the option it came from."""
    try:
        yield
    except Invalid as wrong:
        raise Invalid(*map(_of_option, wrong.faults)) from wrong


def _of_option(fault: Fault) -> Fault:
    if fault.kind == AND_MORE:
        return fault
    name = fault.path[0]
    return Fault((_option(name),), fault.message.replace(name, _option(name)))


def _option(name: str) -> str:
    return "--" + name.replace("_", "-")


def _with(rules: Rules, for_people: dict[str, Any], at_once: dict[str, Any]) -> Rules:
    return replace(rules, policy=replace(rules.policy, **for_people), **at_once)


async def _change(out: Console, change: Callable[[Rules], Rules]) -> None:
    async with opened(settings()) as (database, mine):
        with named_as_options():
            await change_rules(database, mine.workspace_id, change)
        # What was allowed less a moment ago may be allowed now.
        await look_again(database, mine.workspace_id, now=utc_now)
        await _show(out, database, mine.workspace_id)


async def _limit_number(out: Console, number: str, max_calls: int | None) -> None:
    async with opened(settings()) as (database, mine):
        known = {row.number: row.id for row in await database.read(number_limits, mine.workspace_id)}
        if number not in known:
            raise NotFound(f"there is no caller number {number}", field="number")
        with named_as_options():
            await limit_number(database, mine.workspace_id, known[number], max_calls)
    out.print(f"number {number}: calls at once {_or_off(max_calls)}")


async def _limit_trunk(out: Console, name: str, named: dict[str, Any]) -> None:
    async with opened(settings()) as (database, mine):
        known = {row.name: row.id for row in await database.read(trunk_limits, mine.workspace_id)}
        if name not in known:
            raise NotFound(f"there is no trunk named {name}; there are: {', '.join(sorted(known))}", field="name")
        with named_as_options():
            await limit_trunk(database, mine.workspace_id, known[name], **named)
        now = next(row for row in await database.read(trunk_limits, mine.workspace_id) if row.name == name)
    said = f"calls at once {_or_off(now.max_calls)}, calls a second {_or_off(now.calls_per_s)}"
    out.print(f"trunk {name}: {said}", markup=False)


async def _show_mine(out: Console) -> None:
    async with opened(settings()) as (database, mine):
        await _show(out, database, mine.workspace_id)


async def _show(out: Console, database: Database, workspace_id: str) -> None:
    rules = await database.read(rules_of, workspace_id)
    lines = {
        "hours": _or_off(rules.policy.hours),
        "dials per day": _or_off(rules.policy.per_day),
        "dials per week": _or_off(rules.policy.per_week),
        "suppression": "on" if rules.policy.suppression else OFF,
        "calls at once": _or_off(rules.max_calls),
    }
    for trunk in await database.read(trunk_limits, workspace_id):
        if (trunk.max_calls, trunk.calls_per_s) != (None, None):
            said = f"calls at once {_or_off(trunk.max_calls)}, calls a second {_or_off(trunk.calls_per_s)}"
            lines[f"trunk {trunk.name}"] = said
    for number in await database.read(number_limits, workspace_id):
        if number.max_calls is not None:
            lines[f"number {number.number}"] = f"calls at once {number.max_calls}"
    width = max(map(len, lines)) + 2
    for name, value in lines.items():
        out.print(f"{name:<{width}}{value}", markup=False)


def _or_off(limit: object) -> str:
    if limit is None:
        return OFF
    return f"{limit:g}" if isinstance(limit, float) else str(limit)
