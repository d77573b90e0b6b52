"""``outdial kb``: what agents look things up in, from the command line."""

from __future__ import annotations

import re

from typer.testing import CliRunner, Result

from cli_builders import Home
from outdial.cli.knowledge import app


def kb(home: Home, *arguments: str) -> Result:
    return CliRunner().invoke(app, arguments, env=home.environment() | {"COLUMNS": "200", "NO_COLOR": "1"})


class TestKnowledge:
    def test_is_added_shown_listed_and_removed(self, installed: Home) -> None:
        file = installed.file("prices.txt", "A check-up costs 49 dollars.")

        added = kb(installed, "add", "Prices", file, "--url", "https://a.test", "--faq", "Open?=From 9 to 6")

        assert added.exit_code == 0, added.output
        base_id = re.findall(r"added \((\S+)\)", added.stdout)[0]
        assert f"knowledge: [{base_id}]" in added.stdout
        assert kb(installed, "show", base_id).stdout.splitlines() == [
            "Prices: processing",
            "  pending    file  prices.txt",
            "  pending    url   https://a.test",
            "  completed  faq   Open?",
        ]
        assert f"{base_id}  " in kb(installed, "list").stdout
        assert kb(installed, "remove", base_id).exit_code == 0
        assert base_id not in kb(installed, "list").stdout

    def test_needs_both_sides_of_a_question(self, installed: Home) -> None:
        ran = kb(installed, "add", "Prices", "--faq", "Open?")

        assert ran.exit_code == 2
        assert "QUESTION=ANSWER" in ran.output

    def test_says_what_is_wrong_with_a_file(self, installed: Home) -> None:
        ran = kb(installed, "add", "Prices", installed.file("a.exe", "x"))

        assert "a.exe is none of PDF, DOCX, TXT, MD, CSV" in str(ran.exception)
