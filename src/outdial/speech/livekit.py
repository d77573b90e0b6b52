"""The door to LiveKit's speech plug-ins: loads them only when they are chosen, and says so when they are missing.

The framework takes a second and 80 MB to import; an installation that speaks by itself shall not pay for it.
"""

from __future__ import annotations

import importlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from types import ModuleType
from typing import Any, Final

from outdial.conversation.ports import SpeechToText, TextToSpeech
from outdial.domain.errors import Unreachable

_ADAPTER: Final = "outdial.speech.livekit_parts"


class MissingExtra(Unreachable):
    """A package that is not installed; the message names the command that installs it."""


@asynccontextmanager
async def livekit_speech(
    stt: str, stt_options: Mapping[str, Any], tts: str, tts_options: Mapping[str, Any]
) -> AsyncIterator[tuple[SpeechToText, TextToSpeech]]:
    """Ears and voice made from two plug-ins, e.g. ``deepgram`` and ``elevenlabs``, closed at the end.

    The options are the arguments of the plug-in's ``STT`` or ``TTS`` class: key, model, voice.

    Raises:
        MissingExtra: LiveKit or the plug-in is not installed.
        Unreachable: the plug-in has no such class or does not take the options.
    """
    adapter = _load(_ADAPTER, "pip install 'outdial[livekit]'")
    async with adapter.open_parts(
        (_load_plugin(stt), stt, stt_options), (_load_plugin(tts), tts, tts_options)
    ) as parts:
        yield parts


def _load_plugin(name: str) -> ModuleType:
    return _load(f"livekit.plugins.{name}", f"pip install livekit-plugins-{name.replace('_', '-')}")


def _load(module: str, remedy: str) -> ModuleType:
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as missing:
        raise MissingExtra(f"{module} cannot be loaded, {missing.name} is not installed: {remedy}") from missing
