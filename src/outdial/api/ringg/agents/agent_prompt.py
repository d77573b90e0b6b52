"""An agent's prompt in this API's words: one text, or sections under their titles; kept in the form it was sent in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from outdial.api.ringg.agents import responses
from outdial.domain.agent import PromptSection
from outdial.domain.bounds import prompt_faults
from outdial.domain.errors import Fault, Invalid, must_be_sound

_FIELD: Final = "agent_prompt"
_LIST: Final = "prompt_sections"


def read(value: Any) -> tuple[PromptSection, ...]:
    """
    Raises:
        Invalid: with every fault.
    """
    if isinstance(value, str) and value.strip():
        return _bounded((PromptSection("", value),))
    listed = value.get(_LIST) if isinstance(value, dict) else None
    if not isinstance(listed, list) or not listed:
        raise Invalid(Fault((_FIELD,), f"{_FIELD} must be a text or {{{_LIST}: […]}}, and not empty", "type"))
    faults = [fault for index, one in enumerate(listed) for fault in _faults(one, (_FIELD, _LIST, str(index)))]
    must_be_sound(faults)
    return _bounded(tuple(PromptSection(one["section_title"], one["section_content"]) for one in listed))


def _bounded(prompt: tuple[PromptSection, ...]) -> tuple[PromptSection, ...]:
    must_be_sound(prompt_faults([(one.title, one.content) for one in prompt], _FIELD))
    return prompt


def shown(prompt: Sequence[PromptSection]) -> responses.Sections | str:
    """A section without a title is a text somebody sent as such: sections that are sent have titles."""
    if len(prompt) == 1 and not prompt[0].title:
        return prompt[0].content
    return responses.Sections(
        prompt_sections=[responses.Section(section_title=one.title, section_content=one.content) for one in prompt]
    )


def joined(prompt: Sequence[PromptSection]) -> str:
    return "\n\n".join(f"{one.title}\n{one.content}" if one.title else one.content for one in prompt)


def _faults(section: object, path: tuple[str, ...]) -> Iterator[Fault]:
    if not isinstance(section, dict):
        yield Fault(path, f"{'.'.join(path)} must be an object", "type")
        return
    title, content = section.get("section_title"), section.get("section_content")
    if not isinstance(title, str) or not title.strip():
        yield Fault((*path, "section_title"), "section_title is required", "missing")
    if not isinstance(content, str):
        yield Fault((*path, "section_content"), "section_content is required", "missing")
