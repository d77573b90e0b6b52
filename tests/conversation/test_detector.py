"""From probabilities to speech."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outdial.conversation.detector import Heard, Hysteresis, SpeechDetector

WINDOW_MS = 32
SPEECH, SILENCE, BETWEEN = 0.9, 0.1, 0.4


def decisions(probabilities: list[float], rules: Hysteresis | None = None) -> list[Heard | None]:
    detector = SpeechDetector(rules or Hysteresis())
    return [detector.hear(probability) for probability in probabilities]


class TestSpeech:
    def test_begins_when_it_has_lasted(self) -> None:
        assert decisions([SPEECH] * 3) == [None, Heard.BEGAN, None]

    def test_too_short_is_none(self) -> None:
        assert decisions([SPEECH, SILENCE] * 10) == [None] * 20

    def test_goes_on_through_a_breath(self) -> None:
        said = decisions([SPEECH] * 3 + [SILENCE] * 14 + [SPEECH])

        assert Heard.ENDED not in said

    def test_ends_after_the_silence(self) -> None:
        said = decisions([SPEECH] * 3 + [SILENCE] * 15)

        assert said[-1] is Heard.ENDED
        assert said.count(Heard.ENDED) == 1

    def test_once_begun_is_kept_up_by_less(self) -> None:
        assert Heard.ENDED not in decisions([SPEECH] * 2 + [BETWEEN] * 50)
        assert Heard.BEGAN not in decisions([BETWEEN] * 50)

    def test_knows_how_long_it_was(self) -> None:
        detector = SpeechDetector()
        for probability in [SILENCE] * 9 + [SPEECH] * 10 + [SILENCE] * 4:
            detector.hear(probability)

        assert detector.speech_ms == 10 * WINDOW_MS
        assert detector.began_ago_ms == 14 * WINDOW_MS
        assert detector.silent_ms == 4 * WINDOW_MS

    @pytest.mark.parametrize("end_silence_ms", [100, 320, 800])
    def test_ends_as_late_as_it_is_told(self, end_silence_ms: int) -> None:
        said = decisions([SPEECH] * 3 + [SILENCE] * 40, Hysteresis(end_silence_ms=end_silence_ms))

        windows = said.index(Heard.ENDED) - 2
        assert end_silence_ms <= windows * WINDOW_MS < end_silence_ms + WINDOW_MS


class TestAnyPause:
    @given(
        st.lists(st.tuples(st.integers(2, 40), st.integers(15, 60)), min_size=1, max_size=8),
        st.integers(1, 15),
    )
    def test_leaves_every_piece_of_speech_its_own_beginning_and_end(
        self, pieces: list[tuple[int, int]], end_windows: int
    ) -> None:
        detector = SpeechDetector(Hysteresis(end_silence_ms=end_windows * WINDOW_MS))
        expected, found = [], []
        now = 0
        for loud, silent in pieces:
            silence = silent - 15 + end_windows  # from exactly the silence that ends it on
            expected.append((now, now + loud))
            for probability in [SPEECH] * loud + [SILENCE] * silence:
                now += 1
                if detector.hear(probability) is Heard.ENDED:
                    began, ended = detector.began_ago_ms // WINDOW_MS, detector.silent_ms // WINDOW_MS
                    found.append((now - began, now - ended))

        assert found == expected

    @given(st.lists(st.tuples(st.integers(0, 30), st.booleans()), max_size=60))
    def test_leaves_pieces_in_order_and_apart(self, runs: list[tuple[int, bool]]) -> None:
        detector = SpeechDetector()
        latest = now = 0
        for length, loud in runs:
            for _ in range(length):
                now += WINDOW_MS
                if detector.hear(SPEECH if loud else SILENCE) is not None:
                    assert latest <= now - detector.began_ago_ms <= now - detector.silent_ms <= now
                    if not detector.speaking:
                        latest = now - detector.silent_ms


class TestAnySound:
    @given(st.lists(st.floats(0, 1), max_size=300))
    def test_begins_and_ends_in_turns(self, probabilities: list[float]) -> None:
        turns = [heard for heard in decisions(probabilities) if heard is not None]

        assert turns == [Heard.BEGAN, Heard.ENDED] * (len(turns) // 2) + [Heard.BEGAN] * (len(turns) % 2)
