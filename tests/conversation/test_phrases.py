"""Listening words and goodbyes in every language, however a recogniser writes them."""

from __future__ import annotations

import time
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outdial.conversation.introduction import introduction_words
from outdial.conversation.phrases import asks, phrases_of, plain_words
from outdial.domain.voices import LOCALES

ENGLISH: Final = phrases_of("en-US")
LISTENING: Final = [
    *("yeah", "uh huh", "Mm-hmm.", "mhm", "okay okay", "Right, right.", "yep", "sure", "I see", "Got it!", "oh okay"),
    *("yeah yeah yeah", "haan", "achha", "Haan, haan ji.", "theek hai", "ji ji", "bilkul", "Okaaay...", "uh, yeah"),
    *("hmmmm", "All right.", "हाँ", "हां जी", "अच्छा", "ठीक है।", "हम्म्म", "sahi hai", "O.K.", "yes sir", "K"),
    *("Please continue.", "yes, tell me", "for sure", "All good!", "mkay", "ji kahiye", "thik h", "अच्छाााा", "सही कहा"),
]
OF_LANGUAGE: Final = {
    "hi-IN": ["हाँ हाँ", "जी", "बिल्कुल सही", "समझ गया", "haanji"],
    "ta-IN": ["ஆமா", "ம்ம்ம்", "சரி சரி", "seri", "aama aama"],
    "te-IN": ["అవును", "సరే అండి", "avunu", "sare sare", "హ్మ్మ్మ్", "ఆఁ"],
    "kn-IN": ["ಹೌದು", "ಸರಿ", "haudu", "sari sari", "ಹ್ಮ್ಮ್"],
    "mr-IN": ["हो", "बरोबर", "ठीक आहे", "barobar"],
    "gu-IN": ["હા", "બરાબર", "ઠીક છે", "barabar"],
    "bn-IN": ["হ্যাঁ", "ঠিক আছে", "আচ্ছা আচ্ছা", "thik ache"],
    "ar-AE": ["نعم", "أيوه", "تمام", "طيب طيب", "aywa", "مممم", "أها"],
}
WORDS: Final = [
    *("stop", "no", "no no", "wait", "what", "huh?", "who is this", "yes but I have a question", "okay stop", "sir"),
    *("nahi", "नहीं", "ruko", "ek minute", "not really", "never", "call me later", "okay and the price", ""),
    *("uh-uh", "Uh-uh.", "mm-mm", "Mm-mm, okay", "nuh-uh", "haan lekin", "ji nahi", "okay but", "tell me why"),
]
GOODBYES: Final = {
    "en-US": [
        "Thank you so much. Goodbye, have a nice day!",
        "Bye John!",
        "See you on Tuesday.",
        "Enjoy your weekend!",
        "I wish you a wonderful day.",
        "Have an amazing day ahead!",
        "Have a safe trip!",
        "Thank you, take care!",
        "All the best, sir.",
    ],
    "hi-IN": ["धन्यवाद, आपका दिन शुभ हो।", "Theek hai, phir milenge!", "अलविदा", "अपना ख्याल रखिए।"],
    "ta-IN": ["நன்றி, மீண்டும் சந்திப்போம்."],
    "te-IN": ["ధన్యవాదాలు. ఉంటాను."],
    "kn-IN": ["ಧನ್ಯವಾದಗಳು, ಮತ್ತೆ ಸಿಗೋಣ."],
    "mr-IN": ["धन्यवाद, पुन्हा भेटू."],
    "gu-IN": ["આભાર. આવજો!"],
    "bn-IN": ["ধন্যবাদ। আবার কথা হবে।"],
    "ar-AE": ["شكرا لك. مع السلامة!"],
}


class TestListeningWords:
    @pytest.mark.parametrize("text", LISTENING)
    def test_are_known_in_every_language_of_a_call(self, text: str) -> None:
        assert all(phrases_of(language).only_listening(text) for language in (*LOCALES, "fr-FR", ""))

    @pytest.mark.parametrize(
        ("language", "text"), [(name, text) for name, texts in OF_LANGUAGE.items() for text in texts]
    )
    def test_of_a_language_are_known_there(self, language: str, text: str) -> None:
        assert phrases_of(language).only_listening(text)

    @pytest.mark.parametrize("text", WORDS)
    def test_are_not_what_says_more(self, text: str) -> None:
        assert not ENGLISH.only_listening(text)

    def test_may_be_answers_or_not(self) -> None:
        assert all(ENGLISH.assents(text) for text in ("yes", "Okay, okay", "haan ji", "uh-huh", "hmm yes", "ठीक है"))
        assert not any(ENGLISH.assents(text) for text in ("hmm", "oh", "I see", "hello"))

    @pytest.mark.parametrize(
        ("language", "text"),
        [
            *(("en-IN", text) for text in ("go ahead", "please continue", "Boliye", "बताइए", "I'm here")),
            *(("ta-IN", "sollunga"), ("te-IN", "చెప్పండి"), ("kn-IN", "heli"), ("mr-IN", "बोला"), ("gu-IN", "બોલો")),
            *(("bn-IN", "বলুন"), ("ar-AE", "تفضل")),
        ],
    )
    def test_that_tell_the_agent_to_go_on_are_an_answer_to_a_question(self, language: str, text: str) -> None:
        assert phrases_of(language).only_listening(text)
        assert phrases_of(language).assents(text)

    @given(
        st.lists(st.sampled_from(LISTENING), min_size=1, max_size=5),
        st.sampled_from([" ", ", ", "... ", " - "]),
        st.sampled_from([str.upper, str.lower, str.title]),
    )
    def test_may_come_in_runs_with_any_punctuation(self, run: list[str], between: str, case: object) -> None:
        assert callable(case)
        assert ENGLISH.only_listening(case(between.join(run)))

    @given(st.lists(st.sampled_from(LISTENING), max_size=3), st.lists(st.sampled_from(LISTENING), max_size=3))
    def test_with_another_word_among_them_are_none(self, before: list[str], after: list[str]) -> None:
        assert not ENGLISH.only_listening(" ".join([*before, "tomorrow", *after]))

    @given(st.text(max_size=200))
    def test_are_looked_for_in_any_text(self, text: str) -> None:
        for phrases in (ENGLISH, phrases_of("ar-AE")):
            phrases.only_listening(text)
            phrases.says_goodbye(text)
            phrases.is_goodbye(text, after_goodbye=True, name=text)

    def test_are_looked_for_in_linear_time(self) -> None:
        def cpu_s(text: str) -> float:
            began_s = time.process_time()
            ENGLISH.only_listening(text)
            ENGLISH.says_goodbye(text)
            ENGLISH.is_goodbye(text, after_goodbye=True)
            return time.process_time() - began_s

        for piece in ("okay ", "bye, ", "have a ", "a", "!? ", "म्म्"):
            assert cpu_s(piece * 20_000) < 40 * max(cpu_s(piece * 2_000), 0.01)


class TestPlainWords:
    def test_know_no_case_no_punctuation_and_no_drawn_out_letters(self) -> None:
        assert plain_words("Mm-HMM, okaaay!") == ("m", "hm", "okay")
        assert plain_words("that's") == plain_words("thats")
        assert plain_words("हाँ") == plain_words("हां")
        assert plain_words("أيوه") == plain_words("ايوه")


class TestGoodbyes:
    @pytest.mark.parametrize(("language", "text"), [(name, text) for name, texts in GOODBYES.items() for text in texts])
    def test_of_the_agent_stand_near_the_end(self, language: str, text: str) -> None:
        assert phrases_of(language).says_goodbye(text)

    @pytest.mark.parametrize(
        "text",
        [
            "Before we say goodbye, may I ask one thing?",
            "I do not want to say goodbye before you have heard what is on offer today.",
            "Goodbye for now. Or is there anything else?",
            "I hope you have a nice day so far, I am calling about the order of last week.",
            "Your bicycle has a bell.",
            "Take care. I note down your address.",
            "Please take care of the payment.",
            "All the best offers are on our page.",
            "",
        ],
    )
    def test_of_the_agent_are_not_what_only_contains_one(self, text: str) -> None:
        assert not ENGLISH.says_goodbye(text)

    @pytest.mark.parametrize(
        "text",
        [
            "bye",
            "Okay, bye bye!",
            "Thanks Ada, goodbye.",
            "no thats all thank you bye",
            "बाय",
            "alvida",
            "You have a great day too!",
            "not interested, bye",
            "theek hai, rakhta hu",
            "khuda hafiz",
            "buh-bye",
        ],
    )
    def test_of_a_callee_are_goodbyes_with_courtesies(self, text: str) -> None:
        assert ENGLISH.is_goodbye(text, after_goodbye=False, name="Ada")

    @pytest.mark.parametrize(
        "text",
        [
            "bye what was the time again",
            "okay bye wait",
            "Bye? What do you mean?",
            "before I say bye what does it cost",
            "okay",
        ],
    )
    def test_of_a_callee_are_not_what_asks_or_tells(self, text: str) -> None:
        assert not ENGLISH.is_goodbye(text, after_goodbye=True)

    def test_are_answered_by_less(self) -> None:
        assert ENGLISH.is_goodbye("You too!", after_goodbye=True)
        assert not ENGLISH.is_goodbye("You too!", after_goodbye=False)


class TestAnIntroduction:
    def test_goes_up_to_the_name_and_what_belongs_to_it(self) -> None:
        assert introduction_words(["Hello!", "My name is Ada."], "Ada") == 5
        assert introduction_words(["Hello, this is Ada from Acme Dental, and I call about your order."], "ada") == 7

    def test_without_the_name_is_the_first_few_words(self) -> None:
        assert introduction_words(["Hello, this is Maya from Acme.", "Do you have time?"], "Reminder bot") == 5
        assert introduction_words(["Hello?"], "Ada") == 1
        assert introduction_words([], "Ada") == 0


class TestAQuestion:
    def test_ends_with_its_mark(self) -> None:
        assert all(asks(text) for text in ("Really?", 'He said "why?"', "हैं? ", "真的？", "لماذا؟"))
        assert not any(asks(text) for text in ("Really", "Why? Because.", ""))
