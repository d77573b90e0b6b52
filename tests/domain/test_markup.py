"""A text from an editor of web pages, as it is spoken."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outdial.domain.markup import without_markup


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("<p>Hello</p><p>there</p>", "Hello there"),
        ("Hello <b>@{{name}}</b>,<br/>how are you?", "Hello @{{name}}, how are you?"),
        ("Tom &amp; Jerry&nbsp;Inc.", "Tom & Jerry Inc."),
        ('<a href="https://a.test?x=1">Press</a> 1 <!-- note -->', "Press 1"),
        ("&lt;3 from us", "<3 from us"),
        (
            "<p>Write to <ada@acme.test> or see <https://acme.test/a></p>",
            "Write to ada@acme.test or see https://acme.test/a",
        ),
        ("Write to <ada@acme.test>", "Write to ada@acme.test"),
        ("<!DOCTYPE html><style>p {}</style><SCRIPT>var x</script ><p>Hi</p><style>", "Hi"),
        ("<?xml version='1.0'?><speak>Hi</speak>", "Hi"),
        ("<td>one</td><td>two</td>", "one two"),
    ],
)
def test_is_its_words(text: str, spoken: str) -> None:
    assert without_markup(text) == spoken


@pytest.mark.parametrize("text", ["I <3 you", "5 < 6 > 4", "AT&T  calls;", "a\n\nb", ""])
def test_that_holds_no_markup_stays_as_it_is(text: str) -> None:
    assert without_markup(text) == text


@given(st.text(alphabet="<>/&;ab# ", max_size=40))
def test_never_holds_a_tag_afterwards_that_was_one_before(text: str) -> None:
    assert len(without_markup(text)) <= len(text) + text.count("<")


@pytest.mark.parametrize(
    "piece", ["<!--", "<!-- -->", "<a", "<", "&", "&#", "<p>", "<!--<p>", "-->", "<script>", "<style></style>", "<a@"]
)
def test_is_read_in_linear_time(piece: str) -> None:
    def seconds(pieces: int) -> float:
        began = time.process_time()
        without_markup(piece * pieces)
        return time.process_time() - began

    assert seconds(200_000) < 100 * max(seconds(10_000), 0.005)


@given(st.lists(st.sampled_from(["<!--", "-->", "<b>", "x", " ", "<", ">", "--"]), max_size=12).map("".join))
def test_a_comment_goes_from_its_beginning_to_the_first_end_behind_it(text: str) -> None:
    """As a pattern says it, which takes its time with long texts."""
    plainly = re.sub(r"</?[A-Za-z][^<>]*>|<!--.*?-->", "", text, flags=re.DOTALL)

    assert without_markup(text) == (" ".join(plainly.split()) if plainly != text else text)
