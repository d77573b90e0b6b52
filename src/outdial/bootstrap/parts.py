"""The speech and language parts conversations are held with, as the settings choose them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from outdial.conversation.ports import Language, Parts, PartsFor, SpeechToText, TextToSpeech
from outdial.domain.agent import Brief
from outdial.domain.errors import Unreachable
from outdial.language.flow import FlowLanguage
from outdial.settings import Settings
from outdial.speech.livekit import livekit_speech
from outdial.speech.local.speech import LocalSpeech
from outdial.speech.scripted import ScriptedEars, ScriptedVoice


@runtime_checkable
class Reader(Protocol):
    """A voice that puts numbers into words by itself; the scripted one says what is written."""

    def reading(self, language: str) -> TextToSpeech: ...


@dataclass(frozen=True)
class Speech:
    hearing: SpeechToText
    voice: TextToSpeech

    def voice_reading(self, language: str) -> TextToSpeech:
        """The voice for an agent of this language: numbers, dates and amounts are read in it."""
        return self.voice.reading(language) if isinstance(self.voice, Reader) else self.voice


@asynccontextmanager
async def open_speech(settings: Settings) -> AsyncIterator[Speech]:
    """Ears and voice, loaded and warm.

    Raises:
        Unreachable: a model or plug-in is missing or damaged; the message says what to do.
    """
    match settings.speech:
        case "scripted":
            yield Speech(ScriptedEars(), ScriptedVoice())
        case "livekit":
            async with livekit_speech(
                settings.livekit_stt, settings.livekit_stt_options, settings.livekit_tts, settings.livekit_tts_options
            ) as (hearing, voice):
                yield Speech(hearing, voice)
        case "local":
            async with LocalSpeech(models_dir=settings.models_dir, workers=settings.local_speech_threads) as local:
                await local.ready()
                yield Speech(local.hearing, local.voice)


def parts_for(speech: Speech, settings: Settings) -> PartsFor:
    """Chooses for each agent: a flow talks by itself, a prompt needs the configured model.

    What it returns raises Unreachable for an agent that could not say a word.
    """
    flows = FlowLanguage()
    chat: Language | None = None
    if settings.chat_base_url:
        from outdial.bootstrap.chat import chat_language  # noqa: PLC0415

        chat = chat_language(settings)

    models = settings.language_models

    def choose(brief: Brief) -> Parts:
        language: Language | None = flows if brief.flow is not None else chat
        reason = models.why_silent(brief)
        if reason or language is None:
            raise Unreachable(reason)
        return Parts(speech.hearing, speech.voice_reading(brief.language), language)

    return choose
