"""Levels and tones."""

from __future__ import annotations

import numpy as np
import pytest

from outdial.audio.levels import FLOOR_DBFS, rms_dbfs, tone, tone_share
from outdial.speech.scripted import speech_sound


class TestTheLevel:
    @pytest.mark.parametrize("level_dbfs", [-6.0, -20.0, -40.0])
    def test_of_a_tone_is_the_one_asked_for(self, level_dbfs: float) -> None:
        assert rms_dbfs(tone(440, 500, level_dbfs=level_dbfs)) == pytest.approx(level_dbfs, abs=0.1)

    def test_of_silence_is_the_floor(self) -> None:
        assert rms_dbfs(bytes(320)) == rms_dbfs(b"") == FLOOR_DBFS


class TestTheShareOfATone:
    def test_is_all_of_it_for_the_tone(self) -> None:
        assert tone_share(tone(941, 200), 941) > 0.95

    def test_is_next_to_nothing_for_anything_else(self) -> None:
        noise = np.random.default_rng(1).normal(0, 3000, 8000).astype(np.int16).tobytes()
        for other in (tone(1336, 200), b"".join(speech_sound("one two three")), noise, bytes(3200), b""):
            assert tone_share(other, 941) < 0.1
