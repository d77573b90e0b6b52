"""The pool around the real model."""

from __future__ import annotations

import numpy as np

from outdial.audio.frames import FRAME_BYTES, SILENCE
from outdial.audio.levels import tone
from outdial.conversation.vad import MAX_WAITING_BYTES, WINDOW_BYTES, VoiceActivity
from outdial.speech.scripted import speech_sound

SPEECH = b"".join(speech_sound("one two three four five"))


def judged(pool: VoiceActivity, *sounds: bytes) -> list[list[float]]:
    """Verdicts on sounds of equal length that come in side by side, in frames."""
    ears = [pool.open() for _ in sounds]
    for at in range(0, len(sounds[0]), FRAME_BYTES):
        for ear, sound in zip(ears, sounds, strict=True):
            ear.push(sound[at : at + FRAME_BYTES])
        pool.run()
    verdicts = [ear.take() for ear in ears]
    for ear in ears:
        ear.close()
    return verdicts


class TestTheModel:
    def test_knows_speech(self) -> None:
        (verdicts,) = judged(VoiceActivity(), SPEECH)

        assert np.mean(np.array(verdicts[4:]) > 0.5) > 0.95

    def test_knows_silence_and_tones(self) -> None:
        silence, beep = judged(VoiceActivity(), bytes(16000), tone(1000, 1000))

        assert max(silence) < 0.35
        assert np.mean(beep) < 0.35

    def test_judges_many_as_it_judges_one(self) -> None:
        (alone,) = judged(VoiceActivity(), SPEECH)

        together = judged(VoiceActivity(slots=2), *[SPEECH] * 70)

        for verdicts in together:
            np.testing.assert_allclose(verdicts, alone, atol=1e-4)

    def test_starts_afresh_in_a_place_that_was_used(self) -> None:
        pool = VoiceActivity(slots=1)
        (first,) = judged(pool, SPEECH)
        judged(pool, tone(300, 1000))

        (again,) = judged(pool, SPEECH)

        assert again == first

    def test_forgets_when_told(self) -> None:
        pool = VoiceActivity()
        (fresh,) = judged(pool, SPEECH)
        ear = pool.open()
        ear.push(SPEECH[: 20 * WINDOW_BYTES][:MAX_WAITING_BYTES])
        pool.run()
        ear.take()

        ear.forget()
        ear.push(SPEECH[:MAX_WAITING_BYTES])
        pool.run()

        np.testing.assert_allclose(ear.take(), fresh[: MAX_WAITING_BYTES // WINDOW_BYTES], atol=1e-4)


class TestSoundInPieces:
    def test_is_judged_window_by_window_however_it_comes(self) -> None:
        pool = VoiceActivity()
        frame_by_frame, in_bursts = pool.open(), pool.open()
        for at in range(0, 40 * FRAME_BYTES, FRAME_BYTES):
            frame_by_frame.push(SPEECH[at : at + FRAME_BYTES])
            pool.run()
        for at in range(0, 40 * FRAME_BYTES, 10 * FRAME_BYTES):
            for part in range(at, at + 10 * FRAME_BYTES, 5 * FRAME_BYTES):
                in_bursts.push(SPEECH[part : part + 5 * FRAME_BYTES])
            pool.run()

        np.testing.assert_allclose(in_bursts.take(), frame_by_frame.take(), atol=1e-4)

    def test_beyond_half_a_second_at_once_is_passed_over(self) -> None:
        pool = VoiceActivity()
        ear = pool.open()

        ear.push(SILENCE * 500)
        pool.run()

        assert len(ear.take()) == MAX_WAITING_BYTES // WINDOW_BYTES


class TestAClosedEar:
    def test_gets_no_verdict_and_frees_its_place_once(self) -> None:
        pool = VoiceActivity(slots=1)
        ear = pool.open()
        ear.push(SPEECH[:WINDOW_BYTES])

        ear.close()
        ear.close()
        pool.run()

        assert ear.take() == []
        assert {pool.open().slot, pool.open().slot} == {0, 1}
