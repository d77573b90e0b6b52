"""What is wrong with a flow is said at once, all of it, with its place."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from flow_builders import Talk
from outdial.domain.errors import Fault, Invalid
from outdial.language.flow_parsing import parse


def faults_of(flow: str) -> dict[str, str]:
    """Message by dotted path."""
    with pytest.raises(Invalid) as invalid:
        parse(yaml.safe_load(flow))
    return {".".join(fault.path): fault.message for fault in invalid.value.faults}


class TestAStepThatIsNamed:
    @pytest.mark.parametrize(
        ("flow", "path"),
        [
            ("steps: {a: {say: Hi., go: nowhere}}", "flow.steps.a.go"),
            ("steps: {a: {ask: Hi?, otherwise: nowhere, go: a}}".replace("Hi?", "'Hi?'"), "flow.steps.a.otherwise"),
            ("steps: {a: {ask: Hi, expect: [{hear: yes, go: nowhere}], go: a}}", "flow.steps.a.expect.0.go"),
            (
                "steps: {a: {branch: [{when: {x: y}, go: nowhere}], go: b}, b: {ask: Hi, go: b}}",
                "flow.steps.a.branch.0.go",
            ),
            ("{always: [{hear: human, go: nowhere}], steps: {a: {say: Hi., hang_up: true}}}", "flow.always.0.go"),
            ("{start: nowhere, steps: {a: {say: Hi., hang_up: true}}}", "flow.start"),
        ],
    )
    def test_must_exist(self, flow: str, path: str) -> None:
        assert faults_of(flow)[path].startswith("there is no step 'nowhere'; the flow has: a")


class TestAWayThroughTheFlow:
    def test_must_lead_to_every_step(self) -> None:
        found = faults_of("steps: {a: {say: Hi., go: c}, b: {say: Lost., go: c}, c: {hang_up: true}}")

        assert found == {"flow.steps.b": "step b cannot be reached: no step goes there"}

    def test_must_not_go_round_without_a_question(self) -> None:
        found = faults_of("steps: {a: {say: Hi., go: b}, b: {say: And., go: a}}")

        assert set(found) == {"flow.steps.a", "flow.steps.b"}
        assert found["flow.steps.a"] == "step a comes back to itself without a question"

    def test_may_go_round_with_one(self) -> None:
        parse(yaml.safe_load("steps: {a: {say: Hi., go: b}, b: {ask: Again, go: a}}"))

    def test_must_not_end_in_the_air(self) -> None:
        assert faults_of("steps: {a: {say: Hi.}}") == {
            "flow.steps.a": "step a is the last: it must hang_up or go to a step"
        }

    def test_may_end_in_a_question_whose_answers_all_lead_on(self) -> None:
        parse(yaml.safe_load("steps: {end: {hang_up: true}, a: {ask: Hi, expect: [{hear: yes, go: end}]}}\nstart: a"))


class TestAField:
    @pytest.mark.parametrize(
        ("flow", "path", "message"),
        [
            ("steps: {a: {sya: Hi., hang_up: true}}", "flow.steps.a.sya", "unknown field sya; did you mean say?"),
            ("steps: {a: {say: '', hang_up: true}}", "flow.steps.a.say", "say must be text that is not empty"),
            ("steps: {a: {say: [Hi., {x: 1}], hang_up: true}}", "flow.steps.a.say", "say must be text"),
            ("steps: {a: {}, b: {hang_up: true}}", "flow.steps.a", "step a does nothing"),
            ("steps: {yes: {say: Hi., hang_up: true}}", "flow.steps.True", "write the step's name True in quotes"),
            ("steps: {a: hello}", "flow.steps.a", "a must be a mapping"),
            ("steps: {}", "flow.steps", "a flow needs at least one step"),
            ("{}", "flow.steps", "a flow needs at least one step"),
            ("hello", "flow", "flow must be a mapping"),
            ("steps: {a: {say: Hi., save: x, hang_up: true}}", "flow.steps.a.save", "save needs a question"),
            ("steps: {a: {say: Hi., expect: [yes], hang_up: true}}", "flow.steps.a.expect", "expect needs a question"),
            ("steps: {a: {ask: Hi, save: two words, go: a}}", "flow.steps.a.save", "save must be a name"),
            ("steps: {a: {press: hello, hang_up: true}}", "flow.steps.a.press", "press must be keys of a phone"),
            ("steps: {a: {ask: Hi, tries: 0, go: a}}", "flow.steps.a.tries", "tries must be a whole number"),
            ("steps: {a: {ask: Hi, tries: many, go: a}}", "flow.steps.a.tries", "tries must be a whole number"),
            ("steps: {a: {say: Hi., hang_up: maybe}}", "flow.steps.a.hang_up", "hang_up must be true or false"),
            ("steps: {a: {ask: Hi, hang_up: true}}", "flow.steps.a.hang_up", "a step that hangs up cannot also"),
            ("steps: {a: {ask: Hi, expect: [{go: a}], go: a}}", "flow.steps.a.expect.0", "an alternative needs hear"),
            ("steps: {a: {ask: Hi, expect: [{hear: [{}]}], go: a}}", "flow.steps.a.expect.0.hear", "hear must be"),
            ("steps: {a: {branch: [{go: b}]}, b: {hang_up: true}}", "flow.steps.a.branch.0.when", "when must name"),
            ("steps: {a: {branch: [{when: {x: y}}]}, b: {go: a}}", "flow.steps.a.branch.0.go", "a branch needs go"),
            ("replies: []", "flow.replies", "a persona needs at least one reply"),
            ("replies: [{say: Hi.}]", "flow.replies.0.hear", "hear must be a text"),
        ],
    )  # fmt: skip
    def test_that_is_wrong_is_named(self, flow: str, path: str, message: str) -> None:
        assert faults_of(flow)[path].startswith(message)

    def test_does_not_hide_the_others(self) -> None:
        found = faults_of("{tries: x, steps: {a: {sya: Hi., press: zz}, b: {ask: 1, tries: 99}}}")

        assert {"flow.tries", "flow.steps.a.sya", "flow.steps.a.press", "flow.steps.b.tries"} <= set(found)


class TestARegex:
    @pytest.mark.parametrize(
        ("regex", "message"),
        [
            ("(", "regex cannot be read: missing )"),
            ("a(?=b)", "regex cannot be read: groups that begin with (? may only be"),
            (r"(a)\1", "regex cannot be read: invalid escape sequence"),
            (r"\bहाँ\b", r"regex cannot be read: \b cannot be used"),
            (r"\C", r"regex cannot be read: \C cannot be used"),
            ("(.{0,30}){30}", "regex cannot be read: it is too large"),
            ("(?:(?:[a-z]{1,99}){1,9}){1,9}", "regex cannot be read: it repeats too often: {1,9}"),
            ("a" * 501, "regex cannot be read: it has more than 500 characters"),
        ],
    )
    def test_that_cannot_be_searched_in_linear_time_is_refused(self, regex: str, message: str) -> None:
        flow = {"steps": {"a": {"ask": "Hi", "expect": [{"regex": regex}], "go": "a"}}}

        assert faults_of(yaml.safe_dump(flow))["flow.steps.a.expect.0.regex"].startswith(message)

    def test_gives_its_first_group_as_the_answer(self) -> None:
        talk = Talk(r"""
            steps:
              a: {ask: "Which order?", save: order, expect: [{regex: 'order (?:number )?(\d{5})\b'}]}
              b: {say: "Order {{order}}.", hang_up: true}
        """)
        talk.begins()

        assert talk.hears("It is order number four seven two nine one.") == "Order 47291."


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from("start steps always say ask expect hear go when branch regex replies else a b".split()),  # noqa: SIM905
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(anything)
def test_whatever_is_written_is_either_a_flow_or_has_faults_with_places(written: object) -> None:
    faults: tuple[Fault, ...] = ()
    try:
        parse(written)
    except Invalid as invalid:
        faults = invalid.faults

    assert all(fault.path[0] == "flow" and fault.message for fault in faults)
