"""Patterns of customers: searched in linear time, in the words of Python's ``re`` as far as RE2 has them."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flow_builders import Talk
from outdial.domain.limits import MAX_HEARD_LETTERS
from outdial.language.flow_cache import ParsedFlows
from outdial.language.flow_model import Flow
from outdial.language.flow_parsing import parse_stored
from outdial.language.patterns import Pattern, PatternError

BOMBS = (
    "(?:[a-z ]?){99}!",
    "(a+)+!",
    "(a|a)*!",
    "(a|aa)+$!",
    "(.*a){12}!",
    "^(([a-z])+.)+[A-Z]([a-z])+$!",
    "(?:a?){99}a{99}!",
    "(x+x+)+y",
)


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_takes_no_time(bomb: str) -> None:
    pattern, heard = Pattern(bomb), "a " * MAX_HEARD_LETTERS + "a" * MAX_HEARD_LETTERS
    began = time.process_time()

    for _ in range(50):
        assert pattern.value_in(heard) is None
        assert pattern.value_in("a" * MAX_HEARD_LETTERS) is None

    # Milliseconds; the engine before took longer than anybody waited for one of them.
    assert time.process_time() - began < 2


@pytest.mark.parametrize(
    ("pattern", "heard", "value"),
    [
        (r"(?P<order>\d{3,6})\Z", "order 47291", "47291"),
        (r"(?P<who>\w+) speaking", "हाँ राहुल speaking", "राहुल"),
        (r"[^\W\d]+", "42 नमस्ते", "नमस्ते"),
        (r"[\w]+é", "le café", "café"),
        (r"\d+", "मेरा नंबर ४२", "४२"),
        (r"[]x]+", "a]x", "]x"),
        (r"a{,2}b", "aab", "aab"),
        (r"\u0939\w+", "जी हाँ", "हाँ"),
        (r"\bgood\b", "very good day", "good"),
        (r"(yes)|(no)", "yes", "yes"),
        (r"YES", "yes", "yes"),
    ],
)
def test_means_what_it_meant_to_pythons_engine(pattern: str, heard: str, value: str) -> None:
    assert Pattern(pattern).value_in(heard) == value


@given(st.text(alphabet=r"ab1 é()[]{}*+?|^$.\dwWbzZ,:P<>=!-", max_size=30), st.text(alphabet="ab1 é", max_size=30))
def test_whatever_is_written_is_refused_or_searched(pattern: str, heard: str) -> None:
    try:
        Pattern(pattern).check()
    except PatternError:
        assert Pattern(pattern).value_in(heard) is None
    else:
        value = Pattern(pattern).value_in(heard)
        assert value is None or value in heard


@given(
    st.lists(st.sampled_from(["a", "b", " ", ".", "[ab]", "[^b]", "(?:a|b)", r"\w", r"\d"]), min_size=1, max_size=5),
    st.sampled_from(["", "?", "*", "{1,2}"]),
    st.text(alphabet="ab 1", max_size=12),
)
def test_finds_what_pythons_engine_finds(parts: list[str], repeated: str, heard: str) -> None:
    written = "".join(parts) + repeated
    expected = re.search(written, heard)

    assert Pattern(written).value_in(heard) == (expected and expected[0])


def test_one_that_was_stored_before_and_is_refused_now_never_matches() -> None:
    flow = {"steps": {"a": {"ask": "Well?", "expect": [{"regex": "(?=x)", "go": "a"}, {"hear": "x", "go": "b"}]}}}
    stored = parse_stored(flow | {"steps": {**flow["steps"], "b": {"say": "Bye.", "hang_up": True}}})

    assert isinstance(stored, Flow)
    pattern = stored.steps["a"].expect[0].regex
    assert pattern is not None
    assert pattern.value_in("x") is None


def test_a_call_goes_on_with_such_a_pattern() -> None:
    talk = Talk(r"""
        steps:
          a: {ask: "Well?", expect: [{regex: '(?<!no )yes', go: c}, {hear: "yes", go: b}]}
          b: {say: "By the phrase.", hang_up: true}
          c: {say: "By the pattern.", hang_up: true}
    """)
    talk.begins()

    assert talk.hears("Yes.") == "By the phrase."


class TestAFlow:
    def test_is_parsed_once_for_all_calls_that_follow_it(self) -> None:
        parsed, flow = ParsedFlows(), {"steps": {"a": {"say": "Hi.", "hang_up": True}}}

        assert parsed.of(flow) is parsed.of({"steps": {"a": {"say": "Hi.", "hang_up": True}}})

    def test_of_which_little_is_kept_goes_when_others_come(self) -> None:
        parsed = ParsedFlows(most_letters=100)
        flows = [{"steps": {"a": {"say": f"Hello number {n}.", "hang_up": True}}} for n in range(5)]
        first = parsed.of(flows[0])

        for flow in flows[1:]:
            parsed.of(flow)

        assert parsed.of(flows[0]) == first
        assert parsed.of(flows[0]) is not first
