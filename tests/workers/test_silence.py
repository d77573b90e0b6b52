"""Whose silence is believed, and when: any order of words, pauses and stalls of the watcher."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from outdial.workers.silence import Silence

_PAUSES = st.lists(st.floats(0, 100), max_size=20)


class TestASilence:
    @given(_PAUSES)
    def test_lasts_since_the_last_word(self, pauses: list[float]) -> None:
        silence, now = Silence(0.0), 0.0
        for pause in pauses:
            now += pause
            silence.broken(now)

        assert silence.lasted_s(now + 7.0) == (now + 7.0) - now

    def test_begins_anew_when_the_watcher_stood_still(self) -> None:
        silence = Silence(0.0)

        silence.stalled(8.0)

        assert silence.lasted_s(9.0) == 1.0

    @given(_PAUSES)
    def test_is_excused_once_however_often_the_watcher_stalls(self, pauses: list[float]) -> None:
        silence, now = Silence(0.0), 5.0
        silence.stalled(now)
        for pause in pauses:
            now += pause
            silence.stalled(now)

        assert silence.lasted_s(now) == now - 5.0

    def test_is_excused_again_after_a_word(self) -> None:
        silence = Silence(0.0)
        silence.stalled(8.0)
        silence.broken(9.0)

        silence.stalled(20.0)

        assert silence.lasted_s(20.0) == 0.0
