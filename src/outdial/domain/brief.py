"""From an agent's definition and a call's variables to what one conversation is told, and what was missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from outdial.domain.agent import CARRIED, Brief, Definition, PromptSection, TalkLimits, Voice
from outdial.domain.flow_names import saved_names
from outdial.domain.limits import MAX_RENDERED_LETTERS, MAX_RENDERED_PROMPT_LETTERS
from outdial.domain.markup import without_markup
from outdial.domain.templates import names_in, render, render_tree, rendered_letters, spoken, strings_in, value_of
from outdial.domain.voices import canonical

SAID: Final = frozenset({"say", "ask", "unclear", "give_up"})
"""Members of a flow whose text is spoken."""


@dataclass(frozen=True)
class Mismatch:
    """Names the agent's texts use and the call does not bring, and the other way round; each in order.

    ``too_long``: the agent's texts that this call's values make longer than is said; they are cut.
    """

    missing: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()
    too_long: tuple[str, ...] = ()

    def warnings(self, *, spelling_hints: bool) -> tuple[str, ...]:
        """As both dialects report them; unused names only beside a missing one, to hint at the spelling."""
        missing = tuple(f"text_too_long:{name}" for name in self.too_long)
        missing += tuple(f"missing_variable:{name}" for name in self.missing)
        if not self.missing or not spelling_hints:
            return missing
        return missing + tuple(f"unused_variable:{name}" for name in self.unused)


def mismatch(definition: Definition, variables: Mapping[str, Any]) -> Mismatch:
    """Compare what the agent's texts refer to with what the call brings. Names are compared exactly."""
    values = values_for(definition, variables)
    used = tuple(dict.fromkeys(name for text in texts_of(definition) for name in names_in(text)))
    whole = {*used, *(name.partition(".")[0] for name in used)}
    answers = saved_names(definition.flow)
    return Mismatch(
        missing=tuple(name for name in used if value_of(name, values) is None and name not in answers),
        # That no text uses what every call brings is no sign of a misspelling.
        unused=tuple(name for name in variables if name not in whole and name not in CARRIED),
        too_long=tuple(_too_long(definition, values)),
    )


def _too_long(definition: Definition, values: Mapping[str, Any]) -> Iterator[str]:
    for name in ("greeting", "idle_question", "farewell"):
        if rendered_letters(getattr(definition, name), values) > MAX_RENDERED_LETTERS:
            yield name
    prompt = (text for section in definition.prompt for text in (section.title, section.content))
    if sum(rendered_letters(text, values) for text in prompt) > MAX_RENDERED_PROMPT_LETTERS:
        yield "prompt"
    if any(rendered_letters(text, values) > MAX_RENDERED_LETTERS for text in strings_in(definition.flow)):
        yield "flow"


def values_for(definition: Definition, variables: Mapping[str, Any]) -> dict[str, Any]:
    """The request's values over the agent's own; a null counts as not given."""
    return {**definition.defaults, **{name: value for name, value in variables.items() if value is not None}}


def brief_for(
    definition: Definition,
    agent_name: str,
    voice: Voice,
    variables: Mapping[str, Any],
    limits: TalkLimits | None = None,
) -> Brief:
    """What the conversation is told: every template filled in but those in what a flow says.

    ``limits`` are the call's own (see ``plan``); without them the definition's hold.
    """
    values = values_for(definition, variables)
    return Brief(
        agent_name=agent_name,
        language=canonical(definition.language),
        voice=voice,
        greeting=render(without_markup(definition.greeting), values).text,
        instructions=_instructions(definition.prompt, values),
        flow=_flow(definition.flow, values),
        model=definition.model,
        idle_question=render(definition.idle_question, values).text,
        farewell=render(definition.farewell, values).text,
        limits=limits or definition.limits,
        variables={name: spoken(value) for name, value in values.items()},
    )


def texts_of(definition: Definition) -> Iterator[str]:
    """Every text in which a template may stand."""
    yield without_markup(definition.greeting)
    for section in definition.prompt:
        yield section.title
        yield section.content
    yield from strings_in(definition.flow)
    yield definition.idle_question
    yield definition.farewell


def _flow(flow: Mapping[str, Any] | None, values: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The flow with what it expects and compares filled in, and what it says left as it is.

    What it says may repeat the callee's answers: the conversation fills it in as it speaks, from those and from
    ``Brief.variables``. Doing half of that now would make it two passes, and a value could be expanded.
    """
    filled: Mapping[str, Any] | None = None if flow is None else render_tree(flow, values, leave=SAID)
    return filled


def _instructions(sections: Sequence[PromptSection], values: Mapping[str, Any]) -> str:
    """The prompt as one text: each section under its title."""
    parts = (f"# {section.title}\n{section.content}" if section.title else section.content for section in sections)
    said, left = [], MAX_RENDERED_PROMPT_LETTERS
    for part in parts:
        said.append(render(part, values, max(0, left)).text)
        left -= len(said[-1])
    return "\n\n".join(said)
