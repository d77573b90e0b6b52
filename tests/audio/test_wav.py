"""WAV files, written and read."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest

from outdial.audio.wav import StereoWriter, read_wav


def ramp(first: int, count: int) -> bytes:
    return np.arange(first, first + count, dtype=np.int16).tobytes()


class TestAStereoFile:
    def test_is_valid_after_every_write(self, tmp_path: Path) -> None:
        path = tmp_path / "new" / "talk.wav"
        writer = StereoWriter(path)
        for written in range(4):
            with wave.open(str(path)) as file:
                assert (file.getnchannels(), file.getframerate(), file.getsampwidth()) == (2, 8000, 2)
                assert file.getnframes() == 800 * written
            writer.write(ramp(800 * written, 800), ramp(-800 * written, 800))
        assert writer.duration_ms == 400
        writer.close()
        writer.close()

    def test_holds_left_and_right(self, tmp_path: Path) -> None:
        writer = StereoWriter(tmp_path / "talk.wav")
        writer.write(ramp(0, 100), ramp(1000, 100))
        writer.write(ramp(100, 50), ramp(1100, 50))
        writer.close()

        samples, rate_hz = read_wav(tmp_path / "talk.wav")

        assert rate_hz == 8000
        np.testing.assert_array_equal(samples[:, 0], np.arange(150))
        np.testing.assert_array_equal(samples[:, 1], np.arange(1000, 1150))

    def test_is_for_its_owner_only(self, tmp_path: Path) -> None:
        StereoWriter(tmp_path / "talk.wav").close()

        assert (tmp_path / "talk.wav").stat().st_mode & 0o077 == 0

    def test_on_a_full_disk_says_so(self) -> None:
        with pytest.raises(OSError, match="No space left"):
            StereoWriter(Path("/dev/full"))


class TestAFileThatIsNoWav:
    def test_is_named(self, tmp_path: Path) -> None:
        (tmp_path / "song.wav").write_bytes(b"ID3 this is something else entirely")

        with pytest.raises(ValueError, match=r"song\.wav is no PCM WAV file"):
            read_wav(tmp_path / "song.wav")

    def test_with_other_samples_is_refused(self, tmp_path: Path) -> None:
        with wave.open(str(tmp_path / "bytes.wav"), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(1)
            file.setframerate(8000)
            file.writeframes(bytes(10))

        with pytest.raises(ValueError, match="8-bit samples"):
            read_wav(tmp_path / "bytes.wav")
