"""Where the local models are looked for, and what is said when they are not there."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from outdial.domain.errors import Unreachable
from outdial.speech.catalogue import AVA, LOCAL_VOICES, SAM, find_voice, voice_id
from outdial.speech.local.models import NotInstalled, check_weights, find_whisper
from outdial.speech.local.speech import LocalSpeech
from speech_builders import sound_of, words_in


def a_copy_of_the_model(models_dir: Path) -> Path:
    """The packaged model in a folder of the user's own, without its weights' hash being known."""
    shutil.copytree(find_whisper().folder, models_dir / "whisper", copy_function=_link)
    return models_dir


def _link(source: str, target: str) -> None:
    Path(target).symlink_to(source)


class TestTheSpeechToTextModel:
    def test_is_the_packaged_one_by_default_and_its_hash_is_known(self) -> None:
        files = find_whisper()

        check_weights(files.weights, files.sha256)
        assert files.sha256

    def test_that_was_changed_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "model.bin").write_bytes(b"another model")

        with pytest.raises(NotInstalled, match="is not the expected model"):
            check_weights(tmp_path / "model.bin", find_whisper().sha256)

    async def test_may_be_the_users_own(self, tmp_path: Path) -> None:
        async with LocalSpeech(models_dir=a_copy_of_the_model(tmp_path)) as speech:
            heard = await words_in(speech.hearing, await sound_of(speech.voice, "Have a nice day.", AVA))

        assert heard.lower().startswith("have a nice day")

    def test_is_the_packaged_one_when_the_users_folder_holds_none(self, tmp_path: Path) -> None:
        assert find_whisper(tmp_path) == find_whisper()

    def test_cannot_come_from_a_folder_that_does_not_exist(self, tmp_path: Path) -> None:
        with pytest.raises(NotInstalled, match=r"models_dir: .*missing is not a folder"):
            LocalSpeech(models_dir=tmp_path / "missing")

    def test_that_is_incomplete_says_what_is_missing(self, tmp_path: Path) -> None:
        (tmp_path / "whisper").mkdir()
        (tmp_path / "whisper" / "config.json").write_text("{}")

        with pytest.raises(NotInstalled, match=r"model.bin, vocabulary.txt or vocabulary.json is missing"):
            find_whisper(tmp_path)

    async def test_that_is_damaged_is_not_loaded(self, tmp_path: Path) -> None:
        models = a_copy_of_the_model(tmp_path)
        (models / "whisper" / "model.bin").unlink()
        (models / "whisper" / "model.bin").write_bytes(b"not a model")

        async with LocalSpeech(models_dir=models) as speech:
            with pytest.raises(Unreachable, match="whisper cannot be read"):
                await speech.ready()


class TestTheVoices:
    def test_keep_their_ids_for_ever(self) -> None:
        assert [voice.id for voice in LOCAL_VOICES] == [
            "a50b9583-5f86-5bff-b17e-e27adc4be033",
            "dec366a8-2915-5746-b2d7-3037e0fc3368",
        ]

    def test_are_found_by_id_and_by_name(self) -> None:
        assert find_voice(SAM.id) is SAM
        assert find_voice("Ava") is AVA
        assert find_voice("nobody") is None

    def test_of_different_engines_never_share_an_id(self) -> None:
        assert voice_id("local", "ava") != voice_id("livekit", "ava")


class TestLocalSpeech:
    async def test_that_is_closed_while_loading_does_not_hang(self) -> None:
        speech = LocalSpeech()
        speech.start()

        await speech.close()

        with pytest.raises(Unreachable):
            await sound_of(speech.voice, "Hello.", AVA)

    async def test_speaks_a_known_sentence_from_memory(self) -> None:
        async with LocalSpeech() as speech:
            first = await sound_of(speech.voice, "Hello there. How are you?", AVA)
        # The pool is closed: what is spoken now can only come from the cache.
        assert await sound_of(speech.voice, "Hello there. How are you?", AVA) == first
