"""Whether what a customer sends is within its limits: one sentence for each thing that is not, naming its field.

Doors ask with the names their API has for things; commands ask again, so that no way in is without limits.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from outdial.domain.agent import AnalysisPlan, Definition
from outdial.domain.errors import Fault, cut
from outdial.domain.limits import (
    MAX_ANALYSIS_KEYS,
    MAX_ANALYSIS_NAME_LETTERS,
    MAX_ANALYSIS_TEXT_LETTERS,
    MAX_FLOW_BYTES,
    MAX_GREETING_LETTERS,
    MAX_HEADER_LETTERS,
    MAX_HEADER_NAME_LETTERS,
    MAX_HEADERS,
    MAX_HEADERS_BYTES,
    MAX_KNOWLEDGE_BASES,
    MAX_LABEL_LETTERS,
    MAX_OPTIONS_BYTES,
    MAX_PROMPT_BYTES,
    MAX_PROMPT_SECTIONS,
    MAX_URL_LETTERS,
    MAX_VARIABLE_LETTERS,
    MAX_VARIABLE_NAME_LETTERS,
    MAX_VARIABLES,
    MAX_VARIABLES_BYTES,
    MAX_VOCAB_LETTERS,
    MAX_VOCAB_WORDS,
)
from outdial.domain.sizes import json_bytes, utf8_bytes

Path = tuple[str, ...]

_SHORT: Final = ("language", "voice_id", "model", "secondary_language", "secondary_voice_id")


def too_long(path: Path, most: int, what: str = "characters") -> Fault:
    """``what``: characters, bytes, entries …"""
    return Fault(path, f"{'.'.join(map(cut, path))} may have at most {most} {what}", "too_long")


def text_faults(text: str, most: int, *path: str) -> Iterator[Fault]:
    if len(text) > most:
        yield too_long(path, most)


def url_faults(url: str, *path: str) -> Iterator[Fault]:
    return text_faults(url, MAX_URL_LETTERS, *path)


def names_faults(names: Sequence[str], most: int, letters: int, *path: str) -> Iterator[Fault]:
    """A list of short texts."""
    if len(names) > most:
        yield too_long(path, most, "entries")
    elif any(len(name) > letters for name in names):
        yield Fault(path, f"each entry of {'.'.join(path)} may have at most {letters} characters", "too_long")


def variables_faults(variables: Mapping[str, Any], *path: str) -> Iterator[Fault]:
    """Names with values of any JSON type, as they are spoken."""
    where = ".".join(path)
    if len(variables) > MAX_VARIABLES:
        yield too_long(path, MAX_VARIABLES, "variables")
        return
    for name, value in variables.items():
        if len(name) > MAX_VARIABLE_NAME_LETTERS:
            yield Fault(
                (*path, name), f"names in {where} may have at most {MAX_VARIABLE_NAME_LETTERS} characters", "too_long"
            )
        letters = len(value) if isinstance(value, str) else json_bytes(value, at_most=MAX_VARIABLE_LETTERS)
        if letters > MAX_VARIABLE_LETTERS:
            yield too_long((*path, name), MAX_VARIABLE_LETTERS)
    if json_bytes(variables, at_most=MAX_VARIABLES_BYTES) > MAX_VARIABLES_BYTES:
        yield too_long(path, MAX_VARIABLES_BYTES, "bytes in all")


def headers_faults(headers: Mapping[str, str], *path: str) -> Iterator[Fault]:
    if len(headers) > MAX_HEADERS:
        yield too_long(path, MAX_HEADERS, "headers")
        return
    for name, value in headers.items():
        if len(name) > MAX_HEADER_NAME_LETTERS or len(value) > MAX_HEADER_LETTERS:
            most = f"{MAX_HEADER_NAME_LETTERS} characters and its value at most {MAX_HEADER_LETTERS}"
            yield Fault((*path, name), f"a name in {'.'.join(path)} may have at most {most}", "too_long")
    if sum(len(name) + len(value) for name, value in headers.items()) > MAX_HEADERS_BYTES:
        yield too_long(path, MAX_HEADERS_BYTES, "bytes in all")


def definition_faults(definition: Definition) -> Iterator[Fault]:
    """An agent's version, whoever wants to store it; a flow's own parts are judged where it is parsed."""
    for name in ("greeting", "idle_question", "farewell"):
        yield from text_faults(getattr(definition, name), MAX_GREETING_LETTERS, name)
    for name in _SHORT:
        yield from text_faults(getattr(definition, name), MAX_LABEL_LETTERS, name)
    yield from prompt_faults([(one.title, one.content) for one in definition.prompt], "prompt")
    if definition.flow is not None and json_bytes(definition.flow, at_most=MAX_FLOW_BYTES) > MAX_FLOW_BYTES:
        yield too_long(("flow",), MAX_FLOW_BYTES, "bytes")
    yield from names_faults(definition.variables, MAX_VARIABLES, MAX_VARIABLE_NAME_LETTERS, "variables")
    yield from variables_faults(definition.defaults, "defaults")
    yield from names_faults(definition.vocab, MAX_VOCAB_WORDS, MAX_VOCAB_LETTERS, "vocab")
    yield from names_faults(definition.knowledge, MAX_KNOWLEDGE_BASES, MAX_LABEL_LETTERS, "knowledge")
    yield from analysis_faults(definition.analysis, "analysis")
    if json_bytes(definition.options, at_most=MAX_OPTIONS_BYTES) > MAX_OPTIONS_BYTES:
        yield too_long(("options",), MAX_OPTIONS_BYTES, "bytes")


def prompt_faults(sections: Sequence[tuple[str, str]], *path: str) -> Iterator[Fault]:
    """Titles with contents."""
    if len(sections) > MAX_PROMPT_SECTIONS:
        yield too_long(path, MAX_PROMPT_SECTIONS, "sections")
    elif sum(utf8_bytes(title) + utf8_bytes(content) for title, content in sections) > MAX_PROMPT_BYTES:
        yield too_long(path, MAX_PROMPT_BYTES, "bytes")


def analysis_faults(plan: AnalysisPlan, *path: str) -> Iterator[Fault]:
    for part in ("prompt", "context"):
        yield from text_faults(getattr(plan, part), MAX_ANALYSIS_TEXT_LETTERS, *path, part)
    yield from text_faults(plan.goal_key, MAX_ANALYSIS_NAME_LETTERS, *path, "goal_key")
    for part in ("defaults", "platform_context", "client_context"):
        if json_bytes(getattr(plan, part), at_most=MAX_OPTIONS_BYTES) > MAX_OPTIONS_BYTES:
            yield too_long((*path, part), MAX_OPTIONS_BYTES, "bytes")
    for part in ("keys", "hints", "labels"):
        named: Mapping[str, str] = getattr(plan, part)
        if len(named) > MAX_ANALYSIS_KEYS:
            yield too_long((*path, part), MAX_ANALYSIS_KEYS, "entries")
            continue
        for name, text in named.items():
            if len(name) > MAX_ANALYSIS_NAME_LETTERS:
                yield too_long((*path, part, name), MAX_ANALYSIS_NAME_LETTERS)
            yield from text_faults(text, MAX_ANALYSIS_TEXT_LETTERS, *path, part, name)
