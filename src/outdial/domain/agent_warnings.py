"""What whoever sets up an agent, or places a call with it, should know: one rule for every door."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from outdial.domain import voices as speaking
from outdial.domain.agent import Definition, Voice
from outdial.domain.brief import texts_of
from outdial.domain.language_models import LanguageModels
from outdial.domain.limits import MAX_FAULTS_NAMED
from outdial.domain.templates import odd_placeholders

NO_LANGUAGE_MODEL: Final = "no_language_model"
"""It talks by a prompt, and this installation has no model: its calls will fail before they are dialled."""
_UNFILLABLE: Final = "unfillable_placeholder"


def agent_warnings(
    definition: Definition, voices: Mapping[str, Voice], *, language_models: LanguageModels, about_speech: bool = True
) -> tuple[str, ...]:
    """For the answer to making or editing an agent.

    ``about_speech``: whether the voice or language was set just now.
    """
    spoken = speaking.warnings(definition.voice_id, definition.language, voices) if about_speech else ()
    return (
        *spoken,
        *call_warnings(definition, language_models=language_models),
        *_placeholders(definition),
    )


def call_warnings(definition: Definition, *, language_models: LanguageModels) -> tuple[str, ...]:
    """For the answer to a call."""
    return () if language_models.lets_talk(definition) else (NO_LANGUAGE_MODEL,)


def _placeholders(definition: Definition) -> tuple[str, ...]:
    """Those that no variable the agent lists will ever fill."""
    listed = {*definition.variables, *definition.defaults}
    odd = dict.fromkeys(name for text in texts_of(definition) for name in odd_placeholders(text) if name not in listed)
    named = tuple(f"{_UNFILLABLE}:{name}" for name in list(odd)[:MAX_FAULTS_NAMED])
    more = len(odd) - len(named)
    return (*named, f"{_UNFILLABLE}:and {more} more") if more else named
