"""The voice's model: text to phonemes, phonemes to sound. Runs in the engine's process only."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import numpy as np
from hibari import SAMPLE_RATE, Hibari

from outdial.audio.resample import to_line_rate
from outdial.conversation.sentences import pieces
from outdial.speech.local.models import check_voice
from outdial.speech.local.voice import PITCH

MAX_PHONEMES: Final = 400
"""Rendered at once. Memory grows with the square of it: 400 take some 50 MB, 10,000 took 20 GB."""
_GAIN: Final = 1.8
"""Brings sentences to about -20 dBFS, the usual level of speech on a line."""
_UNBROKEN: Final = re.compile(r"\S{40}(?=\S)")
"""The work for a word grows with the cube of its length: one of 250 letters and dashes took 2.4 s."""

_LETTER_A: Final = re.compile(r"(?<![\w.])A(?= [A-Z](?![\w']))|(?<=(?<![\w'])[A-Z] )A(?![\w'])")
"""Beside another single letter it is a letter, and no article."""
_LONG_NUMBER: Final = re.compile(r"\d{16,}")
"""Has no name in the model's grammar, which breaks at 37 digits."""


class Synthesis:
    """The loaded model. Not for several threads at once."""

    def __init__(self) -> None:
        """Read the model and say a word, because the first one is slow: some 0.8 s.

        Raises:
            NotInstalled: the weights are not the expected ones.
        """
        self._hibari = Hibari(threads=1)
        check_voice(Path(self._hibari.model_path))
        for phonemes in self.phonemes("Hello, Zwrmska."):  # a word in no lexicon loads the net that spells such words
            self.render(phonemes, next(iter(PITCH)))

    def phonemes(self, text: str) -> list[str]:
        """One string for each sentence of ``text``, or several of at most ``MAX_PHONEMES`` for a long one."""
        readable = _UNBROKEN.sub(r"\g<0> ", _LONG_NUMBER.sub(lambda found: " ".join(found[0]), text))
        found: list[str] = self._hibari.phonemize(_LETTER_A.sub("[A](/ˈA/)", readable))
        return [piece for sentence in found for piece in pieces(sentence, MAX_PHONEMES)]

    def render(self, phonemes: str, voice_name: str) -> bytes:
        """Line-rate PCM; the same every time."""
        pitch = PITCH[voice_name]
        made = self._hibari.from_phonemes(phonemes[:MAX_PHONEMES], speed=1 / pitch, seed=1)
        return to_line_rate(np.asarray(made, np.float32) * _GAIN, SAMPLE_RATE * pitch)
