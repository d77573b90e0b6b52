"""Text as it is read aloud: the table of the documents, and what holds for every text."""

from __future__ import annotations

import re
import time
import timeit
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outdial.speech.spoken import spoken

PAGE = Path(__file__).parents[2] / "docs" / "speech.md"
ROWS = re.findall(r"^\| ([a-z]{2}-[A-Z]{2}) \| `([^`]+)` \| (.+) \|$", PAGE.read_text("utf-8"), re.MULTILINE)
ANY_LANGUAGE = st.sampled_from(["en-US", "en-GB", "en-IN", "hi-IN", "mr-IN", "ta-IN", "bn-IN"])
NUMBERS = st.from_regex(r"[a-zA-Z0-9 +$₹€.,:/()@#_<>%*&'x-]{0,60}", fullmatch=True)


def words(said: str) -> list[str]:
    """Without the signs between them: a dash in front may be a list's."""
    return "".join(letter if letter.isalnum() else " " for letter in said).split()


def test_the_table_is_there() -> None:
    assert len(ROWS) > 120
    assert {"en-US", "en-IN", "hi-IN", "ta-IN"} <= {language for language, _, _ in ROWS}


@pytest.mark.parametrize(("language", "written", "said"), ROWS, ids=[f"{row[0]} {row[1]}" for row in ROWS])
class TestARow:
    def test_is_said_as_the_documents_have_it(self, language: str, written: str, said: str) -> None:
        assert spoken(written, language) == said

    def test_is_said_the_same_within_a_sentence(self, language: str, written: str, said: str) -> None:
        assert spoken(f"{written}.", language) in (f"{said}.", f"{said} .")

    def test_is_words_already_when_it_is_read_a_second_time(self, language: str, written: str, said: str) -> None:
        assert words(spoken(said, language)) == words(said)


class TestASentence:
    @pytest.mark.parametrize(
        ("written", "read"),
        [
            ("Call 555-0134 now.", "Call five five five, zero one three four now."),
            (
                "Your EMI of Rs. 12,345 is due by 10AM on 5 March.",
                "Your EMI of twelve thousand three hundred forty-five rupees is due by ten AM on the fifth of March.",
            ),
            (
                "Write to john_doe@example.com, or call +1 (202) 555-0143.",
                "Write to john underscore doe at example dot com, or call plus one, two zero two, five five five, "
                "zero one four three.",
            ),
            ("We have 100 slots at 3pm on the 3rd.", "We have one hundred slots at three PM on the third."),
            ("A B2B deal in 2026, for 2,000 people", "A B two B deal in twenty twenty-six, for two thousand people"),
            ("**Hello** 😀, see [our site](http://example.com) `now`", "Hello, see our site now"),
            ("# Offer\n- 5 rooms\n- 3BHK", "Offer five rooms three B H K"),
            ("<b>Hi</b> <john@example.com>, a < b", "Hi john at example dot com, a less than b"),
            ("My flat is 12A, the code AB12CD.", "My flat is twelve A, the code A B one two C D."),
            ("| Plan | Price |\n|:---|---:|\n| A | $5 |\n---\nFine :)", "Plan, Price. A, five dollars. Fine"),
            ("```text\nHello\n```\n*chuckles softly* &#39;tis (pause for response) I.", "Hello 'tis I."),
            ("Wait (a pause) in <3 days, I <3 it", "Wait (a pause) in less than three days, I it"),
            ("Thanks.In the morning, he/she calls.", "Thanks.In the morning, he or she calls."),
            (
                "From 12 Mar 26 guests, 5 Mar 2-4 pm",
                "From the twelfth of March twenty-six guests, the fifth of March two to four PM",
            ),
            (
                "① one, 10⁵ and a_1² www.⁵",
                "one one, ten to the power of five and a underscore one squared W W W dot five",
            ),
            ("Hello {{First Name}}, {% if x %}hi{% endif %}", "Hello, hi"),
            ("Yes, I will be there.", "Yes, I will be there."),
            ("A long-term, well-known and/or good thing", "A long-term, well-known and or good thing"),
            ("It's Mr. Smith's.", "It's Mr. Smith's."),
            ("Hello राम, you owe Rs 25000", "Hello राम, you owe twenty-five thousand rupees"),
        ],
    )
    def test_is_read_as_a_person_would(self, written: str, read: str) -> None:
        assert spoken(written) == read

    def test_in_another_language_keeps_its_numbers(self) -> None:
        assert spoken("**Das** kostet 25 €.", "de-DE") == "Das kostet 25 €."


class TestEveryText:
    @given(st.text(max_size=120) | st.text("²⁵①٣१𝟗Ⅳ½a_@.w/:#&;1", max_size=20) | NUMBERS, ANY_LANGUAGE)
    def test_is_left_without_a_digit_or_a_sign_no_voice_can_say(self, text: str, language: str) -> None:
        said = spoken(text, language)

        assert not re.search(r"[0-9_@#<>{}\[\]|*]", said)
        assert said == " ".join(said.split())

    @given(st.from_regex(r"[a-z]{1,8}( [a-z]{1,8}){0,8}[.?!]?", fullmatch=True))
    def test_of_words_stays_as_it_is(self, text: str) -> None:
        assert spoken(text) == re.sub(r"\bvs\b", "versus", text)

    @given(st.integers(min_value=10**9, max_value=10**14).map(str))
    def test_keeps_the_digits_of_a_phone_number_in_order(self, digits: str) -> None:
        names = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]

        said = re.findall("[a-z]+", spoken(f"Call +{digits} please"))

        assert "".join(str(names.index(word)) for word in said if word in names) == digits


@pytest.mark.parametrize("language", ["en-IN", "hi-IN"])
@pytest.mark.parametrize(
    "piece",
    ["word ", "1", "1,", "12-", "a_", "@a.", "9.9", "+91 ", "₹1", "10:", "A1-", "1/2 ", "#", "*", "_", "<a", "<!--",
     "[a](", "{{", "&", "1st-", "x1", "(12) ", "Jan 5 ", " ", "\n", "a.b.", "|", "'", "नम ", "12 34 ", "\u200d", "'9",
     "1.000,", "1 000 ", "(pause for ", "|-", "XX ", "Mar 5-", "MH 12 "],
)  # fmt: skip
def test_takes_time_in_proportion_to_the_length(piece: str, language: str) -> None:
    def seconds(letters: int) -> float:
        text = (piece * letters)[:letters]
        return min(
            timeit.repeat(lambda: spoken.__wrapped__(text, language), number=1, repeat=3, timer=time.process_time)
        )

    assert seconds(20_000) < 40 * max(seconds(2_000), 0.002)
