"""The scripted voice and ears: what is said is what is heard, as far as it was heard."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outdial.audio.frames import FRAME_BYTES, duration_ms
from outdial.speech.scripted import CannedEars, ScriptedEars, carried_words, speech_sound

WORDS = st.lists(st.text("abcdefghijklmnopäé'1।", min_size=1, max_size=20), min_size=1, max_size=8)


class TestTheVoice:
    @given(WORDS)
    def test_carries_every_word(self, words: list[str]) -> None:
        sounds = speech_sound(" ".join(words))

        assert carried_words(b"".join(sounds)).split() == " ".join(words).split()
        assert all(len(sound) % FRAME_BYTES == 0 for sound in sounds)

    @given(WORDS, st.integers(0, 400))
    def test_cut_off_carries_only_whole_words(self, words: list[str], frames: int) -> None:
        sounds = speech_sound(" ".join(words))
        heard = b"".join(sounds)[: frames * FRAME_BYTES]

        whole, length = [], 0
        for word, sound in zip(" ".join(words).split(), sounds, strict=True):
            length += len(sound)
            if length <= len(heard):
                whole.append(word)
        assert carried_words(heard).split() == whole

    def test_speaks_two_and_a_half_words_a_second(self) -> None:
        assert duration_ms(b"".join(speech_sound("nine five four zero word"))) == 2000

    def test_is_the_same_every_time(self) -> None:
        assert speech_sound("one two") == speech_sound("one two")


class TestTheEars:
    async def test_hear_what_came_since_the_speech_began_and_a_little_before(self) -> None:
        hearing = ScriptedEars().listen("en-US")
        one, two, three = speech_sound("one two three")
        hearing.hear(one + bytes(10 * FRAME_BYTES))
        hearing.hear(two[: 10 * FRAME_BYTES])
        hearing.speech_began()
        hearing.hear(two[10 * FRAME_BYTES :])
        hearing.hear(three)

        assert await hearing.speech_ended() == "two three"
        hearing.speech_began()
        assert await hearing.speech_ended() == ""


class TestCannedEars:
    @pytest.mark.parametrize("times", [1, 2])
    async def test_give_their_lines_in_order_to_every_call(self, times: int) -> None:
        ears = CannedEars(["yes", "no"])
        for _ in range(times):
            hearing = ears.listen("en-US")
            assert [await hearing.speech_ended() for _ in range(3)] == ["yes", "no", ""]
            await asyncio.wait_for(hearing.close(), 5)
