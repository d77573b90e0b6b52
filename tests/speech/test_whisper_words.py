"""Around the recogniser: what its output is made of, and what it must never be."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outdial.speech.local.mel import BANDS, log_mel
from outdial.speech.local.models import find_whisper
from outdial.speech.local.whisper import plain_words, read_vocabulary, repeats, unlooped


class TestRepetition:
    @pytest.mark.parametrize("text", ["Yes. Yes. Yes.", "Who is this? Who is this?", "so 3 3 3 3", "no no no way"])
    def test_is_noticed(self, text: str) -> None:
        assert repeats(text)

    @pytest.mark.parametrize("text", ["Yes.", "It is very very good.", "No, that is not a no.", ""])
    def test_is_not_seen_where_people_talk(self, text: str) -> None:
        assert not repeats(text)

    def test_is_cut_when_nobody_could_speak_so_fast(self) -> None:
        assert unlooped("No, thank you. " * 8, length_s=1.5) == "No, thank you."

    def test_stays_when_there_was_time_for_it(self) -> None:
        assert unlooped("No no no.", length_s=1.5) == "No no no."

    @given(st.lists(st.sampled_from(["yes", "no", "5", "ok."]), max_size=40), st.floats(0.1, 28))
    def test_cutting_never_adds_or_changes_a_word(self, words: list[str], length_s: float) -> None:
        text = " ".join(words)

        assert text.startswith(unlooped(text, length_s))


class TestRemarks:
    @pytest.mark.parametrize("text", ["[BLANK_AUDIO]", "(coughs)", "*sighs*", "\u266a\u266a", " . . .", "[Music] ..."])
    def test_of_the_model_are_no_words(self, text: str) -> None:
        assert plain_words(text) == ""

    def test_leave_the_words_beside_them(self) -> None:
        assert plain_words(" Yes, [NOISE] I will. ") == "Yes, I will."


class TestTheVocabulary:
    def test_spells_text_in_bytes(self) -> None:
        pieces = read_vocabulary(find_whisper().vocabulary)

        assert pieces["\u0120Hello"] == b" Hello"
        assert "<|endoftext|>" not in pieces
        assert {bytes([byte]) for byte in range(256)} <= set(pieces.values())


class TestTheSpectrum:
    @given(st.integers(0, 40_000), st.floats(0.02, 10))
    def test_has_100_frames_a_second_and_an_even_number_of_them(self, samples: int, seconds: float) -> None:
        mel = log_mel(np.zeros(samples, np.float32), seconds)

        frames = max(round(seconds * 16000), samples) / 160
        assert mel.shape == (BANDS, mel.shape[1])
        assert mel.shape[1] % 2 == 0
        assert frames <= mel.shape[1] < frames + 2

    def test_shows_a_tone_in_its_band(self) -> None:
        low, high = (
            log_mel((0.5 * np.sin(2 * np.pi * hz * np.arange(16000) / 16000)).astype(np.float32), 1.0).mean(axis=1)
            for hz in (300, 3000)
        )

        assert int(np.argmax(low)) < 12
        assert int(np.argmax(high)) > 40
