"""``outdial trunk add``, ``number add``, ``agent add``: what works, and every mistake named where it was made."""

from __future__ import annotations

import asyncio
import re

import pytest

from cli_builders import Home
from outdial.bootstrap.installation import installation
from outdial.domain.attempt import Trunk
from outdial.settings import load
from outdial.store.database import Database
from outdial.store.equipment.trunks import load_trunk
from outdial.store.inventory import AgentRow, agents, trunks

HOST = ("--host", "sip.example.com")
FLOW = """
name: Reminder
tag: {tag}
language: en-US
flow:
  steps:
    only: {{say: Goodbye., hang_up: true}}
"""


class TestATrunk:
    def test_is_stored_as_it_was_described(self, installed: Home) -> None:
        described = (
            "--port",
            "5061",
            "--transport",
            "tls",
            "--srtp",
            "mandatory",
            "--codec",
            "g722",
            "--codec",
            "opus",
        )
        account = ("--auth-user", "me", "--password", "hush", "--header", "X-Account=a=b", "--display-name", "Example")

        ran = installed.outdial("trunk", "add", "whole", *HOST, *described, *account)

        assert ran.status == 0, ran.errors
        assert "trunk whole added" in ran.printed
        assert "outdial number add" in ran.printed
        assert "hush" not in ran.printed
        trunk = trunk_named(installed, "whole")
        assert (trunk.host, trunk.port, trunk.transport, trunk.srtp) == ("sip.example.com", 5061, "tls", "mandatory")
        assert (trunk.codecs, trunk.headers) == (("g722", "opus"), {"X-Account": "a=b"})
        assert (trunk.auth_user, trunk.password, trunk.display_name) == ("me", "hush", "Example")

    def test_can_be_given_its_password_by_the_environment(self, installed: Home) -> None:
        ran = installed.outdial("trunk", "add", "discreet", *HOST, "--auth-user", "me", TRUNK_PASSWORD="hush")

        assert trunk_named(installed, "discreet").password == "hush"
        assert ran.errors == ""

    def test_needs_a_name_of_its_own(self, installed: Home) -> None:
        installed.outdial("trunk", "add", "twice", *HOST)

        ran = installed.outdial("trunk", "add", "twice", *HOST)

        assert ran.status == 2
        assert ran.error_lines == ["outdial: the workspace already has a trunk named twice"]

    @pytest.mark.parametrize(
        ("wrong", "said"),
        [
            (("--host", "sip.example.com;x"), "--host: must be a host name or an IPv4 address"),
            (("--transport", "sctp"), "--transport: must be one of udp, tcp, tls"),
            (("--srtp", "maybe"), "--srtp: must be one of off, optional, mandatory"),
            (("--codec", "gsm"), "--codec: must be one of pcmu, pcma, g722, opus"),
            (("--outbound-proxy", "a b"), "--outbound-proxy: must be host, host:port"),
            (("--header", "Via=x"), "--header: Via is written by the SIP stack itself"),
            (("--password", 'a"b'), "--password: must not hold quotes"),
            (("--auth-user", "a;b"), "--auth-user: must not hold quotes"),
            (("--display-name", "<x>"), "--display-name: must not hold quotes"),
            (("--ca-file", "/proc/self/maps"), "--ca-file: CA file /proc/self/maps cannot be used"),
        ],
    )
    def test_that_no_call_could_use_is_refused_naming_the_option(
        self, installed: Home, wrong: tuple[str, ...], said: str
    ) -> None:
        ran = installed.outdial("trunk", "add", "wrong", *HOST, *wrong)

        assert ran.status == 2
        assert len(ran.error_lines) == 1
        assert said in ran.errors
        assert "wrong" not in trunk_names(installed)

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (("wrong",), "--host"),
            (("wrong", *HOST, "--port", "70000"), "--port"),
            (("wrong", *HOST, "--header", "no-value"), "NAME=VALUE"),
            (("wrong", *HOST, "--ca-file", "/nowhere.pem"), "/nowhere.pem"),
            (("", *HOST), "name must be a text"),
        ],
    )
    def test_described_wrongly_is_refused(self, installed: Home, arguments: tuple[str, ...], said: str) -> None:
        ran = installed.outdial("trunk", "add", *arguments)

        assert ran.status == 2
        assert said in ran.errors
        assert not {"wrong", ""} & trunk_names(installed)


class TestANumber:
    def test_joins_its_trunk(self, installed: Home) -> None:
        installed.outdial("trunk", "add", "carrier", *HOST)

        ran = installed.outdial("number", "add", "+12025550100", "--trunk", "carrier")

        assert ran.status == 0, ran.errors
        assert "number +12025550100 added to carrier" in ran.printed

    def test_on_an_unknown_trunk_is_refused_with_those_there_are(self, installed: Home) -> None:
        ran = installed.outdial("number", "add", "+12025550101", "--trunk", "nobody")

        assert ran.status == 2
        assert "there is no trunk named nobody; there are:" in ran.errors
        assert "simulated" in ran.errors

    def test_that_is_none_is_refused(self, installed: Home) -> None:
        ran = installed.outdial("number", "add", "5550100", "--trunk", "simulated")

        assert ran.status == 2
        assert ran.error_lines == ["outdial: number must be in E.164 format"]

    def test_is_the_workspaces_once_only(self, installed: Home) -> None:
        installed.outdial("number", "add", "+12025550102", "--trunk", "simulated")

        ran = installed.outdial("number", "add", "+12025550102", "--trunk", "simulated")

        assert ran.status == 2
        assert ran.error_lines == ["outdial: the workspace already has the number +12025550102"]


class TestAnAgent:
    def test_is_added_and_gets_new_versions_under_its_tag(self, installed: Home) -> None:
        file = installed.file("agent.yaml", FLOW.format(tag="reminder"))

        added, again = installed.outdial("agent", "add", file), installed.outdial("agent", "add", file)

        assert (added.status, again.status) == (0, 0)
        assert re.search(r"agent Reminder added \([0-9a-f-]{36}\)", added.printed)
        assert "agent reminder has a new active version" in again.printed
        assert agent_tagged(installed, "reminder").version_number == 2

    @pytest.mark.parametrize(
        ("content", "said"),
        [
            ("a: [b", "the agent's file is not YAML"),
            (b"\xff\xfe\x00", "the agent's file is not YAML"),
            ("name: X\ngreeting: 2026-13-45\n", "the agent's file is not YAML"),
            ("- a list", "must hold fields"),
            ("", "must hold fields"),
            ("greeting: Hello.", "name is required"),
            ("name: X\nvoice: nobody", "there is no voice named nobody"),
            ("name: X\ntag: two words", "tag must be 1 to 128 characters without blanks"),
            ("name: X\nlanguage: 5", "language must be a string"),
        ],
    )
    def test_described_wrongly_is_one_line(self, installed: Home, content: str | bytes, said: str) -> None:
        ran = installed.outdial("agent", "add", installed.file("wrong.yaml", content))

        assert ran.status == 2
        assert len(ran.error_lines) == 1
        assert said in ran.errors

    def test_with_several_faults_has_a_line_for_each(self, installed: Home) -> None:
        file = installed.file("wrong.yaml", "name: X\ncolour: red\nlimits: {idle_end_s: 0}\n")

        ran = installed.outdial("agent", "add", file)

        assert ran.status == 2
        assert ran.error_lines == [
            "outdial: colour is not a field of an agent",
            "outdial: limits.idle_end_s must be between 1 and 600",
        ]

    def test_with_faults_in_its_flow_has_them_named_by_their_path(self, installed: Home) -> None:
        steps = "{a: {say: Hello., go: nowhere}, b: {say: [1], go: a}}"

        ran = installed.outdial("agent", "add", installed.file("flow.yaml", f"name: X\nflow: {{steps: {steps}}}"))

        assert ran.status == 2
        assert any(line.startswith("outdial: flow.steps.a.go: there is no step 'nowhere'") for line in ran.error_lines)

    def test_in_a_file_that_is_not_there_is_named(self, installed: Home) -> None:
        ran = installed.outdial("agent", "add", "/nowhere/agent.yaml")

        assert ran.status == 2
        assert "/nowhere/agent.yaml" in ran.errors


def trunk_named(home: Home, name: str) -> Trunk:
    async def look() -> Trunk:
        database, workspace_id = await _opened(home)
        try:
            row = next(row for row in await database.read(trunks, workspace_id) if row.name == name)
            trunk = await database.read(load_trunk, row.id)
            assert trunk is not None
            return trunk
        finally:
            await database.close()

    return asyncio.run(look())


def trunk_names(home: Home) -> set[str]:
    async def look() -> set[str]:
        database, workspace_id = await _opened(home)
        try:
            return {row.name for row in await database.read(trunks, workspace_id)}
        finally:
            await database.close()

    return asyncio.run(look())


def agent_tagged(home: Home, tag: str) -> AgentRow:
    async def look() -> AgentRow:
        database, workspace_id = await _opened(home)
        try:
            return next(row for row in await database.read(agents, workspace_id) if row.tag == tag)
        finally:
            await database.close()

    return asyncio.run(look())


async def _opened(home: Home) -> tuple[Database, str]:
    settings = load(home.environment())
    mine = await installation(settings)
    return await Database.open(settings.database_url, keys_path=settings.keys_path), mine.workspace_id
