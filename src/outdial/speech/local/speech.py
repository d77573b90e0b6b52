"""Ears and voice together, with one pool between them: what ``bootstrap`` opens for a media worker."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from types import TracebackType

from outdial.speech.local.cache import SentenceCache
from outdial.speech.local.ears import LocalEars
from outdial.speech.local.engine_process import LOAD_WITHIN_S, EngineProcess
from outdial.speech.local.models import find_whisper
from outdial.speech.local.voice import LocalVoice
from outdial.speech.pool import SpeechPool


class LocalSpeech:
    """Local speech parts that load beside the event loop.

    ``start`` returns at once; ``hearing`` and ``voice`` can be used straight away and wait for their models. Use it
    inside a running loop; the pool's processes belong to it until ``close``.
    """

    def __init__(
        self, *, models_dir: Path | None = None, workers: int = 1, waiting: int = 64, cache_bytes: int = 32_000_000
    ) -> None:
        """Look the models up, without reading them. ``workers`` processes will hold them.

        Raises:
            NotInstalled: there is no speech-to-text model, or ``models_dir`` is wrong; the message says what to do.
        """
        files = find_whisper(models_dir)
        self.pool: SpeechPool[EngineProcess] = SpeechPool(
            partial(EngineProcess.open, files), places=workers, waiting=waiting
        )
        self.voice = LocalVoice(self.pool, SentenceCache(cache_bytes))
        self.hearing = LocalEars(self.pool)

    def start(self) -> None:
        """Begin to load, once."""
        self.pool.start()

    async def ready(self) -> None:
        """Wait until the models are loaded and warm.

        Raises:
            NotInstalled: a model is damaged.
            Unreachable: loading took too long.
        """
        await self.pool.run(_nothing, lane=self, within_s=LOAD_WITHIN_S, what="loading the local models")

    async def close(self) -> None:
        """Stop loading, drop what waits, end what runs."""
        await self.pool.close()

    async def __aenter__(self) -> LocalSpeech:
        self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


async def _nothing(engine: EngineProcess) -> None:
    del engine
