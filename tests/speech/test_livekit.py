"""LiveKit's plug-ins as our ears and voice, against vendors on loopback that speak their protocols."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import ModuleType

import numpy as np
import pytest
from livekit.agents import APIConnectOptions, stt, tts
from livekit.agents.utils import AudioBuffer

from outdial.audio.frames import FRAME_BYTES
from outdial.conversation.ports import Hearing, SpeechToText, TextToSpeech
from outdial.domain.errors import Unreachable
from outdial.speech.catalogue import a_voice
from outdial.speech.livekit import MissingExtra, livekit_speech
from outdial.speech.livekit_parts import open_parts
from speech_builders import noise, sound_of
from vendor_servers import Deepgram, ElevenLabs, vendors

RACHEL = a_voice("livekit", "elevenlabs", ("en-US",))


@asynccontextmanager
async def parts(
    deepgram: Deepgram | None = None, elevenlabs: ElevenLabs | None = None, encoding: str = "pcm_8000"
) -> AsyncIterator[tuple[SpeechToText, TextToSpeech]]:
    deepgram, elevenlabs = deepgram or Deepgram(), elevenlabs or ElevenLabs()
    async with (
        vendors(deepgram, elevenlabs),
        livekit_speech(
            "deepgram",
            {"api_key": "dg-key", "base_url": deepgram.url, "sample_rate": 8000},
            "elevenlabs",
            {"api_key": "xi-key", "base_url": elevenlabs.url, "voice_id": "rachel", "encoding": encoding},
        ) as made,
    ):
        yield made


@asynccontextmanager
async def listening(ears: SpeechToText) -> AsyncIterator[Hearing]:
    hearing = ears.listen("en-US")
    try:
        yield hearing
    finally:
        await hearing.close()


async def an_utterance(hearing: Hearing) -> str:
    hearing.speech_began()
    sound = noise(0.5, -30)
    for at in range(0, len(sound), FRAME_BYTES):
        hearing.hear(sound[at : at + FRAME_BYTES])
    async with asyncio.timeout(30):
        return await hearing.speech_ended()


def a_tone(rate_hz: int, hz: float = 440.0) -> bytes:
    """One second."""
    wave = 0.3 * np.sin(2 * np.pi * hz * np.arange(rate_hz) / rate_hz)
    whole: np.ndarray[tuple[int], np.dtype[np.int16]] = (wave * 32767).astype("<i2")
    return whole.tobytes()


def main_hz(pcm: bytes) -> float:
    spectrum = np.abs(np.fft.rfft(np.frombuffer(pcm, "<i2")))
    return float(np.argmax(spectrum)) * 8000 / (len(pcm) // 2)


class TestARecogniserThatStreams:
    async def test_hears_every_utterance_of_the_conversation(self) -> None:
        deepgram = Deepgram(["Yes, I can come.", "Goodbye."])
        async with parts(deepgram) as (ears, _), listening(ears) as hearing:
            heard = [await an_utterance(hearing), await an_utterance(hearing)]

        assert heard == ["Yes, I can come.", "Goodbye."]
        assert deepgram.heard_bytes == 2 * 8000

    async def test_is_told_the_key_the_rate_and_the_language(self) -> None:
        deepgram = Deepgram(["Hi."])
        async with parts(deepgram) as (ears, _), listening(ears) as hearing:
            await an_utterance(hearing)

        assert deepgram.key == "Token dg-key"
        assert (deepgram.query["sample_rate"], deepgram.query["language"]) == ("8000", "en-US")

    async def test_that_finds_no_words_in_a_noise_says_nothing(self) -> None:
        async with parts(Deepgram([""])) as (ears, _), listening(ears) as hearing:
            assert await an_utterance(hearing) == ""

    async def test_that_never_makes_its_words_final_is_taken_at_its_word(self) -> None:
        async with parts(Deepgram(["Friday then…"])) as (ears, _), listening(ears) as hearing:
            assert await an_utterance(hearing) == "Friday then"

    async def test_is_connected_again_after_the_line_broke(self) -> None:
        async with parts(Deepgram(["Still here."], breaks=True)) as (ears, _), listening(ears) as hearing:
            await an_utterance(hearing)

            assert await an_utterance(hearing) == "Still here."

    async def test_keeps_its_words_when_the_callee_goes_on_meanwhile(self) -> None:
        async with parts(Deepgram(["Yes…", "of course."])) as (ears, _), listening(ears) as hearing:
            first = asyncio.ensure_future(an_utterance(hearing))
            await asyncio.wait({first}, timeout=0.2)
            hearing.speech_began()

            assert await first == "Yes"

    async def test_that_refuses_the_key_says_so(self) -> None:
        async with parts(Deepgram(refuses=401)) as (ears, _), listening(ears) as hearing:
            with pytest.raises(Unreachable, match="speech-to-text by deepgram refused the key"):
                await an_utterance(hearing)


class TestAVoice:
    @pytest.mark.parametrize("rate_hz", [8000, 24000])
    async def test_arrives_at_the_rate_of_the_line(self, rate_hz: int) -> None:
        elevenlabs = ElevenLabs(a_tone(rate_hz))
        async with parts(elevenlabs=elevenlabs, encoding=f"pcm_{rate_hz}") as (_, voice):
            pcm = await sound_of(voice, "Hello Rahul.", RACHEL)

        assert len(pcm) == pytest.approx(16000, rel=0.02)
        assert main_hz(pcm) == pytest.approx(440, abs=2)

    async def test_says_the_words_with_the_voice_and_key_of_its_options(self) -> None:
        elevenlabs = ElevenLabs(a_tone(8000))
        async with parts(elevenlabs=elevenlabs) as (_, voice):
            await sound_of(voice, "Hello Rahul.", RACHEL)
            await sound_of(voice, "How are you?", RACHEL)

        assert elevenlabs.said == ["Hello Rahul.", "How are you?"]
        assert (elevenlabs.key, elevenlabs.voice) == ("xi-key", "rachel")

    async def test_is_asked_for_nothing_without_words(self) -> None:
        async with parts(elevenlabs=(elevenlabs := ElevenLabs(refuses=429))) as (_, voice):
            assert await sound_of(voice, "😀", RACHEL) == b""
            assert elevenlabs.key == ""

    async def test_that_refuses_the_key_says_so(self) -> None:
        async with parts(elevenlabs=ElevenLabs(refuses=401)) as (_, voice):
            with pytest.raises(Unreachable, match="text-to-speech by elevenlabs refused the key"):
                await sound_of(voice, "Hello.", RACHEL)

    async def test_that_is_over_its_rate_says_so(self) -> None:
        async with parts(elevenlabs=ElevenLabs(refuses=429)) as (_, voice):
            with pytest.raises(Unreachable, match="over its rate"):
                await sound_of(voice, "Hello.", RACHEL)


class WholeEars(stt.STT):  # type: ignore[misc]  # mypy does not follow livekit
    """A recogniser that takes whole utterances, as a plug-in for it would be written."""

    def __init__(self) -> None:
        super().__init__(capabilities=stt.STTCapabilities(streaming=False, interim_results=False))

    async def _recognize_impl(
        self, buffer: AudioBuffer, *, language: str | None = None, conn_options: APIConnectOptions
    ) -> stt.SpeechEvent:
        [frame] = buffer
        words = f"{frame.sample_rate} Hz, {round(frame.duration * 10)} tenths of a second, {language}"
        return stt.SpeechEvent(
            stt.SpeechEventType.FINAL_TRANSCRIPT, alternatives=[stt.SpeechData(language="en", text=words)]
        )


class WholeVoice(tts.TTS):  # type: ignore[misc]  # mypy does not follow livekit
    """A voice that does not stream its input."""

    def __init__(self) -> None:
        super().__init__(capabilities=tts.TTSCapabilities(streaming=False), sample_rate=16000, num_channels=1)

    def synthesize(self, text: str, *, conn_options: APIConnectOptions) -> tts.ChunkedStream:
        return WholeSound(tts=self, input_text=text, conn_options=conn_options)


class WholeSound(tts.ChunkedStream):  # type: ignore[misc]  # mypy does not follow livekit
    async def _run(self, output_emitter: tts.AudioEmitter) -> None:
        output_emitter.initialize(request_id="1", sample_rate=16000, num_channels=1, mime_type="audio/pcm")
        output_emitter.push(a_tone(16000))
        output_emitter.flush()


def a_plugin() -> tuple[ModuleType, str, dict[str, str]]:
    module = ModuleType("whole")
    vars(module).update(STT=WholeEars, TTS=WholeVoice)
    return module, "whole", {}


class TestAPlugInThatDoesNotStream:
    async def test_hears_one_utterance_at_a_time_with_what_came_before_it(self) -> None:
        async with open_parts(a_plugin(), a_plugin()) as (ears, _), listening(ears) as hearing:
            hearing.hear(bytes(16000))
            heard = await an_utterance(hearing)

        assert heard == "8000 Hz, 9 tenths of a second, en-US"

    async def test_speaks_at_the_rate_of_the_line(self) -> None:
        async with open_parts(a_plugin(), a_plugin()) as (_, voice):
            pcm = await sound_of(voice, "Hello.", RACHEL)

        assert len(pcm) == pytest.approx(16000, rel=0.02)
        assert main_hz(pcm) == pytest.approx(440, abs=2)


class TestAPlugIn:
    async def test_that_is_not_installed_is_named_with_the_remedy(self) -> None:
        with pytest.raises(MissingExtra, match="pip install livekit-plugins-no-such-vendor"):
            async with livekit_speech("no_such_vendor", {}, "elevenlabs", {}):
                pass

    async def test_that_does_not_take_its_options_says_which(self) -> None:
        with pytest.raises(Unreachable, match=r"deepgram does not take its STT options: .*'modle'"):
            async with livekit_speech("deepgram", {"api_key": "k", "modle": "x"}, "elevenlabs", {"api_key": "k"}):
                pass
