"""Which voice may speak which language."""

from __future__ import annotations

import pytest

from outdial.domain.agent import Voice
from outdial.domain.errors import Invalid, NotFound
from outdial.domain.voices import (
    LOCALES,
    canonical,
    chosen,
    is_known,
    lists,
    must_speak,
    speaks,
    taken_over,
    warnings,
)

AVA = Voice("a", "Ava", "x", ("en-US", "en-IN"))
SAM = Voice("s", "Sam", "x", ("en-GB", "kn-IN"))
ROMI = Voice("r", "Romi", "x", ("he",))
ALL = {voice.id: voice for voice in (AVA, SAM, ROMI)}


class TestAVoice:
    @pytest.mark.parametrize("language", ["en-US", "EN-us", "en"])
    def test_lists_its_languages_in_any_case_and_without_region(self, language: str) -> None:
        assert lists(AVA, language)

    def test_that_names_no_region_speaks_any(self) -> None:
        assert lists(ROMI, "he-IL")

    @pytest.mark.parametrize("language", ["", "en-GB", "e"])
    def test_lists_no_other(self, language: str) -> None:
        assert not lists(AVA, language)

    def test_knows_kannada_under_both_codes(self) -> None:
        assert canonical("ka-IN") == "kn-IN"
        assert lists(SAM, "ka-IN")

    def test_that_comes_first_takes_the_locales_nobody_lists(self) -> None:
        assert speaks(AVA, "ta-IN", ALL.values())
        assert not speaks(SAM, "ta-IN", ALL.values())
        assert not speaks(AVA, "kn-IN", ALL.values())
        assert taken_over(AVA, ALL.values()) == ("hi-IN", "ta-IN", "te-IN", "mr-IN", "gu-IN", "bn-IN", "ar-AE")

    def test_takes_no_language_that_is_no_locale_of_the_list(self) -> None:
        assert not speaks(AVA, "fr-FR", ALL.values())
        assert not is_known("fr-FR", ALL.values())
        assert is_known("he-IL", ALL.values())

    @pytest.mark.parametrize("locale", LOCALES)
    def test_is_there_for_every_locale(self, locale: str) -> None:
        assert [voice for voice in ALL.values() if speaks(voice, locale, ALL.values())]


class TestTheVoiceOfAnAgent:
    def test_is_the_one_it_names(self) -> None:
        assert chosen("s", "en-US", ALL) == SAM
        assert chosen("gone", "en-US", ALL) is None

    def test_is_one_of_its_language_when_it_names_none(self) -> None:
        assert chosen("", "he-IL", ALL) == ROMI
        assert chosen("", "hi-IN", ALL) == AVA
        assert chosen("", "fr-FR", ALL) == AVA
        assert chosen("", "fr-FR", {}) is None

    def test_must_exist_and_speak(self) -> None:
        must_speak("a", "hi-IN", ALL)
        with pytest.raises(NotFound, match="Voice not found"):
            must_speak("gone", "en-US", ALL)
        with pytest.raises(Invalid, match="Voice does not support the agent language"):
            must_speak("r", "en-US", ALL)

    def test_is_warned_of_when_it_only_takes_the_language_over(self) -> None:
        assert warnings("a", "ta-IN", ALL) == ("language_not_spoken:ta-IN",)
        assert warnings("", "ta-IN", ALL) == ("language_not_spoken:ta-IN",)
        assert warnings("a", "en-US", ALL) == ()
