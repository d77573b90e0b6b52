"""Flows of any size are judged in time linear in their size, and refused in a small answer."""

from __future__ import annotations

import time
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outdial.domain.errors import AND_MORE, Fault, Invalid
from outdial.domain.limits import (
    MAX_FAULTS_NAMED,
    MAX_FLOW_CHOICES,
    MAX_FLOW_NAME_LETTERS,
    MAX_FLOW_STEPS,
    MAX_FLOW_TEXT_LETTERS,
    MAX_PHRASE_LETTERS,
)
from outdial.language.flow_checks import check_ways
from outdial.language.flow_model import Flow, Persona, Step
from outdial.language.flow_parsing import parse, parse_stored

END: dict[str, Any] = {"say": "Bye.", "hang_up": True}


def branching(steps: int, *, over: str = "s{}") -> dict[str, Any]:
    """Steps that each lead to one of the next two."""
    written: dict[str, Any] = {
        f"s{at}": {
            "branch": [{"when": {"a": "b"}, "go": over.format(min(at + ahead, steps - 1))} for ahead in (1, 2)],
        }
        for at in range(steps - 1)
    }
    return {"steps": {**written, f"s{steps - 1}": END}}


def faults_of(flow: Any) -> tuple[Fault, ...]:
    with pytest.raises(Invalid) as wrong:
        parse(flow)
    return wrong.value.faults


def seconds_for(flow: Any) -> float:
    began = time.process_time()
    parse_stored(flow)
    return time.process_time() - began


def test_as_many_steps_as_are_allowed_are_read() -> None:
    flow = parse(branching(MAX_FLOW_STEPS))

    assert isinstance(flow, Flow)
    assert len(flow.steps) == MAX_FLOW_STEPS


def test_more_steps_are_refused_with_the_limit() -> None:
    (fault,) = faults_of(branching(MAX_FLOW_STEPS + 1))

    assert fault == Fault(("flow", "steps"), "steps has more than 500 steps", "too_long")


@pytest.mark.parametrize("steps", [5_000, 50_000])
def test_far_more_are_refused_by_their_size_at_once(steps: int) -> None:
    flow = branching(steps)
    began = time.process_time()

    (fault,) = faults_of(flow)

    assert (fault.path, fault.message) == (("flow",), "flow is larger than 256 kB")
    assert time.process_time() - began < 1


def test_a_large_flow_that_was_stored_before_still_talks_and_is_read_in_linear_time() -> None:
    small, large = seconds_for(branching(1_000)), seconds_for(branching(8_000))

    assert large < 40 * max(small, 0.005)


@pytest.mark.parametrize(
    ("flow", "path"),
    [
        ({"steps": {"a": {"say": "x" * (MAX_FLOW_TEXT_LETTERS + 1), "hang_up": True}}}, "flow.steps.a.say"),
        ({"steps": {"a": {"ask": ["x"] * (MAX_FLOW_CHOICES + 1), "go": "a"}}}, "flow.steps.a.ask"),
        ({"steps": {"a": {"ask": "x", "expect": ["x"] * (MAX_FLOW_CHOICES + 1), "go": "a"}}}, "flow.steps.a.expect"),
        (
            {"steps": {"a": {"ask": "x", "expect": [{"hear": ["x"] * (MAX_FLOW_CHOICES + 1)}], "go": "a"}}},
            "flow.steps.a.expect.0.hear",
        ),
        (
            {"steps": {"a": {"ask": "x", "expect": [{"hear": "x" * (MAX_PHRASE_LETTERS + 1)}], "go": "a"}}},
            "flow.steps.a.expect.0.hear",
        ),
        ({"steps": {"a": {"ask": "x", "expect": [{"hear": ["x"] * 101}] * 2, "go": "a"}}}, "flow.steps.a.expect"),
        ({"always": [{"hear": "x"}] * (MAX_FLOW_CHOICES + 1), "steps": {"a": END}}, "flow.always"),
        ({"replies": [{"hear": "x"}] * (MAX_FLOW_CHOICES + 1)}, "flow.replies"),
        (
            {"steps": {"a": {"branch": [{"when": {str(n): "x" for n in range(201)}, "go": "b"}]}, "b": END}},
            "flow.steps.a.branch.0.when",
        ),
        ({"give_up": "x" * (MAX_FLOW_TEXT_LETTERS + 1), "steps": {"a": END}}, "flow.give_up"),
    ],
)
def test_what_is_over_a_limit_is_refused_with_its_place(flow: Any, path: str) -> None:
    fault = faults_of(flow)[0]

    assert (".".join(fault.path), fault.kind) == (path, "too_long")


def test_a_long_name_of_a_step_is_refused_and_not_repeated() -> None:
    fault = faults_of({"steps": {"n" * (MAX_FLOW_NAME_LETTERS + 1): END}})[0]

    assert fault.kind == "too_long"
    assert len(str(fault)) < 500


@pytest.mark.parametrize(
    "flow",
    [
        branching(400, over="there is no such step as number {}"),
        {"steps": {f"s{at}": {"nobody_knows_this": 1} for at in range(500)}},
        {"steps": {f"s{at}": {"n" * 400: 1, "say": {}} for at in range(400)}},
        {"steps": {"a": {"branch": [{"go": "x" * 1_000}] * 200}}},
    ],
)
def test_thousands_of_faults_are_counted_and_the_first_named(flow: Any) -> None:
    faults = faults_of(flow)

    *named, last = faults
    assert len(named) == MAX_FAULTS_NAMED
    assert (last.kind, last.message) == (AND_MORE, f"and {last.stands_for} more")
    assert last.stands_for >= 100
    assert sum(len(fault.message) + len(".".join(fault.path)) for fault in faults) < 100_000


NAMES = [f"s{at}" for at in range(7)]


@given(st.fixed_dictionaries({name: st.tuples(st.booleans(), st.none() | st.sampled_from(NAMES)) for name in NAMES}))
def test_steps_go_round_without_a_question_exactly_when_one_can_walk_round(drawn: dict[str, Any]) -> None:
    steps = {name: Step(name, ask="Well?" if asks else "", go=go or "") for name, (asks, go) in drawn.items()}
    steps["end"] = Step("end", say="Bye.", hang_up=True)
    order = [*steps]
    after = dict(pairwise(order))
    flow = Flow(order[0], steps, after)

    def goes_round(name: str) -> bool:
        at, seen = name, set[str]()
        while at not in seen and not steps[at].ask and not steps[at].hang_up:
            seen.add(at)
            at = steps[at].go or after[at]
            if at == name:
                return True
        return False

    found = {fault.path[-1] for fault in check_ways(flow) if "comes back" in fault.message}

    assert found == {name for name in steps if goes_round(name)}


def test_a_persona_has_the_same_limits_and_reads_in_linear_time() -> None:
    replies = [{"hear": f"word {at}", "say": "Yes."} for at in range(MAX_FLOW_CHOICES)]

    persona = parse({"replies": replies})

    assert isinstance(persona, Persona)
    assert len(persona.replies) == MAX_FLOW_CHOICES
