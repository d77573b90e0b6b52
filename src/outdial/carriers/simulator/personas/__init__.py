"""The people of the simulated network who talk: one YAML file each, with a voice and a flow (``docs/flows.md``)."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Final

import yaml

from outdial.domain.agent import Brief, TalkLimits, Voice
from outdial.domain.errors import Broken

_PATIENT: Final = TalkLimits(idle_warning_s=8.0, idle_end_s=30.0, max_length_s=600.0)
"""A callee waits for the caller, asks once into the silence, and hangs up at last."""


@cache
def brief_of(persona: str) -> Brief:
    """What the conversation engine is told to be this person; the greeting is empty, for a callee listens first.

    Raises:
        Broken: there is no such file, or it is no persona.
    """
    try:
        data = yaml.safe_load(resources.files(__package__).joinpath(f"{persona}.yaml").read_text("utf-8"))
        name, voice, flow = data["name"], data["voice"], data["flow"]
    except (OSError, KeyError, TypeError, yaml.YAMLError) as wrong:
        raise Broken(f"persona {persona!r} cannot be read: {wrong}") from wrong
    return Brief(
        agent_name=name,
        language="en-US",
        voice=Voice(id="", name=voice, engine="local", languages=("en-US",)),
        greeting="",
        instructions="",
        flow=flow,
        model="",
        idle_question="Hello? Are you there?",
        farewell="",
        limits=_PATIENT,
        variables={"name": name},
    )
