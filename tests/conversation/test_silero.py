"""The network in numpy against the published one: the same numbers, and the same decisions over an hour of sound."""

from __future__ import annotations

import numpy as np
import pytest

from conversation.published_silero import PublishedSilero
from outdial.audio.g711 import mu_law_decode, mu_law_encode
from outdial.audio.resample import Floats
from outdial.conversation.detector import Hysteresis
from outdial.conversation.silero import HISTORY_SAMPLES, MEMORY_SIZE, WINDOW_SAMPLES, Silero
from outdial.speech.scripted import speech_sound

SOUNDS = 60
WINDOWS = 60 * 1000 // 32
"""A minute of each sound: an hour in all."""


def an_hour() -> Floats:
    """(sounds, samples): speech in pauses of its own, under noise of every level and colour, through mu-law."""
    dice = np.random.default_rng(11)
    words = ("yes", "no thank you", "could you please tell me about that", "one two three four five six seven")
    spoken = [np.frombuffer(b"".join(speech_sound(text)), np.int16).astype(np.float32) for text in words]
    hour = np.zeros((SOUNDS, WINDOWS * WINDOW_SAMPLES), np.float32)
    for row in range(SOUNDS):
        sound = hour[row]
        at = 0
        while at < len(sound):
            speech = spoken[dice.integers(len(spoken))] * 10 ** (dice.uniform(-30, 6) / 20)
            end = min(at + len(speech), len(sound))
            sound[at:end] = speech[: end - at]
            at = end + int(dice.uniform(0.1, 6.0) * 8000)
        noise = dice.standard_normal(len(sound)).astype(np.float32)
        noise = np.convolve(noise, np.ones(dice.integers(1, 9)) / 3, mode="same").astype(np.float32)
        hour[row] += noise * 10 ** (dice.uniform(-20, 70) / 20)
    coded = mu_law_decode(mu_law_encode(np.clip(hour, -32768, 32767).astype(np.int16).tobytes()))
    return np.frombuffer(coded, np.int16).reshape(SOUNDS, -1).astype(np.float32) * np.float32(1 / 32768)


def ours(sound: Floats) -> Floats:
    model = Silero()
    memory = np.zeros((2, len(sound), MEMORY_SIZE), np.float32)
    line = np.concatenate([np.zeros((len(sound), HISTORY_SAMPLES), np.float32), sound], axis=1)
    judged = []
    for at in range(0, sound.shape[1], WINDOW_SAMPLES):
        probabilities, memory = model.run(line[:, at : at + HISTORY_SAMPLES + WINDOW_SAMPLES], memory)
        judged.append(probabilities)
    return np.stack(judged)


def published(sound: Floats) -> Floats:
    model = PublishedSilero(len(sound))
    return np.stack(
        [model.judge(sound[:, at : at + WINDOW_SAMPLES]) for at in range(0, sound.shape[1], WINDOW_SAMPLES)]
    )


class TestAnHourOfSpeechAndNoise:
    def test_is_judged_as_the_published_network_judges_it(self) -> None:
        sound = an_hour()

        mine, theirs = ours(sound), published(sound)

        assert np.abs(mine - theirs).max() < 1e-4
        rules = Hysteresis()
        for threshold in (rules.begin_probability, rules.stay_probability):
            # Nobody could decide the same within a rounding error of the threshold.
            clear = np.abs(theirs - threshold) > 1e-4
            assert np.mean(clear) > 0.999
            np.testing.assert_array_equal((mine >= threshold)[clear], (theirs >= threshold)[clear])
        assert 0.02 < np.mean(theirs >= rules.begin_probability) < 0.9


class TestTheLoudestSound:
    @pytest.mark.parametrize("sample", [-1.0, 1.0])
    def test_overflows_nothing(self, sample: float) -> None:
        square = np.full((1, 100 * WINDOW_SAMPLES), sample, np.float32)
        square[:, ::7] *= -1

        judged = ours(square)

        assert np.all(np.isfinite(judged))
        assert np.all((judged >= 0) & (judged <= 1))
