"""The recording: both channels on the wall clock, whatever the line does."""

from __future__ import annotations

import resource
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from outdial.audio.frames import FRAME_SAMPLES, SILENCE
from outdial.audio.wav import read_wav
from outdial.conversation.recorder import Recorder, Track


def frame(number: int) -> bytes:
    return np.full(FRAME_SAMPLES, number, np.int16).tobytes()


def numbers(pcm: bytes) -> list[int]:
    return [int(value) for value in np.frombuffer(pcm, np.int16)[::FRAME_SAMPLES]]


class TestATrack:
    def test_keeps_what_comes_in_time_where_it_is(self) -> None:
        track = Track()
        for now in range(1, 6):
            track.put(frame(now), now)

        assert numbers(track.take(5)) == [1, 2, 3, 4, 5]

    def test_absorbs_a_burst_into_the_gap_before_it(self) -> None:
        track = Track()
        track.put(frame(1), 1)
        track.put(b"".join(map(frame, range(2, 12))), 11)
        track.put(frame(12), 12)

        assert numbers(track.take(12)) == list(range(1, 13))

    def test_fills_what_never_came(self) -> None:
        track = Track()
        track.put(frame(1), 1)
        track.put(frame(12), 12)

        assert numbers(track.take(12)) == [1] + [0] * 10 + [12]

    def test_lets_a_little_jitter_pass(self) -> None:
        track = Track()
        track.put(frame(1), 1)
        track.put(frame(2) + frame(3), 3)
        track.put(frame(4), 5)

        assert numbers(track.take(5)) == [1, 2, 3, 4, 0]

    def test_cuts_what_is_too_much(self) -> None:
        track = Track()
        track.put(b"".join(map(frame, range(1, 21))), 10)

        assert numbers(track.take(10)) == list(range(11, 21))

    @given(st.lists(st.integers(0, 30), min_size=1, max_size=80))
    def test_is_as_long_as_the_call_whatever_comes(self, bursts: list[int]) -> None:
        track = Track()
        for now, burst in enumerate(bursts, 1):
            track.put(SILENCE * burst, now)

        assert len(track.take(len(bursts))) == len(bursts) * len(SILENCE)


class TestARecording:
    def test_has_the_agent_left_and_the_callee_right(self, tmp_path: Path) -> None:
        recorder = Recorder(tmp_path / "talk.wav")
        for now in range(1, 401):
            recorder.put(frame(now), frame(-now), now)

        assert recorder.close(400) == 8000
        samples, rate_hz = read_wav(tmp_path / "talk.wav")
        assert rate_hz == 8000
        assert numbers(samples[:, 0].tobytes()) == list(range(1, 401))
        assert numbers(samples[:, 1].tobytes()) == [-n for n in range(1, 401)]

    def test_plays_after_a_crash_up_to_the_last_write(self, tmp_path: Path) -> None:
        recorder = Recorder(tmp_path / "talk.wav")
        for now in range(1, 401):
            recorder.put(frame(now), frame(now), now)

        samples, _ = read_wav(tmp_path / "talk.wav")
        seconds = len(samples) / 8000
        recorder.close(400)
        assert 400 * 0.02 - 3 <= seconds < 8

    def test_finds_room_for_a_burst_of_a_second(self, tmp_path: Path) -> None:
        recorder = Recorder(tmp_path / "talk.wav")
        for now in range(1, 301):
            recorder.put(SILENCE, b"" if 120 < now < 170 else frame(1) * (50 if now == 170 else 1), now)
        recorder.close(300)

        samples, _ = read_wav(tmp_path / "talk.wav")
        assert numbers(samples[:, 1].tobytes()) == [1] * 300

    def test_is_given_up_when_the_disk_is_full_half_way(self, tmp_path: Path) -> None:
        recorder = Recorder(tmp_path / "talk.wav")
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
        try:
            for now in range(1, 1001):
                recorder.put(frame(now), frame(now), now)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)

        assert recorder.close(1000) == 0
        assert recorder.trouble == "recording given up: File too large"

    def test_that_was_not_asked_for_is_not_made(self) -> None:
        recorder = Recorder(None)
        recorder.put(frame(1), frame(1), 1)

        assert (recorder.close(1), recorder.trouble) == (0, "")
