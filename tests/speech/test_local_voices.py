"""The local voices heard by the local ears, over a line that carries mu-law."""

from __future__ import annotations

import re

import numpy as np
import pytest

from outdial.domain.agent import Voice
from outdial.domain.errors import Unreachable
from outdial.domain.spoken import plain_tokens
from outdial.speech.catalogue import AVA, SAM, a_voice
from outdial.speech.local.speech import LocalSpeech
from speech_builders import mixed, mu_law, noise, sound_of, tone, word_errors, words_in

PHONE_TALK = (
    "Hello, this is Ava from Sunrise Dental.",
    "Is tomorrow at three in the afternoon still good for you?",
    "Yes, I will be there.",
    "No, thank you.",
    "Could you repeat that please?",
    "I would like to speak to a human.",
    "Your package will arrive between two and four o'clock.",
    "Thank you for your time, have a nice day.",
    "I am not interested.",
    "Please press one to confirm, or two to cancel.",
    "The appointment is on Friday the fourth of March.",
    "Great, see you then.",
    "My order number is 47291.",
    "Can you call me back later?",
    "Goodbye.",
)


@pytest.mark.parametrize("voice", [AVA, SAM], ids=lambda voice: voice.name)
class TestAVoice:
    async def test_is_understood_over_the_telephone(self, speech: LocalSpeech, voice: Voice) -> None:
        errors, words = 0, 0
        for sentence in PHONE_TALK:
            heard = await words_in(speech.hearing, mu_law(await sound_of(speech.voice, sentence, voice)))
            said = plain_tokens(sentence)
            errors += word_errors(said, plain_tokens(heard))
            words += len(said)

        assert errors / words <= 0.05

    async def test_is_understood_in_a_noisy_street(self, speech: LocalSpeech, voice: Voice) -> None:
        clean = await sound_of(speech.voice, "Please press one to confirm, or two to cancel.", voice)
        heard = await words_in(speech.hearing, mu_law(mixed(clean, noise(20, -37))))

        assert {"press", "confirm", "cancel"} <= set(re.findall("[a-z]+", heard.lower()))

    async def test_says_a_sentence_the_same_way_every_time(self, speech: LocalSpeech, voice: Voice) -> None:
        first = await sound_of(speech.voice, "Hello there.", voice)
        async with LocalSpeech() as other:
            again = await sound_of(other.voice, "Hello there.", voice)

        assert first == again

    async def test_fills_the_line_without_clipping(self, speech: LocalSpeech, voice: Voice) -> None:
        pcm = await sound_of(speech.voice, "Is tomorrow at three still good for you?", voice)

        samples = np.frombuffer(pcm, "<i2") / 32768
        level_db = 20 * np.log10(np.sqrt(np.mean(samples**2)))
        assert -26 < level_db < -16
        assert np.abs(samples).max() < 0.99


@pytest.mark.parametrize("voice", [AVA, SAM], ids=lambda voice: voice.name)
class TestASingleWord:
    """The hardest of all for a recogniser that was trained on half minutes, and the most frequent on a telephone."""

    async def test_is_heard_and_heard_once(self, speech: LocalSpeech, voice: Voice) -> None:
        words = ["yes", "no", "okay", "hello", "goodbye", "one", "two", "three", "four", "nine", "ten"]
        heard = [
            plain_tokens(await words_in(speech.hearing, mu_law(await sound_of(speech.voice, f"{word}.", voice))))
            for word in words
        ]

        right = [tokens == plain_tokens(word) for word, tokens in zip(words, heard, strict=True)]
        assert sum(right) >= len(words) - 1
        assert all(len(tokens) <= 1 for tokens in heard)


class TestTheTwoVoices:
    async def test_differ_in_pitch(self, speech: LocalSpeech) -> None:
        ava = await sound_of(speech.voice, "How are you today, my dear friend?", AVA)
        sam = await sound_of(speech.voice, "How are you today, my dear friend?", SAM)

        assert pitch_hz(sam) < 0.93 * pitch_hz(ava)


class TestSoundWithoutWords:
    @pytest.mark.parametrize("level_db", [-70, -45, -20])
    @pytest.mark.parametrize("seconds", [0.4, 2.0])
    async def test_noise_is_not_taken_for_speech(self, speech: LocalSpeech, level_db: float, seconds: float) -> None:
        assert await words_in(speech.hearing, noise(seconds, level_db, seed=int(-level_db))) == ""

    @pytest.mark.parametrize("hz", [(425,), (440,), (1000,), (2100,), (770, 1336), (350, 440), (480, 620)])
    async def test_tones_are_not_taken_for_speech(self, speech: LocalSpeech, hz: tuple[float, ...]) -> None:
        assert await words_in(speech.hearing, tone(1.0, *hz)) == ""

    async def test_a_cough_is_not_taken_for_speech(self, speech: LocalSpeech) -> None:
        burst = np.frombuffer(noise(0.3, -12), "<i2") * np.exp(-np.arange(2400) / 500)

        assert await words_in(speech.hearing, burst.astype("<i2").tobytes()) == ""

    async def test_silence_is_nothing(self, speech: LocalSpeech) -> None:
        assert await words_in(speech.hearing, bytes(16000)) == ""


class TestAVoiceThatDoesNotExist:
    async def test_is_named_with_those_that_do(self, speech: LocalSpeech) -> None:
        with pytest.raises(Unreachable, match="no local voice 'bob': choose one of ava, sam"):
            await sound_of(speech.voice, "Hello.", a_voice("local", "bob", ("en-US",)))


class TestALanguageTheEarsDoNotKnow:
    async def test_is_said_instead_of_guessed(self, speech: LocalSpeech) -> None:
        with pytest.raises(Unreachable, match="understands English only"):
            await words_in(speech.hearing, noise(1, -30), language="hi-IN")


def pitch_hz(pcm: bytes) -> float:
    """Median pitch of the voiced parts, by autocorrelation between 80 and 350 Hz."""
    samples = np.frombuffer(pcm, "<i2").astype(np.float64)
    found = []
    for at in range(0, len(samples) - 400, 200):
        piece = samples[at : at + 400] - samples[at : at + 400].mean()
        likeness = np.correlate(piece, piece, "full")[399:]
        lag = 22 + int(np.argmax(likeness[22:101]))
        if likeness[0] > 1e8 and likeness[lag] > 0.5 * likeness[0]:
            found.append(8000 / lag)
    return float(np.median(found))
