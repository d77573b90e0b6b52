"""Silero's voice activity network (16 kHz, version 5) as products of matrices over the windows of many calls.

The network is small: a spectrum, four convolutions, one LSTM cell. Run call by call, its time goes into starting some
thirty tiny operations; over a batch, each layer is one product. Everything linear in front of the first layer
(doubling the rate from 8 to 16 kHz, the mirrored end, the windowed Fourier transform) is folded into one matrix for the
first three frames of a window and one for the last, so the line's own samples go in.

Weights: ``tools/silero_weights.py`` takes them out of the published ONNX file; the tests hold both to each other.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np

from outdial.audio.resample import DOUBLING_REACH, Floats, doubled

_WEIGHTS_PATH: Final = Path(__file__).parent / "models" / "silero_16k.npz"
WINDOW_SAMPLES: Final = 256
"""At line rate: 32 ms."""
MEMORY_SIZE: Final = 128
HISTORY_SAMPLES: Final = 32 + DOUBLING_REACH
"""Line samples before a window that the network looks at: 4 ms of context, and what doubling the rate looks back on."""

# All in line samples, half of what the network counts at 16 kHz.
_FRAME: Final = 128
_HOP: Final = 64
_FRAMES: Final = 4
_MIRRORED: Final = 32
_SPAN: Final = _FRAME + DOUBLING_REACH
"""What one frame of the spectrum is computed from."""
_BINS: Final = 129


class Silero:
    """The network. It holds no state of a call: whoever runs it keeps each call's history and memory."""

    def __init__(self) -> None:
        weights = np.load(_WEIGHTS_PATH)
        self._first_frames, self._last_frame = _spectrum_matrices(weights["stft.forward_basis_buffer"][:, 0, :].T)
        # A kernel as one matrix: taps, then channels in, by channels out. The last two layers see one step of time
        # with padding around it, so only some of their taps ever meet anything but zeros.
        taps = (slice(None), slice(None), slice(1, None), slice(1, 2))
        self._kernels = [
            _matrix(weights[f"encoder.{layer}.reparam_conv.weight"][:, :, used].transpose(2, 1, 0))
            for layer, used in enumerate(taps)
        ]
        self._biases = [weights[f"encoder.{layer}.reparam_conv.bias"] for layer in range(len(taps))]
        cell = np.concatenate([weights["decoder.rnn.weight_ih"], weights["decoder.rnn.weight_hh"]], axis=1)
        self._cell = np.ascontiguousarray(cell.T)
        self._cell_bias = weights["decoder.rnn.bias_ih"] + weights["decoder.rnn.bias_hh"]
        self._out = np.ascontiguousarray(weights["decoder.decoder.2.weight"][0, :, 0])
        self._out_bias = weights["decoder.decoder.2.bias"][0]

    def run(self, line: Floats, memory: Floats) -> tuple[Floats, Floats]:
        """Judge one window of each of ``batch`` calls.

        ``line`` is (batch, HISTORY_SAMPLES + WINDOW_SAMPLES), line-rate samples from -1 to 1; ``memory`` is
        (2, batch, MEMORY_SIZE). Returns the probabilities of speech, (batch,), and the memory for the next window.
        """
        steps = _relu(_neighbours(self._magnitudes(line), 3, 1) @ self._kernels[0], self._biases[0])
        steps = _relu(_neighbours(_padded(steps, len(line)), 3, 2) @ self._kernels[1], self._biases[1])
        step = _relu(steps.reshape(len(line), -1) @ self._kernels[2], self._biases[2])
        step = _relu(step @ self._kernels[3], self._biases[3])
        memory = self._remember(step, memory)
        return _sigmoid(np.maximum(memory[0], 0) @ self._out + self._out_bias), memory

    def _magnitudes(self, line: Floats) -> Floats:
        """(batch, 1 + frames + 1, bins): the spectrum of each frame, with a silent one before and after."""
        batch = len(line)
        spectrum = np.empty((batch, _FRAMES, 2 * _BINS), np.float32)
        spans = np.lib.stride_tricks.sliding_window_view(line[:, : _SPAN + 2 * _HOP], _SPAN, axis=1)[:, ::_HOP]
        spectrum[:, :-1] = (spans.reshape(-1, _SPAN) @ self._first_frames).reshape(batch, _FRAMES - 1, -1)
        spectrum[:, -1] = line[:, 3 * _HOP :] @ self._last_frame
        spectrum *= spectrum
        loudness = np.zeros((batch, _FRAMES + 2, _BINS), np.float32)
        np.add(spectrum[:, :, :_BINS], spectrum[:, :, _BINS:], out=loudness[:, 1:-1])
        return np.sqrt(loudness, out=loudness)

    def _remember(self, step: Floats, memory: Floats) -> Floats:
        """One step of the LSTM cell; gates in the order input, forget, cell, output."""
        gates = np.concatenate([step, memory[0]], axis=1) @ self._cell + self._cell_bias
        admit, keep, new, show = np.split(gates, 4, axis=1)
        state = _sigmoid(keep) * memory[1] + _sigmoid(admit) * np.tanh(new)
        return np.stack([_sigmoid(show) * np.tanh(state), state])


def _spectrum_matrices(basis: Floats) -> tuple[Floats, Floats]:
    """From line samples to a frame's spectrum: for the first three frames, which are alike, and for the last.

    ``basis`` is (256, 258): the windowed Fourier transform of a frame at 16 kHz. Found by sending each unit impulse
    through what the matrices stand for.
    """
    impulses = np.eye(HISTORY_SAMPLES + WINDOW_SAMPLES, dtype=np.float32)
    sound = doubled(impulses)
    mirrored = np.concatenate([sound, sound[:, -2 * _MIRRORED - 1 : -1][:, ::-1]], axis=1)
    last_at = 2 * _HOP * (_FRAMES - 1)
    first = mirrored[:_SPAN, : 2 * _FRAME] @ basis
    last = mirrored[last_at // 2 :, last_at : last_at + 2 * _FRAME] @ basis
    return np.ascontiguousarray(first), np.ascontiguousarray(last)


def _matrix(kernel: Floats) -> Floats:
    """(taps, in, out) as (taps * in, out)."""
    return np.ascontiguousarray(kernel.reshape(-1, kernel.shape[-1]))


def _padded(steps: Floats, batch: int) -> Floats:
    """(batch * n, channels) as (batch, 1 + n, channels), with a silent step before the first."""
    rows = steps.reshape(batch, -1, steps.shape[1])
    padded = np.zeros((batch, rows.shape[1] + 1, rows.shape[2]), np.float32)
    padded[:, 1:] = rows
    return padded


def _neighbours(steps: Floats, taps: int, stride: int) -> Floats:
    """(batch, n, channels) as one row for each place of a kernel: its ``taps`` steps side by side."""
    batch, _, channels = steps.shape
    places = np.lib.stride_tricks.sliding_window_view(steps.reshape(batch, -1), taps * channels, axis=1)
    return places[:, :: stride * channels].reshape(-1, taps * channels)


def _relu(values: Floats, bias: Floats) -> Floats:
    values += bias
    return np.maximum(values, 0, out=values)


def _sigmoid(values: Floats) -> Floats:
    """By the hyperbolic tangent, which cannot overflow."""
    half: Floats = np.tanh(values * np.float32(0.5))
    half *= np.float32(0.5)
    half += np.float32(0.5)
    return half
