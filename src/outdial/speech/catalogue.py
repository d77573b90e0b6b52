"""The voices that can be chosen, under ids that never change: derived from engine and name."""

from __future__ import annotations

import uuid
from typing import Final

from outdial.domain.agent import Voice

_NAMESPACE: Final = uuid.UUID("6f4f8c1e-7a55-5c0e-9a9b-6f7574646961")
LOCAL_ENGINE: Final = "local"
_ENGLISH: Final = ("en-US", "en-GB", "en-IN", "en-AU", "en-CA")


def voice_id(engine: str, name: str) -> str:
    """The stable id (UUID) of a voice."""
    return str(uuid.uuid5(_NAMESPACE, f"{engine}/{name}"))


def a_voice(engine: str, name: str, languages: tuple[str, ...], gender: str = "") -> Voice:
    return Voice(id=voice_id(engine, name), name=name, engine=engine, languages=languages, gender=gender)


AVA: Final = a_voice(LOCAL_ENGINE, "ava", _ENGLISH, "female")
SAM: Final = a_voice(LOCAL_ENGINE, "sam", _ENGLISH, "male")
LOCAL_VOICES: Final = (AVA, SAM)
"""Voices that need no key; the first is the default."""


def find_voice(id_or_name: str, voices: tuple[Voice, ...] = LOCAL_VOICES) -> Voice | None:
    wanted = id_or_name.strip().lower()
    return next((voice for voice in voices if wanted in (voice.id, voice.name.lower())), None)
