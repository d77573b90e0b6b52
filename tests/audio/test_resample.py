"""Other rates than the line's."""

from __future__ import annotations

import numpy as np
import pytest

from outdial.audio.levels import rms_dbfs, tone, tone_share
from outdial.audio.resample import DOUBLING_REACH, doubled, from_line_rate, to_line_rate


class TestAClip:
    @pytest.mark.parametrize("rate_hz", [16000, 22050, 24000, 48000])
    def test_keeps_its_tone_and_level_on_the_way_to_the_line(self, rate_hz: int) -> None:
        wave = (0.3 * np.sin(2 * np.pi * 700 * np.arange(rate_hz) / rate_hz)).astype(np.float32)

        line = to_line_rate(wave, rate_hz)

        assert len(line) == pytest.approx(16000, abs=4)
        assert tone_share(line, 700) > 0.95
        assert rms_dbfs(line) == pytest.approx(20 * np.log10(0.3 / np.sqrt(2)), abs=0.2)

    def test_of_whole_numbers_is_taken_as_well(self) -> None:
        line = to_line_rate(np.frombuffer(tone(500, 1000), np.int16), 8000)

        assert tone_share(line, 500) > 0.95

    def test_too_loud_is_clipped_and_not_wrapped(self) -> None:
        line = np.frombuffer(to_line_rate(np.full(8000, 2.0, np.float32), 8000), np.int16)

        assert line.min() > 0

    def test_gets_the_length_of_another_rate(self) -> None:
        assert len(from_line_rate(tone(500, 1000), 16000)) == pytest.approx(16000, abs=2)


class TestDoubling:
    @pytest.mark.parametrize("frequency_hz", [300, 1000, 2000, 3000])
    def test_keeps_the_telephone_band(self, frequency_hz: int) -> None:
        wave = np.sin(2 * np.pi * frequency_hz * np.arange(-DOUBLING_REACH, 4096) / 8000).astype(np.float32)

        sound = doubled(wave[None])[0]

        late = 2 * 7
        expected = np.sin(2 * np.pi * frequency_hz * (np.arange(8192) - late) / 16000 - 2 * np.pi * frequency_hz / 8000)
        assert np.abs(sound - expected).max() < 0.05

    def test_in_pieces_and_in_company_is_the_same(self) -> None:
        line = np.random.default_rng(2).normal(0, 0.1, (3, DOUBLING_REACH + 1024)).astype(np.float32)

        pieces = [doubled(line[1:2, at : at + DOUBLING_REACH + 256]) for at in range(0, 1024, 256)]

        np.testing.assert_allclose(np.concatenate(pieces, axis=1), doubled(line)[1:2], atol=1e-6)
