"""The documents are a contract: what they name exists, and what exists is named."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from api_builders import open_doors
from outdial.api.root import NATIVE_PATH, RINGG_PATH, RINGLY_PATH
from outdial.bootstrap.agent_file import read_agent
from outdial.cli.app import app
from outdial.settings import Settings, load
from outdial.store.database import Database

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
PAGES = sorted(
    [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("src/**/*.md")], key=lambda page: page.as_posix()
)
NAMES = [page.relative_to(ROOT).as_posix() for page in PAGES]
each_page = pytest.mark.parametrize("page", PAGES, ids=NAMES)


def links(page: Path) -> list[str]:
    """Targets of links and pictures that lead to somewhere in the repository."""
    targets = re.findall(r"\]\(([^)\s]+)\)", page.read_text("utf-8"))
    return [target for target in targets if not re.match(r"[a-z]+:", target)]


def headings(page: Path) -> set[str]:
    """What a heading is called in a link to it."""
    titles = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def code(page: Path) -> Iterator[str]:
    """Every line of a code block, joined where it goes on, and every piece of code within a sentence."""
    text = page.read_text("utf-8")
    for block in re.findall(r"^ *```\w*\n(.*?)```", text, re.DOTALL | re.MULTILINE):
        yield from block.replace("\\\n", " ").splitlines()
    yield from re.findall(r"`([^`\n]+)`", re.sub(r"^ *```.*?```", "", text, flags=re.DOTALL | re.MULTILINE))


def commands(page: Path, program: str) -> list[list[str]]:
    """The words after ``program`` of every command line that starts it."""
    calls = [re.match(rf"\s*(?:[A-Z_]+=\S* )*(?:\S*/)?{program}(?: +(\S.*))?$", line) for line in code(page)]
    return [shlex.split(call[1], comments=True) for call in calls if call is not None and call[1]]


def command_of(words: list[str]) -> tuple[TyperCommand | TyperGroup, list[str]]:
    """The command of ``outdial`` that ``words`` begin with, and the rest of them."""
    command = get_command(app)
    while isinstance(command, TyperGroup) and words:
        assert words[0] in command.commands, f"there is no command {words[0]!r} of outdial"
        command, words = command.commands[words[0]], words[1:]
    assert isinstance(command, (TyperCommand, TyperGroup))
    return command, words


def examples(page: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", (ROOT / page).read_text("utf-8"), re.DOTALL)


@each_page
class TestAPage:
    def test_leads_nowhere_but_to_what_is_there(self, page: Path) -> None:
        lost = []
        for target in links(page):
            file, _, heading = target.partition("#")
            there = page.parent / file if file else page
            if not there.exists() or (heading and heading not in headings(there)):
                lost.append(target)

        assert not lost

    def test_names_no_file_that_is_not_there(self, page: Path) -> None:
        named = {
            word
            for piece in code(page)
            for word in re.findall(r"(?<!\S)[\w./-]+/[\w.-]+\.(?:py|md|toml|txt)(?!\S)", piece)
        }

        places = (ROOT, ROOT / "src", ROOT / "src" / "outdial", page.parent)
        assert not [file for file in named if not any((place / file).exists() for place in places)]

    def test_names_commands_and_options_that_exist(self, page: Path) -> None:
        for words in commands(page, "outdial"):
            command, rest = command_of(words)
            options = {name for option in command.params for name in (*option.opts, *option.secondary_opts)}

            assert {word for word in rest if word.startswith("--")} <= options, words

    def test_names_targets_of_make_that_exist(self, page: Path) -> None:
        targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))

        assert {word for words in commands(page, "make") for word in words if "=" not in word} <= targets

    def test_names_variables_that_mean_something(self, page: Path) -> None:
        of_settings = {f"OUTDIAL_{name.upper()}" for name in Settings.model_fields} | {"OUTDIAL_SETTINGS_FILE"}
        of_options = {str(option.envvar) for option in command_of(["trunk", "add"])[0].params if option.envvar}
        of_tests = set(re.findall(r"OUTDIAL_TEST_\w+", (ROOT / "tests" / "postgres_server.py").read_text("utf-8")))

        named = set(re.findall(r"OUTDIAL_[A-Z0-9_]*[A-Z0-9]", page.read_text("utf-8")))

        assert named <= of_settings | of_options | of_tests


class TestTheRoutes:
    @pytest.mark.parametrize(
        ("page", "doors"), [("dialects.md", (RINGG_PATH, RINGLY_PATH)), ("native.md", (NATIVE_PATH,))]
    )
    async def test_in_the_tables_are_those_that_are_served(
        self, tmp_path: Path, page: str, doors: tuple[str, ...]
    ) -> None:
        database = await Database.open(f"sqlite:///{tmp_path / 'outdial.db'}")
        async with open_doors(database, tmp_path) as opened:
            documents = [(await opened.http.get(f"{path}/openapi.json")).json() for path in doors]
        await database.close()
        served = {
            f"{method.upper()} {path}"
            for document in documents
            for path, operations in document["paths"].items()
            for method in operations
        }

        text = (ROOT / "docs" / page).read_text("utf-8").partition("\n## Routes\n")[2].partition("\n## ")[0]
        table = "\n".join(line for line in text.splitlines() if line.startswith("|"))
        named = {route.partition("?")[0] for route in re.findall(r"`([A-Z]+ /[^`]+)`", table)}
        assert named == served

    def test_in_the_examples_of_the_native_api_are_served(self) -> None:
        page = (ROOT / "docs" / "native.md").read_text("utf-8")
        routes = {route.replace("{call_id}", "CALL_ID") for route in re.findall(r"`[A-Z]+ (/[^`]+)`", page)}

        asked = set(re.findall(r"http://127\.0\.0\.1:8600/v1(/\S+)", page))

        assert {path.replace("+15550001111", "{number}") for path in asked} <= routes


class TestTheReadme:
    def test_leads_to_every_page(self) -> None:
        linked = {(ROOT / target).resolve() for target in links(README)}

        assert not [page.name for page in (ROOT / "docs").glob("*.md") if page not in linked]
        assert ROOT / "docs" / "decisions" in linked
        assert ROOT / "CONTRIBUTING.md" in linked

    def test_shows_a_call_as_both_dialects_are_asked_for_it(self) -> None:
        assert "/ca/api/v0/calling/outbound/individual" in README.read_text("utf-8")


class TestTheExamples:
    @pytest.mark.parametrize("text", examples("docs/flows.md", "yaml"))
    def test_of_agents_are_files_that_can_be_added(self, text: str) -> None:
        assert read_agent(text).name == yaml.safe_load(text)["name"]

    def test_of_settings_can_be_loaded(self, tmp_path: Path) -> None:
        (text,) = examples("docs/settings.md", "yaml")
        (tmp_path / "outdial.yaml").write_text(text)

        settings = load({"OUTDIAL_HOME": str(tmp_path)})

        assert settings.http_port == yaml.safe_load(text)["http_port"]

    def test_of_a_plug_in_can_be_loaded(self, tmp_path: Path) -> None:
        lines = [line.partition("=") for text in examples("docs/speech.md", "") for line in text.split("\n") if line]

        settings = load({name: value for name, _, value in lines} | {"OUTDIAL_HOME": str(tmp_path)})

        assert settings.speech == "livekit"
