"""``outdial agent list`` and ``agent versions``."""

from __future__ import annotations

import typer
from typer.testing import CliRunner, Result

from cli_builders import Home
from outdial.cli.agents import agent_list, agent_versions
from outdial.domain.errors import NotFound

AGENT = "name: {name}\ntag: {tag}\ndescription: {name}\nlanguage: en-US\nprompt: Be kind.\n"
_commands = typer.Typer()
_commands.command("list")(agent_list)
_commands.command("versions")(agent_versions)


def run(home: Home, *arguments: str) -> Result:
    return CliRunner().invoke(_commands, arguments, env=home.environment() | {"COLUMNS": "200", "NO_COLOR": "1"})


def test_agents_are_listed_with_their_active_version(installed: Home) -> None:
    for name in ("First", "Second"):
        home = installed.outdial("agent", "add", installed.file("ben.yaml", AGENT.format(name=name, tag="listed")))
        assert home.status == 0, home.errors

    lines = [line.split() for line in run(installed, "list").stdout.splitlines()]

    assert ["listed", "v2", "First"] in [line[1:] for line in lines]
    assert len([line for line in lines if "listed" in line]) == 1


def test_versions_are_listed_the_active_one_first(installed: Home) -> None:
    for name in ("First", "Second"):
        installed.outdial("agent", "add", installed.file("ben.yaml", AGENT.format(name=name, tag="versioned")))

    lines = [line.split() for line in run(installed, "versions", "versioned").stdout.splitlines()]

    assert [(line[1], line[3:]) for line in lines] == [("v2", ["Second", "active"]), ("v1", ["First"])]


def test_an_agent_nobody_knows_is_named(installed: Home) -> None:
    raised = run(installed, "versions", "nobody").exception

    assert isinstance(raised, NotFound)
    assert "there is no agent nobody" in str(raised)
