"""The command line beside a server that runs: calls are followed to their end, and nothing is started twice."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest

from cli_builders import Home, refused_to_serve
from platform_builders import Platform, free_tcp_port
from sip_builders import a_certificate

EARLY = "+15550003004"
pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="module")
async def platform(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Platform]:
    """Running, with a fixed SIP port, and with a trunk whose CA file was deleted since."""
    home = tmp_path_factory.mktemp("platform")
    running = Platform(home, {"OUTDIAL_SPEECH": "scripted", "OUTDIAL_SIP_PORT": str(free_tcp_port())})
    running.mine = json.loads(await running.outdial("init", "--json"))
    certificate, _ = await a_certificate(home)
    described = ("--host", "127.0.0.1", "--port", "5061", "--transport", "tls", "--ca-file", str(certificate))
    await running.outdial("trunk", "add", "secure", *described)
    await running.add_agent("says", "{say: Goodbye., hang_up: true}")
    certificate.unlink()
    try:
        await running.start()
        yield running
    finally:
        await running.stop()


class TestACall:
    async def test_is_shown_until_it_has_ended(self, platform: Platform) -> None:
        """A trunk's missing CA file is that trunk's trouble only."""
        printed = await platform.outdial("call", EARLY, "--agent", "says", "--name", "Sam Sample")

        shown = [line for line in printed.splitlines() if " s " in line]
        assert printed.startswith("call ")
        for fact in ("dialing", "ringing", "answered", "» Goodbye.", "the agent hung up", "completed"):
            assert any(fact in line for line in shown), (fact, printed)

    async def test_need_not_be_watched(self, platform: Platform) -> None:
        printed = await platform.outdial("call", EARLY, "--agent", "says", "--no-follow")

        assert len(printed.splitlines()) == 1
        assert (await platform.details(printed.split()[1]))["to_number"] == EARLY


class TestTheDoctor:
    def test_knows_the_server_that_runs_and_its_ports(self, platform: Platform) -> None:
        home = Home(platform.home, platform.port)

        ran = home.outdial("doctor", SIP_PORT=platform.settings["OUTDIAL_SIP_PORT"])

        assert f"Outdial runs at http://127.0.0.1:{platform.port}" in ran.printed
        assert "is in use by the server that runs" in ran.printed
        assert ran.printed.splitlines()[-1] == "1 to mend"
        assert "mend trunk secure" in ran.printed


class TestASecondServer:
    async def test_is_refused_while_the_first_runs(self, platform: Platform) -> None:
        line = await refused_to_serve(Home(platform.home, platform.port))

        assert f"cannot listen on 127.0.0.1:{platform.port}: Address already in use" in line
