"""Objects as models write them, and what is read of each."""

from __future__ import annotations

from typing import Any

import pytest

from outdial.language.lenient_json import objects_in

WRITTEN: dict[str, list[dict[str, Any]]] = {
    '{"a": 1, /* one */ "b": "x"} and more': [{"a": 1, "b": "x"}],
    '{\n// "a": no\n"a": "http://x", # y\n}': [{"a": "http://x"}],
    '{a: "x", b: [1, 2,], c: None, d: yes}': [{"a": "x", "b": [1, 2], "c": None, "d": "yes"}],
    "{'a': 'Can't wait, ok', 'b': 'c'}": [{"a": "Can't wait, ok", "b": "c"}],
    '{"a": "He said "yes" to me", "b": 1}': [{"a": 'He said "yes" to me', "b": 1}],
    "{“a”: “x”, “b”: “”}": [{"a": "x", "b": ""}],
    '{{"a": 1}}': [{"a": 1}],
    '{"a": 1}} {"b": 2}': [{"a": 1}, {"b": 2}],
    'I use { braces. {"a": 1}': [{"a": 1}],
    '{"a": {"b": "c"': [{"a": {"b": "c"}}],
    '{"a": "x", "b": "y': [{"a": "x"}],
    '{"a": "x", "b": 12': [{"a": "x"}],
    '{"a": "x", "b"': [{"a": "x"}],
    '{"a": "x", "b": [{"c": "d"}, {"e': [{"a": "x", "b": [{"c": "d"}, {}]}],
    '{"a': [],
    "{": [],
    "{curly}": [],
    '{"a": NaN}': [],
}


@pytest.mark.parametrize(("text", "objects"), WRITTEN.items())
def test_an_object_is_read_as_it_was_meant(text: str, objects: list[dict[str, Any]]) -> None:
    assert list(objects_in(text)) == objects
