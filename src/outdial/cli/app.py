"""The commands of ``outdial``: each does one thing and says what it did.

Exit status: 0 done, 1 something outside or inside failed, 2 the command or a setting is wrong.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from outdial import __version__
from outdial.bootstrap.installation import installation
from outdial.bootstrap.logs import configure_logs
from outdial.cli import change, credits, keys, knowledge, webhooks
from outdial.cli.additions import add_agent, add_number, add_trunk
from outdial.cli.agents import agent_list, agent_versions
from outdial.cli.console import SafeConsole, console
from outdial.cli.demo import run_demo
from outdial.cli.doctor import run_doctor
from outdial.cli.environment import TRUNK_PASSWORD
from outdial.cli.environment import settings as _settings
from outdial.cli.people import people
from outdial.cli.place import Wish, place_and_follow
from outdial.cli.policy import number_limit, policy, trunk_limit
from outdial.cli.suppression import suppression
from outdial.domain.attempt import Trunk
from outdial.domain.errors import Fault, Invalid, OutdialError, Refused

app = typer.Typer(
    help="Outdial: the open, self-hosted platform for AI outbound phone calls.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
trunks, numbers, agents = typer.Typer(), typer.Typer(), typer.Typer()
app.add_typer(trunks, name="trunk", help="Accounts at carriers.")
app.add_typer(numbers, name="number", help="Caller numbers.")
app.add_typer(agents, name="agent", help="Agents that talk.")
app.add_typer(policy, name="policy")
app.add_typer(suppression, name="suppress", help="Numbers nobody rings.")
app.add_typer(people, name="user", help="The people of the workspace.")
app.add_typer(knowledge.app, name="kb")
app.add_typer(keys.app, name="key")
app.add_typer(webhooks.app, name="webhooks")
agents.command("list")(agent_list)
agents.command("versions")(agent_versions)
trunks.command("limit")(trunk_limit)
numbers.command("limit")(number_limit)
app.add_typer(credits.app, name="credits")
app.command("cancel")(change.cancel)
app.command("hang-up")(change.hang_up_call)
app.command("reschedule")(change.reschedule)

Json = Annotated[bool, typer.Option("--json", help="Print JSON only.")]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line (``arguments`` None: the process's own); every error on purpose becomes one clear line."""
    try:
        app(args=arguments, standalone_mode=True)
    except Invalid as error:
        _fail([_line_of(fault) for fault in error.faults], status=2)
    except OutdialError as error:
        _fail([str(error)], status=2 if isinstance(error, Refused) else 1)
    except KeyboardInterrupt:
        raise SystemExit(130) from None


def _line_of(fault: Fault) -> str:
    """The message, and where it belongs unless it says so itself."""
    where = ".".join(fault.path)
    return fault.message if where in fault.message else f"{where}: {fault.message}"


def _fail(lines: list[str], *, status: int) -> None:
    errors = SafeConsole(stderr=True, soft_wrap=True)
    for line in lines:
        errors.print(f"outdial: {line}", markup=False)
    raise SystemExit(status) from None


def _run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(work)


@app.command()
def serve() -> None:
    """Run the platform until stopped."""
    # The other commands neither answer requests nor carry calls: they start in half the time without all that.
    from outdial.bootstrap.node import serve as run_node  # noqa: PLC0415

    settings = _settings()
    configure_logs(settings)
    _run(run_node(settings, announce=lambda line: console().print(line)))


@app.command()
def init(as_json: Json = False) -> None:
    """Create a workspace, keys, an agent and a number on the simulated network; again, print the same."""
    settings = _settings()
    mine = asyncio.run(installation(settings))
    out = console()
    if as_json:
        out.print(json.dumps(asdict(mine), indent=2))
        return
    for name, value in asdict(mine).items():
        out.print(f"{name:<16} {value}")


@app.command()
def demo() -> None:
    """Place one call to the simulated network and show it from POST to recording."""
    _run(run_demo(_settings(), SafeConsole()))


@app.command()
def call(
    to_number: Annotated[str, typer.Argument(help="Whom to ring, E.164: +15550001111.")],
    agent: Annotated[str, typer.Option(help="Tag or id of the agent. Default: the one init made.")] = "",
    from_number: Annotated[str, typer.Option("--from", help="Caller number. Default: the one init made.")] = "",
    name: Annotated[str, typer.Option(help="Name of the person called.")] = "",
    var: Annotated[list[str] | None, typer.Option(help="A variable for the agent, NAME=VALUE; repeatable.")] = None,
    follow: Annotated[bool, typer.Option(help="Show the call until it has ended.")] = True,
) -> None:
    """Place a call and show it."""
    variables = dict(_pair(item, "--var") for item in var or [])
    wish = Wish(to_number, agent, from_number, name, variables)
    _run(place_and_follow(_settings(), SafeConsole(), wish, follow=follow))


@app.command()
def doctor() -> None:
    """Check ports, database, voices and trunks, and say what to mend."""
    if not asyncio.run(run_doctor(_settings(), console())):
        raise SystemExit(1)


@app.command()
def version() -> None:
    """Print the version."""
    SafeConsole().print(__version__, highlight=False)


@trunks.command("add")
def trunk_add(
    name: Annotated[str, typer.Argument(help="A name of your own for it.")],
    host: Annotated[str, typer.Option(help="The carrier's SIP host.")],
    port: Annotated[int, typer.Option(help="Its SIP port.", min=1, max=65535)] = 5060,
    transport: Annotated[str, typer.Option(help="udp, tcp or tls.")] = "udp",
    auth_user: Annotated[str, typer.Option(help="User name for digest authentication.")] = "",
    password: Annotated[str, typer.Option(help="Its password.", envvar=TRUNK_PASSWORD)] = "",
    srtp: Annotated[str, typer.Option(help="off, optional or mandatory.")] = "off",
    codec: Annotated[list[str] | None, typer.Option(help="pcmu, pcma, g722 or opus; repeatable, best first.")] = None,
    outbound_proxy: Annotated[str, typer.Option(help="SIP URI every request is sent to first.")] = "",
    header: Annotated[list[str] | None, typer.Option(help="Header for every INVITE, NAME=VALUE; repeatable.")] = None,
    ca_file: Annotated[
        Path | None, typer.Option(help="PEM file TLS certificates are checked against.", exists=True, dir_okay=False)
    ] = None,
    display_name: Annotated[str, typer.Option(help="Caller name shown beside the number.")] = "",
) -> None:
    """Add a SIP trunk."""
    trunk = Trunk(
        id="",
        name=name,
        host=host,
        port=port,
        transport=transport,
        auth_user=auth_user,
        password=password,
        srtp=srtp,
        codecs=tuple(codec or ("pcmu", "pcma")),
        outbound_proxy=outbound_proxy,
        headers=dict(_pair(item, "--header") for item in header or []),
        ca_file=str(ca_file.absolute()) if ca_file else "",
        display_name=display_name,
    )
    _run(add_trunk(_settings(), console(), trunk))


@numbers.command("add")
def number_add(
    number: Annotated[str, typer.Argument(help="The caller number, E.164.")],
    trunk: Annotated[str, typer.Option(help="Name of the trunk it belongs to.")],
    display_name: Annotated[str, typer.Option(help="A name of your own for it.")] = "",
) -> None:
    """Add a caller number to a trunk."""
    _run(add_number(_settings(), console(), number, trunk, display_name))


@agents.command("add")
def agent_add(
    file: Annotated[Path, typer.Argument(help="YAML or JSON; docs/flows.md shows one.", exists=True, dir_okay=False)],
) -> None:
    """Add an agent, or a new version of it when its tag is there already."""
    _run(add_agent(_settings(), console(), file.read_bytes()))


def _pair(text: str, option: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not separator or not name:
        raise typer.BadParameter(f"write it as NAME=VALUE, not {text!r}", param_hint=option)
    return name, value
