"""``outdial call`` where no server runs: what is checked before anything is written down, and what is said."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from cli_builders import Home, an_occupied_port
from outdial.bootstrap.installation import installation
from outdial.domain.clock import utc_now
from outdial.domain.record import CallRecord
from outdial.settings import load
from outdial.store.calls.reading import Filters, history
from outdial.store.database import Database

SAM = "+15550001111"


def calls_of(home: Home) -> list[CallRecord]:
    async def look() -> list[CallRecord]:
        settings = load(home.environment())
        mine = await installation(settings)
        database = await Database.open(settings.database_url, keys_path=settings.keys_path)
        try:
            return (await database.read(history, mine.workspace_id, Filters(), now=utc_now))[0]
        finally:
            await database.close()

    return asyncio.run(look())


class TestACall:
    def test_is_accepted_though_no_server_runs_and_says_so(self, installed: Home) -> None:
        ran = installed.outdial("call", SAM, "--name", "Sam Sample", "--var", "company_name=Example=Dental")

        assert ran.status == 0, ran.errors
        assert "no server runs: it will be dialled as soon as one does (outdial serve)" in ran.printed
        placed = calls_of(installed)[0]
        assert re.search(rf"call {placed.id} registered", ran.printed)
        assert (placed.to_number, placed.callee_name) == (SAM, "Sam Sample")
        assert placed.variables["company_name"] == "Example=Dental"

    def test_can_be_placed_on_a_fresh_machine(self, home: Home) -> None:
        assert home.outdial("call", SAM).status == 0

        assert len(calls_of(home)) == 1


class TestAMistake:
    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (("5550001111",), "TO_NUMBER '5550001111' is not an E.164 number such as +15550001111"),
            ((SAM, "--from", "me"), "--from 'me' is not an E.164 number such as +15550001111"),
            ((SAM, "--from", "+12025550199"), "Number not found: +12025550199"),
            ((SAM, "--agent", "nobody"), "Agent not found: nobody"),
            (
                (SAM, "--agent", "00000000-0000-4000-8000-000000000000"),
                "Agent not found: 00000000-0000-4000-8000-000000000000",
            ),
        ],
    )
    def test_is_one_line_and_nothing_is_placed(self, installed: Home, arguments: tuple[str, ...], said: str) -> None:
        before = len(calls_of(installed))

        ran = installed.outdial("call", *arguments)

        assert ran.status == 2
        assert ran.error_lines == [f"outdial: {said}"]
        assert len(calls_of(installed)) == before

    def test_in_a_variable_shows_how_it_is_written(self, installed: Home) -> None:
        ran = installed.outdial("call", SAM, "--var", "company_name")

        assert ran.status == 2
        assert "NAME=VALUE" in ran.errors


class TestAnotherProgramOnOurPort:
    @pytest.mark.parametrize("command", [("call", SAM), ("demo",)])
    def test_is_not_taken_for_a_server_of_ours(self, installed: Home, command: tuple[str, ...]) -> None:
        with a_strange_server() as port:
            ran = installed.outdial(*command, HTTP_PORT=str(port))

        assert ran.status == 2
        assert f"another program answers on http://127.0.0.1:{port}" in ran.errors
        assert "OUTDIAL_HTTP_PORT" in ran.errors
        assert len(ran.error_lines) == 1


class TestADemoWhoseServerDoesNotComeUp:
    def test_hands_on_the_servers_last_words(self, home: Home) -> None:
        with an_occupied_port() as taken:
            ran = home.outdial("demo", SIMULATOR_SIP_PORT=str(taken))

        assert ran.status == 1
        assert len(ran.error_lines) == 1
        assert ran.errors.startswith(f"outdial: SIP port 127.0.0.1:{taken} is occupied")
        assert "OUTDIAL_SIMULATOR_SIP_PORT" in ran.errors


@contextmanager
def a_strange_server() -> Iterator[int]:
    class Strange(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<html>It works!</html>")

        def log_message(self, *_: object) -> None:
            """Quietly."""

    with HTTPServer(("127.0.0.1", 0), Strange) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            serving.join()
