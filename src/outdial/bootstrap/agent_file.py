"""Agents written down in a file: YAML or JSON, the definition's fields beside ``name``, ``tag``, ``description``."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import yaml

from outdial.domain.agent import Definition
from outdial.domain.bounds import definition_faults
from outdial.domain.errors import Fault, Invalid, must_be_sound
from outdial.domain.limits import MAX_AGENT_FILE_BYTES
from outdial.domain.sizes import json_bytes
from outdial.language.flow_parsing import parse
from outdial.speech.catalogue import find_voice
from outdial.store.agents.definitions import definition_from_json


@dataclass(frozen=True)
class AgentFile:
    """``tag`` None: one is made up when the agent is stored."""

    name: str
    tag: str | None
    description: str
    definition: Definition


def read_agent(text: str | bytes) -> AgentFile:
    """The agent described by ``text``, bytes in UTF-8. ``voice`` may name a voice instead of ``voice_id``.

    Raises:
        Invalid: the file is not YAML or too large, or a field is missing or wrong; every fault is listed, the flow's
            with its path.
    """
    if len(text) > MAX_AGENT_FILE_BYTES:
        raise Invalid(Fault((), f"the agent's file is larger than {MAX_AGENT_FILE_BYTES // 1024} kB", "too_long"))
    try:
        fields = yaml.safe_load(text)
        # Aliases make much of little: a text of a few lines may stand for gigabytes.
        is_large = json_bytes(fields, at_most=MAX_AGENT_FILE_BYTES) > MAX_AGENT_FILE_BYTES
    except RecursionError:
        raise Invalid(Fault((), "the agent's file is nested too deeply")) from None
    except (yaml.YAMLError, ValueError) as error:  # ValueError: what looks like a date and is none
        raise Invalid(Fault((), "the agent's file is not YAML: " + " ".join(str(error).split()))) from None
    if is_large:
        raise Invalid(Fault((), f"the agent's file stands for more than {MAX_AGENT_FILE_BYTES // 1024} kB", "too_long"))
    if not isinstance(fields, dict):
        raise Invalid(Fault((), "an agent's file must hold fields, for example name: and flow:"))
    name = _text(fields, "name")
    if not name:
        raise Invalid(Fault(("name",), "name is required"))
    tag, description, voice = _text(fields, "tag"), _text(fields, "description"), _text(fields, "voice")
    definition = definition_from_json(fields)
    must_be_sound(definition_faults(definition))
    if definition.flow is not None:
        parse(definition.flow)
    if voice:
        definition = replace(definition, voice_id=_voice_id(voice))
    return AgentFile(name, tag or None, description, definition)


def _text(fields: dict[str, Any], name: str) -> str:
    value = fields.pop(name, "")
    if not isinstance(value, str):
        raise Invalid(Fault((name,), f"{name} must be text"))
    return value.strip()


def _voice_id(name: str) -> str:
    voice = find_voice(name)
    if voice is None:
        raise Invalid(Fault(("voice",), f"there is no voice named {name}"))
    return voice.id
