from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outdial.carriers.sip.resample import ToLineRate
from outdial.domain.errors import Broken
from sip_builders import loudness


def a_tone(rate_hz: int, hz: float, seconds: float, channels: int = 1) -> bytes:
    wave = 8000 * np.sin(2 * np.pi * hz * np.arange(int(rate_hz * seconds)) / rate_hz)
    return np.repeat(wave.astype("<i2"), channels).tobytes()


class TestSoundOfAWidebandCodec:
    @pytest.mark.parametrize(("rate_hz", "channels"), [(16000, 1), (48000, 2), (8000, 1), (8000, 2)])
    def test_keeps_a_voice_tone_and_its_length(self, rate_hz: int, channels: int) -> None:
        heard = ToLineRate(rate_hz, channels).convert(a_tone(rate_hz, 1000, 1.0, channels))

        assert len(heard) == 16000
        assert loudness(heard[2000:], 1000) > 0.999

    @pytest.mark.parametrize("rate_hz", [16000, 48000])
    def test_loses_what_a_telephone_cannot_carry(self, rate_hz: int) -> None:
        heard = ToLineRate(rate_hz, 1).convert(a_tone(rate_hz, 5000, 1.0))

        assert np.abs(np.frombuffer(heard[2000:], dtype="<i2")).max() < 80

    @given(st.lists(st.integers(0, 700), min_size=1, max_size=20), st.sampled_from([(16000, 1), (48000, 2)]))
    def test_is_the_same_in_any_chunks(self, sizes: list[int], form: tuple[int, int]) -> None:
        rate_hz, channels = form
        whole = a_tone(rate_hz, 700, sum(sizes) / rate_hz, channels)
        in_chunks, at_once = ToLineRate(*form), ToLineRate(*form)
        pieces, at = [], 0

        for size in sizes:
            step = size * channels * 2
            pieces.append(in_chunks.convert(whole[at : at + step]))
            at += step

        expected = np.frombuffer(at_once.convert(whole[:at]), dtype="<i2").astype(int)
        found = np.frombuffer(b"".join(pieces), dtype="<i2").astype(int)
        assert len(found) == len(expected)
        assert np.abs(found - expected).max(initial=0) <= 1

    @pytest.mark.parametrize("form", [(0, 1), (11025, 1), (16000, 0)])
    def test_of_an_odd_rate_is_broken(self, form: tuple[int, int]) -> None:
        with pytest.raises(Broken):
            ToLineRate(*form)
