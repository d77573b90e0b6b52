"""What people say, and what it is taken to mean."""

from __future__ import annotations

import calendar
from datetime import date, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outdial.domain.spoken import plain, plain_tokens
from outdial.language.flow_dates import date_in, time_in
from outdial.language.flow_matching import MEANINGS, digits_in, name_in, number_in, phrase_end, yes_or_no

YES = (
    "Yes.", "Yeah, sure.", "Yep!", "Uh, yes please.", "Of course I can.", "That works for me.", "Sounds good.",
    "No problem.", "Sure, why not?", "Absolutely.", "I will be there.", "That's right.", "OK.", "Please.",
    "Yes, there is no need to call again.", "No, sorry, I mean yes.", "yes yes yes", "That is correct.", "Okay, fine.",
)  # fmt: skip
NO = (
    "No.", "Nope.", "No thanks.", "No, that's okay.", "I can't.", "I'm not interested.", "That is not correct.",
    "Not really.", "I won't be there.", "That's wrong.", "No no no.", "Never.", "Yes... no wait, actually no.",
    "It does not work for me.", "Unfortunately I cannot.",
)  # fmt: skip
NEITHER = (
    "", "Hello?", "Maybe.", "I'm not sure.", "I don't know.", "It depends.", "Yeah, no.", "Yeah, I can't make it.",
    "Friday.", "Who is this?", "Could you repeat that please?", "What time is it now?",
)  # fmt: skip


class TestYesAndNo:
    @pytest.mark.parametrize("words", YES)
    def test_a_yes_is_a_yes(self, words: str) -> None:
        assert yes_or_no(words) == "yes"

    @pytest.mark.parametrize("words", NO)
    def test_a_no_is_a_no(self, words: str) -> None:
        assert yes_or_no(words) == "no"

    @pytest.mark.parametrize("words", NEITHER)
    def test_what_is_neither_or_both_is_asked_again(self, words: str) -> None:
        assert yes_or_no(words) is None

    @given(st.text(max_size=60))
    def test_no_words_mean_both(self, words: str) -> None:
        assert not (MEANINGS["yes"](words) and MEANINGS["no"](words))

    @given(st.sampled_from(YES), st.sampled_from(["{}", "Um, {}", "{}!!", "  {} ", "Er... {}"]))
    def test_hesitation_changes_nothing(self, words: str, hesitation: str) -> None:
        assert yes_or_no(hesitation.format(words)) == "yes"


_ONES = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"  # noqa: E501
ONES = _ONES.split()
TENS = ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]


def in_words(number: int) -> str:
    """English for 0 to 999 999."""
    if number < 20:
        return ONES[number]
    if number < 100:
        return f"{TENS[number // 10]} {ONES[number % 10]}".removesuffix(" zero")
    if number < 1000:
        rest = f" and {in_words(number % 100)}" if number % 100 else ""
        return f"{ONES[number // 100]} hundred{rest}"
    rest = f" {in_words(number % 1000)}" if number % 1000 else ""
    return f"{in_words(number // 1000)} thousand{rest}"


class TestNumbers:
    @given(st.integers(min_value=0, max_value=999_999))
    def test_in_words_are_the_number(self, number: int) -> None:
        assert number_in(f"It is {in_words(number)}, I think.") == str(number)

    @given(st.lists(st.integers(0, 9), min_size=2, max_size=14))
    def test_spelled_digit_by_digit_keep_every_digit(self, digits: list[int]) -> None:
        said = " ".join(ONES[digit] for digit in digits)

        assert digits_in(f"My number is {said}.") == "".join(map(str, digits))

    @pytest.mark.parametrize(
        ("words", "number"),
        [
            ("Twenty five.", "25"),
            ("three point five", "3.5"),
            ("1,250 people", "1250"),
            ("a hundred", "100"),
            ("two, no, sorry, three", "3"),
            ("digits 15#", "15"),
            ("Hello.", None),
        ],
    )
    def test_are_found_in_a_sentence(self, words: str, number: str | None) -> None:
        assert number_in(words) == number

    @pytest.mark.parametrize(
        ("words", "digits"),
        [
            ("double five oh one", "5501"),
            ("555-0134", "5550134"),
            ("It's 4 7 2 9 1.", "47291"),
            ("digits 0042#", "0042"),
            ("digits *9", "*9"),
            ("digits #", "#"),
            ("No digits here", None),
        ],
    )
    def test_digits_are_strung_together(self, words: str, digits: str | None) -> None:
        assert digits_in(words) == digits


class TestDates:
    @given(st.dates(date(2020, 1, 1), date(2099, 12, 31)))
    def test_with_a_year_are_written_as_the_calendar_does(self, day: date) -> None:
        month = calendar.month_name[day.month]
        spoken = [
            f"{day.day} {month} {day.year}",
            f"{month} {day.day}, {day.year}",
            f"on the {day.day}th of {month} {day.year}",
        ]

        assert {date_in(words) for words in spoken} == {day.isoformat()}

    @given(st.dates(date(2024, 1, 1), date(2024, 12, 31)))
    def test_without_a_year_keep_day_and_month(self, day: date) -> None:
        month = calendar.month_name[day.month]

        assert date_in(f"the {day.day} of {month}") == date_in(f"{month} {day.day}") == f"{day.day} {month}"

    @pytest.mark.parametrize(
        ("words", "found"),
        [
            ("the fourth of March", "4 March"),
            ("March twenty first", "21 March"),
            ("Tomorrow at nine", "tomorrow"),
            ("next Friday", "next Friday"),
            ("How about Tuesday?", "Tuesday"),
            ("on the 21st", "the 21st"),
            ("3/4/2026", "3/4/2026"),
            ("the thirty first of February", None),
            ("I may come", None),
            ("Yes.", None),
        ],
    )
    def test_are_kept_as_one_writes_them(self, words: str, found: str | None) -> None:
        assert date_in(words) == found


class TestTimes:
    @given(st.times())
    def test_on_the_clock_are_the_time(self, at: time) -> None:
        assert time_in(f"At {at.hour}:{at.minute:02} please") == f"{at.hour:02}:{at.minute:02}"

    @given(st.integers(1, 12), st.integers(0, 59), st.booleans())
    def test_with_am_or_pm_are_in_24_hours(self, hour: int, minute: int, pm: bool) -> None:
        expected = time(hour % 12 + (12 if pm else 0), minute)

        assert time_in(f"{hour}:{minute:02} {'p.m.' if pm else 'AM'}") == f"{expected:%H:%M}"

    @pytest.mark.parametrize(
        ("words", "found"),
        [
            ("nine thirty", "09:30"),
            ("930", "09:30"),
            ("at 9.30", "09:30"),
            ("half past nine", "09:30"),
            ("quarter to ten", "09:45"),
            ("ten past one in the afternoon", "13:10"),
            ("three in the afternoon", "15:00"),
            ("3pm", "15:00"),
            ("at five", "05:00"),
            ("ten o'clock", "10:00"),
            ("noon", "12:00"),
            ("at midnight", "00:00"),
            ("Yes.", None),
            ("my order is 47291", None),
        ],
    )
    def test_are_understood_as_they_are_said(self, words: str, found: str | None) -> None:
        assert time_in(words) == found


class TestNames:
    @pytest.mark.parametrize(
        ("words", "name"),
        [
            ("This is Rahul Sharma.", "Rahul Sharma"),
            ("rahul speaking", "Rahul"),
            ("Yes, my name is Ann.", "Ann"),
            ("It's O'Neill", "Oneill"),
            ("John", "John"),
            ("मेरा", "मेरा"),
            ("No.", None),
            ("Who is this?", None),
            ("I would like to know what this is about", None),
            ("digits 5#", None),
            ("47291", None),
        ],
    )
    def test_are_found_behind_what_people_put_before_them(self, words: str, name: str | None) -> None:
        assert name_in(words) == name


class TestAskingAgainAndAskingForAHuman:
    @pytest.mark.parametrize(
        "words",
        ["Sorry?", "Pardon me?", "What did you say?", "Can you say that again?", "I didn't catch that.", "What?"],
    )
    def test_repeat(self, words: str) -> None:
        assert MEANINGS["repeat"](words) == "repeat"

    @pytest.mark.parametrize(
        "words",
        [
            "I want a human.",
            "Can I talk to a real person?",
            "Operator!",
            "Let me speak with someone.",
            "Are you a live agent?",
        ],
    )
    def test_human(self, words: str) -> None:
        assert MEANINGS["human"](words) == "human"

    @pytest.mark.parametrize("words", ["Yes.", "Friday.", "I am sorry, I can't.", "My agent number is five."])
    def test_neither(self, words: str) -> None:
        assert MEANINGS["repeat"](words) is MEANINGS["human"](words) is None


class TestPlainWords:
    @given(st.text(max_size=80))
    def test_are_plain_already_when_made_plain_once(self, words: str) -> None:
        once = plain(words)

        assert plain(once) == once

    @given(st.text(max_size=80))
    def test_hold_no_punctuation_but_inside_numbers(self, words: str) -> None:
        assert all(any(letter.isalnum() or letter not in ".,:;!?" for letter in token) for token in plain_tokens(words))

    def test_find_a_phrase_however_it_is_written(self) -> None:
        assert phrase_end("five o'clock", "At 5 o’clock, please") == 3
        assert phrase_end("call me", "Do call. Me too") == 3
        assert phrase_end("art", "Start") is None
        assert phrase_end("?!", "what?!") is None
