"""The fields an agent is made and updated with: what each must look like, and where it goes."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

from outdial.api.ringg import fields
from outdial.domain import bounds
from outdial.domain import voices as speaking
from outdial.domain.agent import AGENT_TYPES, Definition, PromptSection, Voice, listed_variables
from outdial.domain.errors import Fault, Refused, must_be_sound
from outdial.domain.ids import parse_uuid
from outdial.domain.limits import MAX_VARIABLE_NAME_LETTERS, MAX_VARIABLES

_Object = Mapping[str, object]


class _Text(NamedTuple):
    name: str
    limit: int
    required: bool = True
    section: str = ""
    """Title of the part of the prompt it becomes."""


_TEXTS: Final = (
    _Text("agent_name", 100),
    _Text("introduction_and_objective", 2000, section="Introduction and Objective"),
    _Text("response_guidelines", 3000, section="Response Guidelines"),
    _Text("task", 1500, section="Task"),
    _Text("primary_language", 35),
    _Text("voice_id", 128),
    _Text("intro_message", 500),
    _Text("faq", 5000, required=False, section="FAQ Guidelines"),
    _Text("sample_conversations", 5000, required=False, section="Sample Conversations"),
    _Text("secondary_language", 35, required=False),
)
_SECTIONS: Final = tuple(text.section for text in _TEXTS if text.section)


@dataclass(frozen=True)
class Wanted:
    """What a body says of an agent; None, or no entry: nothing. ``sections``: contents by title, empty: to go."""

    name: str | None = None
    type: str | None = None
    sections: Mapping[str, str] = field(default_factory=dict)
    language: str | None = None
    voice_id: str | None = None
    greeting: str | None = None
    secondary_language: str | None = None
    variables: tuple[str, ...] | None = None

    @property
    def about_speech(self) -> bool:
        return self.language is not None or self.voice_id is not None

    def applied_to(self, definition: Definition, agent_type: str, voices: Mapping[str, Voice]) -> Definition:
        """
        Raises:
            NotFound: there is no such voice.
            Invalid: the voice does not speak the language.
            Refused: the agent has no prompt.
        """
        if self.sections:
            definition = with_prompt(definition, _prompt(definition.prompt, self.sections))
        changed = replace(
            definition,
            greeting=_or(self.greeting, definition.greeting),
            language=_or(self.language, definition.language),
            voice_id=_or(self.voice_id, definition.voice_id),
            secondary_language=_or(self.secondary_language, definition.secondary_language),
            variables=listed_variables(definition.variables if self.variables is None else self.variables, agent_type),
        )
        if self.about_speech and changed.voice_id:
            speaking.must_speak(changed.voice_id, changed.language, voices)
        return changed


def with_prompt(definition: Definition, prompt: tuple[PromptSection, ...]) -> Definition:
    """
    Raises:
        Refused: the agent talks by a flow, so that nobody would ever hear of the prompt.
    """
    if definition.flow is not None:
        raise Refused("The agent talks by a flow and has no prompt; its flow is edited in the native API")
    return replace(definition, prompt=prompt)


def read(body: _Object, voices: Collection[Voice], *, complete: bool) -> Wanted:
    """``complete``: whether the required fields must be there.

    Raises:
        Invalid: with every fault.
    """
    faults = [*_faults(body, voices, complete=complete)]
    must_be_sound(faults)
    said = {text.name: str(body[text.name]).strip() for text in _TEXTS if body.get(text.name) is not None}
    named = body.get("custom_variables")
    voice_id = said.get("voice_id")
    return Wanted(
        name=said.get("agent_name"),
        type=None if fields.is_absent(body.get("agent_type")) else str(body["agent_type"]),
        sections={text.section: said[text.name] for text in _TEXTS if text.section and text.name in said},
        language=said.get("primary_language"),
        voice_id=None if voice_id is None else parse_uuid(voice_id) or voice_id,
        greeting=said.get("intro_message"),
        secondary_language=said.get("secondary_language"),
        variables=None if named is None else names_of(named),
    )


def names_of(value: object) -> tuple[str, ...]:
    """The names in a list that has passed ``names_faults``."""
    return () if value == [] else fields.as_texts(value) or ()


def names_faults(
    name: str, value: object, most: int = MAX_VARIABLES, letters: int = MAX_VARIABLE_NAME_LETTERS
) -> Iterator[Fault]:
    """A list of names, none of them blank."""
    texts = names_of(value) if isinstance(value, list) else ()
    if not isinstance(value, list) or (value and not texts) or not all(texts):
        yield Fault((name,), f"{name} must be a list of strings, none of them blank", "type")
    else:
        yield from bounds.names_faults(texts, most, letters, name)


def language_faults(name: str, value: str, voices: Collection[Voice]) -> Iterator[Fault]:
    if value.strip() and not speaking.is_known(value.strip(), voices):
        yield Fault((name,), f"{name} is not a supported language", "unknown")


def _faults(body: _Object, voices: Collection[Voice], *, complete: bool) -> Iterator[Fault]:
    for text in _TEXTS:
        value = body.get(text.name)
        if value is None and not (complete and text.required):
            continue
        if value is not None and not isinstance(value, str):
            yield Fault((text.name,), f"{text.name} must be a string", "type")
        elif text.required and not (value or "").strip():
            yield Fault((text.name,), f"{text.name} is required", "missing")
        elif len(value or "") > text.limit:
            yield Fault((text.name,), f"{text.name} may have at most {text.limit} characters", "too_long")
        elif text.name.endswith("_language"):
            yield from language_faults(text.name, value or "", voices)
    agent_type = body.get("agent_type")
    if not fields.is_absent(agent_type) and agent_type not in AGENT_TYPES:
        yield Fault(("agent_type",), f"agent_type must be one of {', '.join(AGENT_TYPES)}", "unknown")
    if body.get("custom_variables") is not None:
        yield from names_faults("custom_variables", body["custom_variables"])


def _prompt(before: tuple[PromptSection, ...], changes: Mapping[str, str]) -> tuple[PromptSection, ...]:
    """Sections replaced where they stand, new ones where the usual order has them, emptied ones gone."""
    sections = list(before)
    for title, content in changes.items():
        places = [index for index, section in enumerate(sections) if section.title == title]
        if places:
            sections[places[0]] = PromptSection(title, content)
        else:
            sections.insert(_place_for(title, sections), PromptSection(title, content))
    return tuple(section for section in sections if section.content or section.title not in changes)


def _place_for(title: str, sections: list[PromptSection]) -> int:
    earlier = _SECTIONS[: _SECTIONS.index(title)]
    after = [index + 1 for index, section in enumerate(sections) if section.title in earlier]
    before = [index for index, section in enumerate(sections) if section.title in _SECTIONS and not after]
    return max(after, default=min(before, default=len(sections)))


def _or(wanted: str | None, else_: str) -> str:
    return else_ if wanted is None else wanted
