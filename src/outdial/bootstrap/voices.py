"""The voices an installation has; known without loading any of them."""

from __future__ import annotations

from typing import Final

from outdial.domain.agent import Voice
from outdial.settings import Settings
from outdial.speech.catalogue import LOCAL_VOICES, a_voice

_ANY_LANGUAGE: Final = (
    "en-US", "en-GB", "en-IN", "en-AU", "hi-IN", "ta-IN", "te-IN", "kn-IN", "ka-IN", "mr-IN", "gu-IN", "bn-IN", "ar-AE",
)  # fmt: skip


def voices_of(settings: Settings) -> tuple[Voice, ...]:
    """The voices an agent may speak with; the first is the default. A plug-in's own voice is set by its options."""
    if settings.speech == "livekit":
        return (a_voice("livekit", settings.livekit_tts, _ANY_LANGUAGE), *LOCAL_VOICES)
    return LOCAL_VOICES
