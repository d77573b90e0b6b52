"""The numbers are a promise: what the page names exists, and what exists is named."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from outdial.carriers.simulator.echo import Echo
from outdial.carriers.simulator.personas import brief_of
from outdial.carriers.simulator.scenarios import RESIDENTS, SOMEBODY, Callee, Manner, PhoneBook
from outdial.domain.errors import Broken
from outdial.language.flow_model import Persona
from outdial.language.flow_parsing import parse

PAGE = (Path(__file__).parents[2] / "docs" / "simulated-network.md").read_text("utf-8")


def outcome_of(callee: Callee) -> str:
    if callee.refusal is not None:
        refusal = callee.refusal
        return f"`{refusal.outcome}`, SIP {refusal.sip_code}, Q.850 {refusal.q850}"
    return "`no_answer`, SIP 487" if callee.rings_s > 3600 else "`completed`"


class TestThePage:
    def test_lists_every_number_and_no_other(self) -> None:
        rows = re.findall(r"^\| `(\+\d+)` \| (.+?) \| (.+?) \| (.+?) \|$", PAGE, re.MULTILINE)

        assert rows == [(number, c.name, c.summary, outcome_of(c)) for number, c in RESIDENTS.items()]

    def test_has_examples_that_run(self, capsys: pytest.CaptureFixture[str]) -> None:
        for example in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL):
            exec(compile(example, "docs/simulated-network.md", "exec"), {})

        assert "busy" in capsys.readouterr().out


class TestThePhoneBook:
    def test_has_somebody_at_every_other_number(self) -> None:
        assert PhoneBook().callee("+442071838750") is SOMEBODY

    def test_lets_a_number_say_how_long_it_rings(self) -> None:
        assert PhoneBook().callee("+15550004123").rings_s == 123

    def test_lets_a_number_say_how_late_its_line_echoes(self) -> None:
        assert PhoneBook().callee("+15550005123").echo == Echo(delay_ms=123, level_db=-12)


class TestAPersona:
    @pytest.mark.parametrize("callee", [c for c in (*RESIDENTS.values(), SOMEBODY) if c.manner is Manner.TALKS
                                        and c.refusal is None and c.persona], ids=lambda c: c.name)  # fmt: skip
    def test_of_everybody_who_talks_can_be_read_and_listens_first(self, callee: Callee) -> None:
        brief = brief_of(callee.persona)

        assert isinstance(parse(brief.flow), Persona)
        assert brief.greeting == ""

    def test_that_does_not_exist_is_our_fault(self) -> None:
        with pytest.raises(Broken, match="nobody_at_all"):
            brief_of("nobody_at_all")

    def test_belongs_to_everybody_who_talks(self) -> None:
        talks = [c for c in RESIDENTS.values() if c.manner is Manner.TALKS and c.refusal is None and c.rings_s < 3600]

        assert all(callee.persona for callee in talks)
