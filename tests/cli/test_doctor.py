"""``outdial doctor``: one line for each thing looked at, and for what is ill the way to mend it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest

from chat_endpoint import Answer, Endpoint, Fails, an_endpoint, raw, text
from chat_streams import stored
from cli_builders import Home, Ran, a_home, an_occupied_port
from platform_builders import free_tcp_port


@pytest.fixture(scope="module")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, Ran]:
    """A home never used before, and what the doctor says about it."""
    home = a_home(tmp_path_factory.mktemp("healthy"))
    return home, home.outdial("doctor")


@pytest.fixture(scope="module")
def ill(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, int, Ran]]:
    """An occupied port, a trunk's port where nobody is, and what the doctor says about a home that needs both."""
    home = a_home(tmp_path_factory.mktemp("ill"))
    nobody = free_tcp_port()
    home.outdial("trunk", "add", "silent", "--host", "127.0.0.1", "--port", str(nobody), "--transport", "tcp")
    (home.folder / "models" / "whisper").mkdir(parents=True)
    with an_occupied_port() as taken:
        yield (
            taken,
            nobody,
            home.outdial(
                "doctor",
                HTTP_PORT=str(taken),
                SIP_PORT=str(taken),
                SPEECH="local",
                MODELS_DIR=str(home.folder / "models"),
            ),
        )


def notes(ran: Ran) -> dict[str, tuple[str, str]]:
    """For each thing looked at, its mark (``ok`` or ``mend``) and what was said."""
    lines = [line for line in ran.printed.splitlines() if line.startswith(("ok", "mend"))]
    return {line[5:23].strip(): (line[:4].strip(), line[23:].strip()) for line in lines}


class TestAHealthyHome:
    def test_passes(self, healthy: tuple[Home, Ran]) -> None:
        _, ran = healthy

        assert ran.status == 0, ran.printed
        assert ran.printed.splitlines()[-1] == "all is well"
        assert {mark for mark, _ in notes(ran).values()} == {"ok"}

    def test_has_everything_looked_at(self, healthy: tuple[Home, Ran]) -> None:
        home, ran = healthy

        found = notes(ran)
        assert list(found) == [
            "home",
            "files",
            "database",
            "secrets",
            "HTTP port",
            "SIP ports",
            "speech (scripted)",
            "language model",
            "trunk simulated",
            "webhooks",
        ]
        assert f"http://127.0.0.1:{home.port} is free" in found["HTTP port"][1]
        assert str(home.folder) in found["home"][1]


class TestAHomeOfANodeThatDialsNothing:
    def test_needs_neither_sip_nor_speech(self, home: Home) -> None:
        with an_occupied_port() as taken:
            ran = home.outdial("doctor", MEDIA_WORKERS="0", SIP_PORT=str(taken))

        assert ran.status == 0
        assert "OUTDIAL_MEDIA_WORKERS is 0" in notes(ran)["media workers"][1]
        assert not {"SIP ports", "speech (scripted)"} & set(notes(ran))


PROMPTED = "name: Ann\ntag: ann\nlanguage: en-US\ngreeting: Hello.\nprompt: [{title: Task, content: Be kind.}]\n"


@asynccontextmanager
async def doctored(home: Home, *answers: Answer, **settings: str) -> AsyncIterator[tuple[Ran, Endpoint]]:
    """What the doctor says beside a model endpoint with these answers."""
    async with an_endpoint(*answers) as endpoint:
        given = {"CHAT_BASE_URL": endpoint.base_url, "CHAT_MODEL": "tiny", **settings}
        yield await asyncio.to_thread(home.outdial, "doctor", **given), endpoint


class TestAHomeWithALanguageModel:
    async def test_has_it_tried_with_a_small_request(self, home: Home) -> None:
        async with doctored(home, text("Hello, ", "I hear you.")) as (ran, endpoint):
            mark, note = notes(ran)["language model"]

        assert (mark, ran.status) == ("ok", 0)
        assert "(model tiny) said its first word after" in note
        assert [request["model"] for request in endpoint.requests] == ["tiny"]

    @pytest.mark.parametrize(
        ("answers", "says"),
        [
            ([raw("<html>Welcome</html>", content_type="text/html")] * 2, "does chat_base_url end in /v1?"),
            ([raw('{"object": "list", "data": []}', content_type="application/json")] * 2, "JSON"),
            ([raw(stored("empty.sse"))] * 2, "the answer was empty"),
            ([Fails(401)], "refused the key"),
            ([Fails(400, "tiny does not support tools")], "OUTDIAL_CHAT_TOOL_MODE=json_schema"),
        ],
    )
    async def test_is_told_what_it_answers_instead(self, home: Home, answers: list[Answer], says: str) -> None:
        async with doctored(home, *answers) as (ran, _):
            mark, note = notes(ran)["language model"]

        assert (mark, ran.status) == ("mend", 1)
        assert says in note

    async def test_has_the_models_tried_that_its_agents_name(self, home: Home) -> None:
        await asyncio.to_thread(home.outdial, "init")
        file = home.file("ann.yaml", f"{PROMPTED}model: large\n")
        await asyncio.to_thread(home.outdial, "agent", "add", file)

        async with doctored(home, text("Hello."), CHAT_MODEL="") as (ran, endpoint):
            assert notes(ran)["language model"][0] == "ok"

        assert [request["model"] for request in endpoint.requests] == ["large"]


class TestAnAgentWithoutAModel:
    @pytest.mark.parametrize(
        ("settings", "says"),
        [({}, "set OUTDIAL_CHAT_BASE_URL"), ({"CHAT_BASE_URL": "http://127.0.0.1:9/v1"}, "set OUTDIAL_CHAT_MODEL")],
    )
    def test_is_named(self, home: Home, settings: dict[str, str], says: str) -> None:
        home.outdial("init")
        home.outdial("agent", "add", home.file("ann.yaml", PROMPTED))

        ran = home.outdial("doctor", **settings)

        mark, note = notes(ran)["language model"]
        assert (mark, ran.status) == ("mend", 1)
        assert note.startswith("Ann has no flow")
        assert says in note


class TestAnIllHome:
    def test_fails_and_counts_what_to_mend(self, ill: tuple[int, int, Ran]) -> None:
        _, _, ran = ill

        assert ran.status == 1
        assert ran.printed.splitlines()[-1] == "4 to mend"
        marks = {what: mark for what, (mark, _) in notes(ran).items()}
        assert [what for what, mark in marks.items() if mark == "mend"] == [
            "HTTP port",
            "SIP ports",
            "speech (local)",
            "trunk silent",
        ]

    def test_is_told_which_ports_are_occupied_and_which_settings_to_change(self, ill: tuple[int, int, Ran]) -> None:
        taken, _, ran = ill

        found = notes(ran)
        assert f"127.0.0.1:{taken}" in found["HTTP port"][1]
        assert "OUTDIAL_HTTP_PORT" in found["HTTP port"][1]
        assert f"127.0.0.1:{taken} is occupied" in found["SIP ports"][1]
        assert "OUTDIAL_SIP_PORT" in found["SIP ports"][1]

    def test_is_told_which_model_is_incomplete(self, ill: tuple[int, int, Ran]) -> None:
        _, _, ran = ill

        assert "model.bin, config.json, vocabulary.txt or vocabulary.json is missing" in notes(ran)["speech (local)"][1]

    def test_is_told_that_a_trunk_does_not_answer(self, ill: tuple[int, int, Ran]) -> None:
        _, nobody, ran = ill

        assert f"127.0.0.1:{nobody} over TCP refuses connections" in notes(ran)["trunk silent"][1]

    def test_whose_models_folder_is_not_there_is_told_so_at_once(self, home: Home) -> None:
        ran = home.outdial("doctor", MODELS_DIR="/nowhere/models")

        assert ran.status == 2
        assert len(ran.error_lines) == 1
        assert "OUTDIAL_MODELS_DIR" in ran.errors
        assert "/nowhere/models" in ran.errors

    def test_whose_database_is_another_one_is_told_what_happened(self, home: Home) -> None:
        home.outdial("init")

        ran = home.outdial("doctor", DATABASE_URL=f"sqlite:///{home.folder}/other.db")

        assert ran.status == 1
        assert notes(ran)["database"][0] == "ok"
        assert "names a workspace that is not in the database" in notes(ran)["workspace"][1]

    def test_at_an_address_that_is_not_this_machines_is_told_which_setting(self, home: Home) -> None:
        ran = home.outdial("doctor", HTTP_HOST="192.0.2.1", SIP_HOST="192.0.2.1")

        assert ran.status == 1
        assert "OUTDIAL_HTTP_HOST" in notes(ran)["HTTP port"][1]
        assert "OUTDIAL_SIP_HOST" in notes(ran)["SIP ports"][1]
