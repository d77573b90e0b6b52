"""Which voice may speak which language (Ringg §6.6): one rule for calls, for lists of voices and for edits of agents.

A voice speaks the languages it lists. For the locales every client may count on there is always one: where no voice
lists such a locale, the first one takes it, as well as it can, and whoever sets up the agent is told.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from outdial.domain.agent import Voice
from outdial.domain.errors import Fault, Invalid, NotFound

LOCALES: Final = (
    "en-US", "en-IN", "hi-IN", "ta-IN", "te-IN", "kn-IN", "mr-IN", "gu-IN", "bn-IN", "ar-AE", "ka-IN",
)  # fmt: skip
_OTHER_NAMES: Final = {"ka-in": "kn-IN"}
"""A vendor's list names Kannada by the code of Georgian."""


def canonical(language: str) -> str:
    """The locale a language is spoken as."""
    return _OTHER_NAMES.get(language.lower(), language)


def lists(voice: Voice, language: str) -> bool:
    """Whether one of the voice's languages is this one; a language without a region goes with any region of it."""
    wanted = canonical(language).lower()
    for spoken in (canonical(name).lower() for name in voice.languages):
        if spoken == wanted or spoken.partition("-")[0] == wanted or spoken == wanted.partition("-")[0]:
            return True
    return False


def speaks(voice: Voice, language: str, voices: Collection[Voice]) -> bool:
    """Whether ``voice``, one of ``voices``, may be chosen for this language."""
    return lists(voice, language) or (voice == next(iter(voices), None) and _falls_to_the_first(language, voices))


def taken_over(voice: Voice, voices: Collection[Voice]) -> tuple[str, ...]:
    """Locales this voice does not list and takes because no voice does."""
    return tuple(name for name in LOCALES if speaks(voice, name, voices) and not lists(voice, name))


def is_known(language: str, voices: Collection[Voice]) -> bool:
    """Whether an agent may have this language."""
    return _is_locale(language) or any(lists(voice, language) for voice in voices)


def chosen(wanted: str, language: str, voices: Mapping[str, Voice]) -> Voice | None:
    """The one asked for, by id; without a wish the first that speaks the language, else the first."""
    if wanted:
        return voices.get(wanted)
    speaking = (voice for voice in voices.values() if speaks(voice, language, voices.values()))
    return next(speaking, None) or next(iter(voices.values()), None)


def must_speak(wanted: str, language: str, voices: Mapping[str, Voice]) -> None:
    """
    Raises:
        NotFound: there is no such voice.
        Invalid: it does not speak the language.
    """
    voice = must_exist(wanted, voices)
    if not speaks(voice, language, voices.values()):
        raise Invalid(Fault(("voice_id",), "Voice does not support the agent language"))


def must_exist(wanted: str, voices: Mapping[str, Voice], field: str = "voice_id") -> Voice:
    """
    Raises:
        NotFound: there is no such voice.
    """
    voice = voices.get(wanted)
    if voice is None:
        raise NotFound("Voice not found", field=field)
    return voice


def warnings(wanted: str, language: str, voices: Mapping[str, Voice]) -> tuple[str, ...]:
    """What whoever sets up an agent should know of its voice, as both doors report it."""
    voice = chosen(wanted, language, voices)
    return () if voice is None or lists(voice, language) else (f"language_not_spoken:{language}",)


def _falls_to_the_first(language: str, voices: Collection[Voice]) -> bool:
    return _is_locale(language) and not any(lists(voice, language) for voice in voices)


def _is_locale(language: str) -> bool:
    return language.lower() in {name.lower() for name in LOCALES}
