"""Whisper on CTranslate2: one utterance in, its words out; empty when it was no speech.

Whisper was trained on windows of 30 s. A window just longer than the utterance gives the same words for a quarter
of the computing, but now and then the decoder falls into a loop; such results are thrown away and made again with the
full window. Measured on 60 short telephone clips: windows of utterance + 4 s loop in 9 of them, a window of at least
8 s in none. Single spoken digits loop in about every third clip even so.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Final

import ctranslate2
import numpy as np

from outdial.audio.frames import LINE_RATE_HZ
from outdial.audio.resample import from_line_rate
from outdial.speech.local.mel import MODEL_RATE_HZ, Floats, log_mel
from outdial.speech.local.models import NotInstalled, WhisperFiles, check_weights
from outdial.speech.utterance import LONGEST_BYTES

FULL_WINDOW_S: Final = 30.0
_SHORTEST_WINDOW_S: Final = 8.0
_WINDOW_MARGIN_S: Final = 4.0
_TOKENS_PER_S: Final = 8
"""Nobody speaks faster: whoever decodes more is looping."""
_NO_SPEECH: Final = 0.6
"""Measured: speech in telephone quality stays under 0.31, also in noise; noise, tones and coughs stay over 0.72."""
_DOUBTFUL: Final = -1.7
"""Mean log probability of a token under which the full window is asked; telephone clips stay over -1.69 mostly."""
_HOPELESS: Final = -2.5
"""Under this the full window's words are not believed; a single "two" may come down to -1.97."""
_WORDS_PER_S: Final = 5
"""Nobody says the same words faster than this again and again."""
_QUIET: Final = 10 ** (-60 / 20)
_NOT_WORDS: Final = re.compile(r"\[[^\]]*\]|\([^)]*\)|\*[^*]*\*|♪+")


class Whisper:
    """A loaded model. Not for several threads at once."""

    def __init__(self, files: WhisperFiles) -> None:
        """Read the model: some 0.3 s.

        Raises:
            NotInstalled: the weights are not the expected ones, or no Whisper model of CTranslate2.
        """
        check_weights(files.weights, files.sha256)
        try:
            self._model = ctranslate2.models.Whisper(
                str(files.folder), device="cpu", compute_type="int8", intra_threads=1, inter_threads=1
            )
        except RuntimeError as unreadable:
            raise NotInstalled(f"speech-to-text model in {files.folder} cannot be read: {unreadable}") from unreadable
        self._pieces = read_vocabulary(files.vocabulary)
        english = ["<|startoftranscript|>", "<|en|>", "<|transcribe|>", "<|notimestamps|>"]
        self._prompt = english if self._model.is_multilingual else [english[0], english[3]]

    def words(self, pcm: bytes) -> str:
        """What is said in line-rate PCM, in its last 28 s if it is longer; empty if nothing is."""
        pcm = pcm[-LONGEST_BYTES:]
        samples = np.frombuffer(pcm, "<i2").astype(np.float32) / 32768
        if not len(samples) or float(np.sqrt(np.mean(samples**2))) < _QUIET:
            return ""
        wide = from_line_rate(pcm, MODEL_RATE_HZ)
        length_s = len(samples) / LINE_RATE_HZ
        window_s = min(FULL_WINDOW_S, max(_SHORTEST_WINDOW_S, length_s + _WINDOW_MARGIN_S))
        text, score = self._decode(wide, length_s, window_s)
        if text and (score < _DOUBTFUL or repeats(text)):
            text, score = self._decode(wide, length_s, FULL_WINDOW_S)
        return unlooped(text, length_s) if score > _HOPELESS else ""

    def _decode(self, wide: Floats, length_s: float, window_s: float) -> tuple[str, float]:
        """The text, empty when it is no speech, and how sure it is: the mean log probability of its tokens."""
        longest = 12 + int(length_s * _TOKENS_PER_S)
        [result] = self._model.generate(
            ctranslate2.StorageView.from_array(log_mel(wide, window_s)[None]),
            [self._prompt],
            beam_size=1,
            max_length=min(448, 2 * longest),  # the library makes at most half as many tokens
            return_scores=True,
            return_no_speech_prob=True,
        )
        score: float = result.scores[0]
        spoken = result.no_speech_prob <= _NO_SPEECH
        return plain_words(self._text(result.sequences[0])) if spoken else "", score

    def _text(self, tokens: list[str]) -> str:
        return bytes(byte for token in tokens for byte in self._pieces.get(token, b"")).decode("utf-8", "replace")


def read_vocabulary(path: Path) -> dict[str, bytes]:
    """What each token of the vocabulary stands for in UTF-8; special tokens stand for nothing."""
    text = path.read_text(encoding="utf-8")
    tokens: list[str] = json.loads(text) if path.suffix == ".json" else text.split("\n")
    spelled = _byte_spelling()
    return {
        token: bytes(spelled[letter] for letter in token)
        for token in tokens
        if not token.startswith("<|") and all(letter in spelled for letter in token)
    }


def _byte_spelling() -> dict[str, int]:
    """GPT-2's way to write any byte as a printable letter."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {chr(256 + n): byte for n, byte in enumerate(others)}


def plain_words(text: str) -> str:
    """``text`` without the model's remarks ("[BLANK_AUDIO]", "(coughs)"); empty when no letter or digit is left."""
    kept = " ".join(_NOT_WORDS.sub(" ", text).replace("�", "").split())
    return kept if any(letter.isalnum() for letter in kept) else ""


def _repeated(words: list[str]) -> tuple[int, int] | None:
    """Start and length of the first run of words said three times in a row, or of all words said twice."""
    folded = [word.strip(".,!?").lower() for word in words]
    for length in range(1, len(words) // 2 + 1):
        for start in range(len(words) - 2 * length + 1):
            once, again = folded[start : start + length], folded[start + length : start + 2 * length]
            third = folded[start + 2 * length : start + 3 * length]
            if once == again and (again == third or (start == 0 and 2 * length == len(words))):
                return start, length
    return None


def repeats(text: str) -> bool:
    """Whether ``text`` repeats itself as a decoder does that fell into a loop, or as somebody in a hurry."""
    return _repeated(text.split()) is not None


def unlooped(text: str, length_s: float) -> str:
    """``text`` up to the end of the first repeated words, if nobody could say all of it in ``length_s``."""
    words = text.split()
    found = _repeated(words) if len(words) > _WORDS_PER_S * length_s else None
    return text if found is None else " ".join(words[: sum(found)])
