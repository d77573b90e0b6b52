"""What a conversation is told, and what of it did not match."""

from __future__ import annotations

from outdial.domain.agent import Definition, PromptSection, TalkLimits, Voice
from outdial.domain.brief import Mismatch, brief_for, mismatch

AVA = Voice(id="v", name="ava", engine="local", languages=("en-US",))


class TestABrief:
    def test_has_every_word_filled_in(self) -> None:
        definition = Definition(
            greeting="Hello {{name}}.",
            prompt=(PromptSection("Task for {{name}}", "Ask about @{{topic}}."), PromptSection("", "Be kind.")),
            idle_question="{{name}}?",
            farewell="Bye {{name}}.",
        )

        brief = brief_for(definition, "Ava", AVA, {"name": "Jo", "topic": "rent"})

        assert brief.greeting == "Hello Jo."
        assert brief.instructions == "# Task for Jo\nAsk about rent.\n\nBe kind."
        assert (brief.idle_question, brief.farewell) == ("Jo?", "Bye Jo.")
        assert brief.variables == {"name": "Jo", "topic": "rent"}

    def test_puts_the_agents_defaults_under_the_calls_values(self) -> None:
        definition = Definition(greeting="{{a}} {{b}} {{c}}", defaults={"a": "default", "b": "default", "c": "default"})

        brief = brief_for(definition, "Ava", AVA, {"a": "given", "b": None})

        assert brief.greeting == "given default default"

    def test_fills_in_what_a_flow_expects_and_leaves_what_it_says(self) -> None:
        flow = {
            "unclear": "Pardon, {{name}}?",
            "steps": {
                "ask": {"ask": "Is this {{name}}?", "expect": [{"hear": "{{name}}", "say": "Good, {{name}}."}]},
            },
        }

        brief = brief_for(Definition(flow=flow), "Ava", AVA, {"name": "Jo"})

        assert brief.flow == {
            "unclear": "Pardon, {{name}}?",
            "steps": {
                "ask": {"ask": "Is this {{name}}?", "expect": [{"hear": "Jo", "say": "Good, {{name}}."}]},
            },
        }

    def test_takes_the_calls_limits_over_the_agents(self) -> None:
        definition = Definition(limits=TalkLimits(max_length_s=60))

        assert brief_for(definition, "Ava", AVA, {}).limits.max_length_s == 60
        assert brief_for(definition, "Ava", AVA, {}, TalkLimits(max_length_s=30)).limits.max_length_s == 30


class TestAMismatch:
    def test_names_what_is_missing_and_what_is_not_used(self) -> None:
        definition = Definition(greeting="{{company_name}} {{topic}}", defaults={"topic": "rent"})
        variables = {"companyName": "X", "callee_name": "Sam", "mobile_number": "+1", "order_id": 3}

        found = mismatch(definition, variables)

        assert found == Mismatch(missing=("company_name",), unused=("companyName", "order_id"))
        assert found.warnings(spelling_hints=True) == (
            "missing_variable:company_name",
            "unused_variable:companyName",
            "unused_variable:order_id",
        )
        assert found.warnings(spelling_hints=False) == ("missing_variable:company_name",)

    def test_does_not_mention_unused_names_while_nothing_is_missing(self) -> None:
        found = mismatch(Definition(greeting="{{name}}"), {"name": "Jo", "order_id": 3})

        assert found.warnings(spelling_hints=True) == ()

    def test_is_not_what_a_flow_will_learn_from_the_callee(self) -> None:
        flow = {"steps": {"when": {"ask": "When?", "save": "day"}, "end": {"say": "Until {{day}}, {{name}}."}}}

        assert mismatch(Definition(flow=flow), {}).missing == ("name",)


class TestTextsThatBecomeTooLong:
    FLOW = {"steps": {"a": {"ask": "x", "expect": [{"hear": ["{{name}}"] * 200}], "go": "a"}}}  # noqa: RUF012
    DEFINITION = Definition(
        greeting="{{name}} " * 200,
        prompt=tuple(PromptSection("", "{{name}} " * 100) for _ in range(20)),
        idle_question="Are you there?",
        farewell="Bye {{name}}" * 100,
        flow=FLOW,
    )

    def test_are_named_when_the_call_is_taken(self) -> None:
        found = mismatch(self.DEFINITION, {"name": "word " * 300})

        assert found.too_long == ("greeting", "farewell", "prompt")
        assert found.warnings(spelling_hints=True) == (
            "text_too_long:greeting",
            "text_too_long:farewell",
            "text_too_long:prompt",
        )

    def test_are_cut_in_the_call(self) -> None:
        brief = brief_for(self.DEFINITION, "Ava", AVA, {"name": "word " * 3_000})

        assert len(brief.greeting) <= 16_000
        assert len(brief.farewell) <= 16_000
        assert len(brief.instructions) <= 260 * 1024
        assert len(str(brief.flow)) <= 530 * 1024
        assert brief.greeting.endswith("word")

    def test_are_none_with_usual_values(self) -> None:
        assert mismatch(self.DEFINITION, {"name": "Jo"}).too_long == ()
