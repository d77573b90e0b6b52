"""WAV files: PCM, 16 bit. Reading whole files, and writing a long one that is valid at every moment."""

from __future__ import annotations

import os
import struct
import wave
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from outdial.audio.frames import LINE_RATE_HZ

_HEADER_BYTES: Final = 44


def _header(data_bytes: int) -> bytes:
    """The 44 bytes in front of PCM data ("Multimedia Programming Interface and Data Specifications 1.0", 1991)."""
    channels, block = 2, 4
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        *(b"RIFF", data_bytes + _HEADER_BYTES - 8, b"WAVE", b"fmt ", 16),
        *(1, channels, LINE_RATE_HZ, LINE_RATE_HZ * block, block, 16, b"data", data_bytes),
    )


class StereoWriter:
    """A stereo WAV file at line rate, left and right written together.

    Each ``write`` puts the sound on disk in one call and then mends the header, so that after a crash the file
    plays up to the last write. Hand over a second or more at a time.

    Raises:
        OSError: from every method, when the disk does not take it.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        self._data_bytes = 0
        try:
            os.pwrite(self._file, _header(0), 0)
        except OSError:
            os.close(self._file)
            raise

    def write(self, left: bytes | bytearray, right: bytes | bytearray) -> None:
        """Append PCM of equal length to both channels."""
        both = np.empty((len(left) // 2, 2), np.int16)
        both[:, 0] = np.frombuffer(left, np.int16)
        both[:, 1] = np.frombuffer(right, np.int16)
        data = both.tobytes()
        written = 0
        while written < len(data):
            written += os.pwrite(self._file, data[written:], _HEADER_BYTES + self._data_bytes + written)
        self._data_bytes += len(data)
        os.pwrite(self._file, _header(self._data_bytes), 0)

    @property
    def duration_ms(self) -> int:
        return self._data_bytes * 1000 // (4 * LINE_RATE_HZ)

    def close(self) -> None:
        """Close the file; a second time does nothing."""
        if self._file >= 0:
            file, self._file = self._file, -1
            os.close(file)


def read_wav(path: Path) -> tuple[npt.NDArray[np.int16], int]:
    """Samples as (n, channels) and the rate in Hz of a 16-bit PCM file.

    Raises:
        ValueError: the file is no 16-bit PCM WAV.
    """
    try:
        with wave.open(str(path), "rb") as file:
            if file.getsampwidth() != 2:
                raise ValueError(f"{path} has {8 * file.getsampwidth()}-bit samples; 16-bit ones are needed")
            samples = np.frombuffer(file.readframes(file.getnframes()), np.int16)
            return samples.reshape(-1, file.getnchannels()), file.getframerate()
    except (wave.Error, EOFError) as error:
        raise ValueError(f"{path} is no PCM WAV file: {error}") from error
