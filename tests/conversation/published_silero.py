"""The network as its authors publish it, one run of ONNX Runtime for a batch: what ours is held to."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import onnxruntime

from outdial.audio.resample import DOUBLING_REACH, Floats, doubled
from outdial.conversation.silero import MEMORY_SIZE

_MODEL: Final = Path(__file__).parent / "silero_vad.onnx"
_CONTEXT: Final = 64
"""Samples at 16 kHz that the published wrapper puts in front of each window."""


class PublishedSilero:
    """Judges windows of several sounds side by side; keeps what each is to be remembered by."""

    def __init__(self, sounds: int) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = onnxruntime.InferenceSession(str(_MODEL), options, providers=["CPUExecutionProvider"])
        self._past: Floats = np.zeros((sounds, DOUBLING_REACH), np.float32)
        self._context: Floats = np.zeros((sounds, _CONTEXT), np.float32)
        self._memory: Floats = np.zeros((2, sounds, MEMORY_SIZE), np.float32)

    def judge(self, windows: Floats) -> Floats:
        """``windows`` is (sounds, 256) at line rate; the result one probability of speech for each."""
        line = np.concatenate([self._past, windows], axis=1)
        self._past = line[:, -DOUBLING_REACH:]
        sound = np.concatenate([self._context, doubled(line)], axis=1)
        self._context = sound[:, -_CONTEXT:]
        inputs = {"input": sound, "state": self._memory, "sr": np.array(16000, np.int64)}
        probabilities, self._memory = self._session.run(None, inputs)
        result: Floats = probabilities[:, 0]
        return result
