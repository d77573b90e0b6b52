"""The agent's own voice, come back over the line: found in what comes in, and taken out of it.

An echo is what left some time ago, weaker and a little smeared. *Finding* it is one normalised cross-correlation by
FFT over all delays, of both sides with their spectra flattened (voices are alike in their low tones, not in the rest).
It is tried only while the agent's sound may come back and the voice detector hears speech. *Taking it out* is a short
filter (least squares over what was heard so far) that says what the echo sounds like; the rest is the callee. A rest as
faint as a codec's noise is silenced. While both speak the filter stays as it is, and the rest passes.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from outdial.audio.frames import FRAME_BYTES, FRAME_SAMPLES, LINE_RATE_HZ

_Samples = npt.NDArray[np.float64]

MAX_DELAY_MS: Final = 800
_MAX_DELAY: Final = MAX_DELAY_MS * LINE_RATE_HZ // 1000
_WINDOW: Final = 1600
"""Samples an echo is looked for in: 200 ms, of which at least ``_LEAST_LOUD`` frames must be loud. Two voices that have
nothing to do with each other reach a correlation of 0.22 in 120 ms, 0.12 in 200 ms."""
_LEAST_LOUD: Final = 5
_FOUND: Final = 0.3
"""Squared correlation from which it is an echo."""
_LOUDEST: Final = 0.4
"""Power of an echo as a share of what left: no line returns more than 4 dB below it. What is as loud as the agent is
somebody with the same voice, or the same announcement."""
_TRANSFORM: Final = 8192
"""At least ``_MAX_DELAY + _WINDOW``, so that the correlations of interest do not wrap around."""
_TAPS: Final = 64
_EARLY_TAPS: Final = 16
"""Taps before the delay found: a path's strongest reflection is not always its first."""
_KEPT: Final = _MAX_DELAY + _WINDOW + _TAPS
_FLATTEN: Final = 0.9
_FAINT: Final = 8.0**2
"""Mean square below which a frame is silence (of 16-bit samples: the finest step of A-law)."""
_PASSES: Final = 0.9
"""Share of a frame that must be left over for the frame to be none of the echo."""
_SINGLE: Final = 0.5
"""Left over less than this: the agent alone, from which the filter may learn."""
_ALONE: Final = 0.2
"""As ``_SINGLE``, of a whole window: nobody else was speaking in it."""
_FORGET: Final = 0.98
"""A frame: the filter remembers about a second of echo."""
_QUICK_FRAMES: Final = 50
"""Of an echo newly found, every frame is learned from; afterwards one of ``_SLOWLY``, for paths change slowly."""
_SLOWLY: Final = 4
_SOLVE_EVERY: Final = 5
"""Frames learned from."""
_DOUBLE_TALK_FRAMES: Final = 10
"""After a frame with somebody else in it none is silenced for so long: no holes are cut into the callee's words."""
_PACKETS: Final = (1, -1, 2, -2, 3, -3)
_MOVED: Final = 0.1
"""Left over of a frame less than this at another delay: it has moved by whole packets, one lost or held up."""
_MOVED_FRAMES: Final = 2
"""Frames in a row without an echo where one should be, after which it is looked for at other delays: packets that were
lost or held up move it."""
_MOVED_WINDOW: Final = 800
"""Samples it is looked for in then: what came before the move is of no use."""
_LOST_FRAMES: Final = 15
"""Frames in a row without an echo where one should be: the path has changed, or there is none any more."""


class EchoCanceller:
    """One for each conversation. Streams are counted from the same moment on, in samples."""

    def __init__(self) -> None:
        self._left = bytearray(2 * _KEPT)
        self._came = bytearray(2 * _WINDOW)
        self._quiet = _KEPT
        """Samples since the agent's sound last left."""
        self._delay: int | None = None
        self._filter: _Samples = np.zeros(_TAPS)
        """Weights of the samples that left, oldest first."""
        self._between: _Samples = np.zeros((_TAPS, _TAPS))
        self._across: _Samples = np.zeros(_TAPS)
        self._learned = 0
        self._usual = 0.02
        """Share of the echo that the filter usually leaves."""
        self._double_talk = 0
        self._missing = 0
        self._search_next = True
        self.found_alone = False
        """``remove`` has just found the echo, and nobody else in the last 200 ms."""

    @property
    def may_come(self) -> bool:
        """The agent's sound has left lately enough for its echo to come in."""
        return self._quiet < _KEPT

    def remove(self, left: bytes, came: bytes, *, speech: bool) -> bytes:
        """``came`` without the echo of what left; whole frames, as many as came in.

        ``left`` left and ``came`` came in during the same time; either may lag behind by what the other caught up.
        ``speech``: the voice detector has lately heard speech.
        """
        self.found_alone = False
        sounds = left.count(0) != len(left)
        if not sounds and not self.may_come:
            # Nothing that left can come back, now or later: nothing need be remembered.
            return came
        if not self.may_come:
            self._left[:], self._came[:] = bytes(2 * _KEPT), bytes(2 * _WINDOW)
        self._quiet = 0 if sounds else self._quiet + len(left) // 2
        self._left += left
        del self._left[: -2 * _KEPT]
        self._came += came
        del self._came[: -2 * _WINDOW]
        if not came:
            return came
        if self._delay is None:
            if speech and self._its_turn() and (delay := self._found(_WINDOW, _LEAST_LOUD)) is not None:
                self._learn_anew(delay)
            if self._delay is None:
                return came
        later = range(len(came) // FRAME_BYTES - 1, -1, -1)
        frames = (came[at : at + FRAME_BYTES] for at in range(0, len(came), FRAME_BYTES))
        return b"".join(
            self._rest(frame, FRAME_SAMPLES * ago, speech) for frame, ago in zip(frames, later, strict=True)
        )

    def _its_turn(self) -> bool:
        """Every other time will do for a search: it costs as much as ten frames of taking out."""
        self._search_next = not self._search_next
        return not self._search_next

    def _found(self, window: int, least_loud: int) -> int | None:
        """The delay at which the latest ``window`` samples echo what left; None: they do not."""
        came = _floats(self._came[-2 * window :])
        frames = came.reshape(-1, FRAME_SAMPLES)
        powers = np.mean(frames**2, axis=1)
        loud = powers > max(0.05 * powers.max(), _FAINT)
        if np.count_nonzero(loud) < least_loud:
            return None
        left = _floats(self._left)
        strength, delay = _strongest(left[-_MAX_DELAY - window :], came)
        source = left[_KEPT - delay - window : _KEPT - delay].reshape(-1, FRAME_SAMPLES)[loud]
        gain = float(np.sum(source * frames[loud])) / (float(np.sum(source**2)) + 1.0)
        return delay if strength >= _FOUND and gain**2 <= _LOUDEST else None

    def _learn_anew(self, delay: int) -> None:
        came = _floats(self._came)
        self._delay = delay
        self._between[:], self._across[:] = 0, 0
        self._learned = self._missing = self._double_talk = 0
        source = self._source(delay, len(came))
        self._learn(source, came)
        self._solve()
        rest = came - np.correlate(source, self._filter)
        left_over = float(rest @ rest) / max(float(came @ came), 1.0)
        self.found_alone = left_over < _ALONE
        self._usual = min(max(left_over, 0.01), 0.05)

    def _source(self, delay: int, count: int, ago: int = 0) -> _Samples:
        """What left, as far as the ``count`` samples that came in ``ago`` samples ago may echo it after ``delay``.

        Silence stands for what is not remembered any more, or has not left yet.
        """
        end = _KEPT - ago - delay + _EARLY_TAPS
        begin = end - count - _TAPS + 1
        before, after = min(end, 0) - min(begin, 0), max(end, _KEPT) - max(begin, _KEPT)
        left = _floats(self._left[2 * (begin + before) : 2 * (end - after)])
        return np.pad(left, (before, after)) if before or after else left

    def _learn(self, source: _Samples, came: _Samples) -> None:
        shifted = np.ascontiguousarray(sliding_window_view(source, _TAPS))
        self._between = _FORGET * self._between + shifted.T @ shifted
        self._across = _FORGET * self._across + shifted.T @ came

    def _solve(self) -> None:
        steady = 1e-4 * float(np.trace(self._between)) / _TAPS + 1.0
        self._filter = np.asarray(np.linalg.solve(self._between + steady * np.eye(_TAPS), self._across), np.float64)

    def _rest(self, pcm: bytes, ago: int, speech: bool) -> bytes:
        """One frame, which came in ``ago`` samples before the latest one, without the echo."""
        assert self._delay is not None
        came = _floats(pcm)
        source = self._source(self._delay, len(came), ago)
        echo = np.correlate(source, self._filter)
        rest = came - echo
        if rest @ rest >= _SINGLE * (came @ came) > _SINGLE * _FAINT * len(came) and self._moves(came, ago):
            source = self._source(self._delay, len(came), ago)
            echo = np.correlate(source, self._filter)
            rest = came - echo
        came_power, echo_power, rest_power = (float(x @ x) / len(x) for x in (came, echo, rest))
        if echo_power < _FAINT / 16:
            self._double_talk = max(self._double_talk - 1, 0)
            return pcm
        if rest_power >= _PASSES * came_power:
            if came_power > _FAINT:
                self._note_missing(speech)
            return pcm
        self._missing = 0
        if rest_power < _SINGLE * came_power:
            self._improve(source, came)
        if self._is_faint(rest_power, echo_power, came_power):
            return bytes(len(pcm))
        return np.clip(np.rint(rest), -32768, 32767).astype(np.int16).tobytes()

    def _improve(self, source: _Samples, came: _Samples) -> None:
        self._learned += 1
        every = 1 if self._learned <= _QUICK_FRAMES else _SLOWLY
        if self._learned % every == 0:
            self._learn(source, came)
        if self._learned % (every * _SOLVE_EVERY) == 0:
            self._solve()

    def _is_faint(self, rest_power: float, echo_power: float, came_power: float) -> bool:
        """Whether what is left of a frame is what the filter always leaves."""
        left_over = rest_power / echo_power
        if left_over > min(max(4 * self._usual, 0.06), 0.3) and rest_power > _FAINT:
            self._double_talk = _DOUBLE_TALK_FRAMES
            return False
        self._usual += 0.05 * (min(left_over, 0.1) - self._usual)
        self._double_talk = max(self._double_talk - 1, 0)
        return self._double_talk == 0

    def _note_missing(self, speech: bool) -> None:
        """A frame holds no echo of this delay, though the agent was loud: after some, it is looked for anew."""
        self._double_talk = _DOUBLE_TALK_FRAMES
        self._missing += 1
        if self._missing < _MOVED_FRAMES or not speech or not self._its_turn():
            return
        delay = self._found(_MOVED_WINDOW, _LEAST_LOUD - 1)
        if delay is not None and self._fits(delay):
            self._missing = self._double_talk = 0
            self.found_alone = True
        elif self._missing >= _LOST_FRAMES and (delay := self._found(_WINDOW, _LEAST_LOUD)) is not None:
            self._learn_anew(delay)

    def _moves(self, came: _Samples, ago: int) -> bool:
        """Whether a frame is the echo of one a packet or two earlier or later; then the delay is that from now on."""
        assert self._delay is not None
        most = _MOVED * float(came @ came)
        for delay in (self._delay + FRAME_SAMPLES * packets for packets in _PACKETS):
            if 0 <= delay <= _MAX_DELAY:
                rest = came - np.correlate(self._source(delay, len(came), ago), self._filter)
                if float(rest @ rest) <= most:
                    self._delay = delay
                    return True
        return False

    def _fits(self, delay: int) -> bool:
        """Whether the filter says what came in lately, with another delay; then that is the delay from now on."""
        came = _floats(self._came[-_MOVED_WINDOW:])
        rest = came - np.correlate(self._source(delay, len(came)), self._filter)
        if float(rest @ rest) >= _ALONE * float(came @ came):
            return False
        self._delay = delay
        return True


def _strongest(left: _Samples, came: _Samples) -> tuple[float, int]:
    """The squared correlation of ``came`` with the part of ``left`` it is most like, and how long ago that one left."""
    source, sound = _flat(left), _flat(came)
    spectrum = np.fft.rfft(source, _TRANSFORM) * np.conj(np.fft.rfft(sound, _TRANSFORM))
    places = len(source) - len(sound) + 1
    match = np.fft.irfft(spectrum, _TRANSFORM)[:places]
    powers = np.concatenate([[0.0], np.cumsum(source**2)])
    power = powers[len(sound) :] - powers[: -len(sound)]
    power = np.maximum(power, 0.02 * float(power.max()) + 1.0)
    # Squared, for an echo may come upside down.
    strengths = match**2 / (power * (float(sound @ sound) + 1.0))
    best = int(np.argmax(strengths))
    return float(strengths[best]), places - 1 - best


def _flat(samples: _Samples) -> _Samples:
    """The first differences, nearly: a voice's spectrum falls, theirs does not."""
    return samples[1:] - _FLATTEN * samples[:-1]


def _floats(pcm: bytes | bytearray) -> _Samples:
    return np.frombuffer(bytes(pcm), np.int16).astype(np.float64)
