"""The process the local models run in: what it does with texts no voice was made for, and when it hangs or dies."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psutil
import pytest

from outdial.domain.errors import Unreachable
from outdial.speech.catalogue import AVA
from outdial.speech.local.engine_process import EngineProcess
from outdial.speech.local.models import find_whisper
from outdial.speech.local.speech import LocalSpeech
from outdial.speech.local.synthesis import MAX_PHONEMES
from outdial.speech.utterance import LONGEST_BYTES
from speech_builders import sound_of, words_in

NASTY = tuple(
    (piece * 300)[:300]
    for piece in (
        "word ",
        "a-b-c-",
        "&",
        "9",
        "1,234,567.89 ",
        "9,",
        "@#<>_",
        "½",
        "नमस्ते ",
        "<!--",
        "'",
        "\u200b\u202e\x07",
        "A1",
        "{{",
        "//",
    )
)


def engines() -> list[psutil.Process]:
    return [child for child in psutil.Process().children() if "outdial.speech.local.engine" in child.cmdline()]


@asynccontextmanager
async def speech_of_our_own() -> AsyncIterator[tuple[LocalSpeech, psutil.Process]]:
    """Local speech beside that of the other tests, and its only engine."""
    before = engines()
    async with LocalSpeech() as speech:
        await speech.ready()
        [ours] = [engine for engine in engines() if engine not in before]
        yield speech, ours


class TestAnEngine:
    async def test_bears_every_text(self, speech: LocalSpeech) -> None:
        for text in NASTY:
            await sound_of(speech.voice, text, AVA)

        assert all(engine.memory_info().rss < 1_000_000_000 for engine in engines())

    async def test_renders_no_more_at_once_than_it_has_memory_for(self) -> None:
        engine = await EngineProcess.open(find_whisper())
        try:
            found = [phonemes for text in NASTY for phonemes in await engine.phonemes(text[:250])]
        finally:
            await engine.end()

        assert found
        assert all(len(phonemes) <= MAX_PHONEMES for phonemes in found)

    async def test_understands_the_end_of_what_is_too_long(self, speech: LocalSpeech) -> None:
        goodbye = await sound_of(speech.voice, "Have a nice day.", AVA)

        heard = await speech.pool.run(
            lambda engine: engine.words(bytes(3 * LONGEST_BYTES) + goodbye), lane="", within_s=60, what="hearing"
        )

        assert "have a nice day" in heard.lower()


class TestAnEngineThatIsStuck:
    async def test_is_replaced_while_others_wait_for_it(self) -> None:
        async with speech_of_our_own() as (speech, stuck):
            os.kill(stuck.pid, signal.SIGSTOP)

            with pytest.raises(Unreachable, match="took longer"):
                await speech.pool.run(lambda engine: engine.phonemes("Hello."), lane="a", within_s=2, what="the voice")
            sound = await sound_of(speech.voice, "Hello there.", AVA)

            assert len(sound) > 4000
            assert not stuck.is_running()

    async def test_that_dies_is_replaced(self) -> None:
        async with speech_of_our_own() as (speech, dying):
            dying.kill()

            with pytest.raises(Unreachable, match="has ended"):
                await sound_of(speech.voice, "Hello there.", AVA)
            assert await sound_of(speech.voice, "Hello there.", AVA)


class TestItsEnd:
    async def test_comes_with_that_of_its_owner(self) -> None:
        async with speech_of_our_own() as (_, ours):
            assert ours.is_running()

        assert not ours.is_running()


class TestOneCallThatSaysVeryMuch:
    async def test_does_not_silence_the_others(self, speech: LocalSpeech) -> None:
        """The trial: ten kilobytes without a full stop in one call, four other calls with a sentence each."""
        much = asyncio.ensure_future(sound_of(speech.voice, "Hello " + "word, " * 1700, AVA))
        await asyncio.sleep(0)

        others = [f"This is call number {name}, can you hear me?" for name in ("one", "two", "three", "four")]
        sounds = await asyncio.gather(*(sound_of(speech.voice, other, AVA) for other in others))

        assert not much.done()
        for other, sound in zip(others, sounds, strict=True):
            assert "can you hear me" in (await words_in(speech.hearing, sound)).lower(), other
        much.cancel()
