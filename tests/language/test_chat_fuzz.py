"""Real streams, damaged in every way a network or a proxy can: nothing but ``Unreachable`` leaves the dialogue."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat_streams import STREAMS, saying, stored
from outdial.domain.errors import Unreachable
from outdial.language.chat_answer import Answer
from outdial.language.chat_chunk import Piece, error_in, piece_of, words_of
from outdial.language.chat_json import JsonReply
from outdial.language.chat_prompt import ToolMode
from outdial.language.chat_repeats import RepeatWatch, plain
from outdial.language.chat_stream import ChunkReader
from outdial.language.chat_text import SpokenText, without_thoughts
from outdial.language.lenient_json import object_in, objects_in

NAMES = sorted(path.name for path in STREAMS.glob("*.sse"))
MODES = list(ToolMode)
KEYS = st.sampled_from(
    [
        "choices",
        "delta",
        "message",
        "content",
        "tool_calls",
        "function",
        "name",
        "arguments",
        "index",
        "id",
        "type",
        "text",
        "role",
        "finish_reason",
        "error",
        "detail",
        "code",
        "refusal",
        "say",
        "notes",
        "action",
        "extra_content",
    ]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)
MARKS = st.sampled_from(
    [
        "<think>",
        "</think>",
        "<tool_call>",
        "</tool_call>",
        "```json\n",
        "```",
        "{",
        "}",
        "[",
        "]",
        "(",
        ")",
        '"',
        "'",
        '{"name": "',
        "end_call",
        "note(",
        "functions.",
        "<|python_tag|>",
        "[TOOL_CALLS]",
        "<|channel|>",
        "<|message|>",
        "<function=",
        "</function>",
        "say",
        ": ",
        ",",
        "<",
        ">",
        "|",
        "\\",
        "\n",
        " ",
        "Hello.",
        "é😀",
        "<parameter=x>",
        "call ",
        "Action: note",
        "analysisWe",
        "assistantfinal",
        "User:",
        "**Agent:",
        "<end_call/>",
        "print(",
        "to=functions.note json",
        "</note>",
    ]
)


def read(body: bytes, mode: ToolMode, cut: Callable[[bytes], list[bytes]] = lambda body: [body]) -> str:
    """What is said of a body; an error where the dialogue would raise Unreachable after it."""
    reader, answer = ChunkReader(), Answer(mode, RepeatWatch(frozenset()), thinks_first=False)
    words = ""
    try:
        for piece in [*cut(body), None]:
            chunks = reader.finish() if piece is None else reader.feed(piece)
            for chunk in chunks:
                words += answer.add([piece_of(chunk)])
                error_in(chunk)
    except Unreachable:
        pass
    words += answer.finish(failed=False)
    answer.moves()
    assert isinstance(answer.why_silent(), str)
    assert isinstance(reader.came(), str)
    return words


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A recorded stream, some of whose lines are lost, doubled, swapped, emptied, cut or changed."""
    lines = stored(draw(st.sampled_from(NAMES))).split(b"\n\n")
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(lines) - 1))
        match draw(st.sampled_from(["drop", "double", "swap", "null", "cut", "flip", "odd", "error"])):
            case "drop":
                lines[at] = b""
            case "double":
                lines.insert(at, lines[at])
            case "swap":
                lines[at], lines[-1] = lines[-1], lines[at]
            case "null":
                lines[at] = b"data: null"
            case "cut":
                lines[at] = lines[at][: draw(st.integers(0, max(len(lines[at]), 1)))]
            case "flip" if lines[at]:
                byte = draw(st.integers(0, len(lines[at]) - 1))
                lines[at] = lines[at][:byte] + draw(st.binary(min_size=1, max_size=2)) + lines[at][byte + 1 :]
            case "odd":
                lines[at] = b"data: " + json.dumps(draw(JSON)).encode()
            case "error":
                lines[at] = b'data: {"error": {"message": "overloaded"}}'
    return b"\n\n".join(lines)


@given(damaged(), st.sampled_from(MODES))
@settings(deadline=None, max_examples=100)
def test_a_damaged_stream_breaks_nothing(body: bytes, mode: ToolMode) -> None:
    read(body, mode)


@given(st.sampled_from(NAMES), st.sampled_from(MODES), st.integers(1, 40))
@settings(deadline=None, max_examples=30)
def test_a_stream_says_the_same_however_it_is_cut(name: str, mode: ToolMode, size: int) -> None:
    body = stored(name)

    in_pieces = read(body, mode, lambda body: [body[at : at + size] for at in range(0, len(body), size)])

    assert in_pieces == read(body, mode)


@given(st.lists(st.integers(0, 40), max_size=12), st.integers(1, 5))
def test_a_stream_that_stops_has_said_what_came(dropped: list[int], size: int) -> None:
    said = "Does Tuesday work for you? Or is Friday better?"
    body = saying(said, size).encode()
    events = body.split(b"\n\n")
    kept = [event for at, event in enumerate(events) if at not in dropped]

    expected = "".join(
        json.loads(event[6:])["choices"][0]["delta"].get("content", "")
        for event in kept
        if event.startswith(b"data: {")
    )

    assert read(b"\n\n".join(kept), ToolMode.NATIVE) == expected


@given(JSON, st.sampled_from(MODES))
@settings(deadline=None, max_examples=100)
def test_any_json_is_a_chunk_of_something_or_of_nothing(value: object, mode: ToolMode) -> None:
    choice = {"choices": [{"delta": value}]}
    for chunk in (value, choice, {"choices": value}, {"choices": [{"delta": {"tool_calls": value, "content": value}}]}):
        if isinstance(chunk, dict):
            assert isinstance(piece_of(chunk), Piece)
            assert isinstance(error_in(chunk), str)
            read(b"data: " + json.dumps(chunk).encode() + b"\n\n", mode)
    assert isinstance(words_of(value), str)


@given(st.lists(MARKS, max_size=24), st.integers(1, 9))
@settings(deadline=None, max_examples=150)
def test_any_text_says_the_same_however_it_is_cut(marks: list[str], size: int) -> None:
    text = "".join(marks)
    at_once, in_pieces = SpokenText(), SpokenText()
    whole = at_once.add(text) + at_once.finish()
    pieces = "".join(in_pieces.add(text[at : at + size]) for at in range(0, len(text), size)) + in_pieces.finish()

    if not at_once.ended_unbegun_thought:
        assert pieces == whole
    assert in_pieces.calls == at_once.calls
    without_thoughts(text)
    assert object_in(text) is None or isinstance(object_in(text), dict)


@given(st.lists(MARKS, max_size=24), st.integers(1, 9))
@settings(deadline=None, max_examples=80)
def test_any_text_in_json_mode_is_read(marks: list[str], size: int) -> None:
    text = "".join(marks)
    reply = JsonReply()
    for at in range(0, len(text), size):
        reply.add(text[at : at + size])
    reply.finish()
    reply.moves()


@given(st.text(st.sampled_from("ab .?!\n"), max_size=80), st.integers(1, 9))
def test_a_watch_on_repeats_loses_no_word_before_the_third_time(text: str, size: int) -> None:
    watch = RepeatWatch(frozenset())
    words = "".join(watch.add(text[at : at + size]) for at in range(0, len(text), size)) + watch.add("", final=True)

    assert text.startswith(words)
    assert watch.repeated or words == text
    if watch.repeated:
        assert plain(text).count(watch.repeated) >= 3


@pytest.mark.parametrize("depth", [490, 495, 980, 990])
@pytest.mark.parametrize(
    ("opens", "closes"),
    [('{"function":', "}"), ('{"calls":[', "]}"), ('{"reply":', "}"), ('{"arguments":', "}"), ('{"content":[', "]}")],
)
def test_what_is_nested_too_deep_breaks_nothing(opens: str, closes: str, depth: int) -> None:
    nested = f'{opens * depth}{{"name": "end_call"}}{closes * depth}'
    call = f'{{"function": {{"name": "note", "arguments": {nested}}}}}'
    for delta in (json.dumps(nested), nested, f'{{"content": {nested}, "tool_calls": [{call}, {nested}]}}'):
        for mode in MODES:
            read(f'data: {{"error": null, "choices": [{{"delta": {delta}}}]}}\n\ndata: {nested}\n\n'.encode(), mode)


NASTY = {
    "open tags": "<",
    "open thoughts": "<think>",
    "open calls": "<tool_call>",
    "open braces": '{"a":',
    "brackets": "[",
    "bars": "<|",
    "back quotes": "```",
    "names": "end_call(",
    "namespaces": "functions.",
    "quotes": '"',
    "single quotes": "{'",
    "escapes": "\\",
    "letters": "a",
    "blanks": " ",
    "half marks": "<thin",
    "closed": "{}",
    "parameters": "<parameter=x>",
    "stars": "(*`[_",
}


@pytest.mark.parametrize("unit", NASTY.values(), ids=NASTY.keys())
def test_nothing_takes_more_than_linear_time(unit: str) -> None:
    def cost(letters: int) -> float:
        text = (unit * letters)[:letters]
        began = time.process_time()
        for mode in MODES:
            answer = Answer(mode, RepeatWatch(frozenset()), thinks_first=False)
            for at in range(0, letters, 64):
                answer.add([Piece(text[at : at + 64])])
            answer.finish(failed=False)
            answer.moves()
        list(objects_in(text))
        without_thoughts(text)
        return time.process_time() - began

    few, many = cost(6_000), cost(48_000)

    assert many < 40 * max(few, 0.02), (few, many)
