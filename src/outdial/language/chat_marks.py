"""The marks by which models set thoughts and tool calls apart from what they say, one pattern for each kind.

Gathered from the chat templates of the open model families. ``regex`` and not ``re``: text comes in pieces of any size,
and only a partial match tells that a mark may have begun. Every pattern is bounded, so matching is linear.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import regex


class Mark(StrEnum):
    """What begins here."""

    THOUGHT = "thought"
    END_OF_THOUGHT = "end_of_thought"
    CALL = "call"
    """A tool call as an element; ends with its closing tag."""
    CALL_TOKEN = "call_token"
    """A tool call after a special token; ends with another one, or with the reply."""
    RESULT = "result"
    """What a tool is made up to have answered: neither said nor done."""
    CHANNEL = "channel"
    """A header that says for whom the following is: the other side, a tool, or nobody."""
    FENCE = "fence"
    OBJECT = "object"
    NAME = "name"
    """A tool's name, with or without parentheses."""
    END = "end"
    """The reply is over: what follows is the model writing the other side's part."""
    NOTHING = "nothing"
    """A mark without a meaning for us."""


_THOUGHT: Final = (
    r"(?:\w{1,12}:)?(?:think(?:ing)?|thoughts?|reason(?:ing)?|reflection|scratch_?pad|analysis|inner_monologue)"
)
_CALL: Final = (
    r"(?:\w{1,12}:)?(?:tool_?calls?|tool_use|function_?calls?|functions?|invoke|tools?|tool_code|tool_request)"
)
_RESULT: Final = r"(?:tool_response|tool_result|tool_output|function_results?|function_response|observation)"
_ATTRIBUTES: Final = r"(?:\s[^<>]{0,120})?"
_BAR: Final = "[|｜]"
_BEFORE_NAME: Final = r"[(\[*_`]{0,4}"
_NAMESPACE: Final = r"(?:functions|function|default_api|tools|api)"

_PATTERNS: Final[dict[Mark, str]] = {
    Mark.THOUGHT: rf"<{_THOUGHT}{_ATTRIBUTES}(?<!/)>|◁think▷|\[THINK\]"
    rf"|<{_BAR}(?:start_thinking|begin_of_thought|begin_of_thinking|think|thought){_BAR}>",
    Mark.END_OF_THOUGHT: rf"</{_THOUGHT}\s{{0,4}}>|◁/think▷|\[/THINK\]"
    rf"|<{_BAR}(?:end_thinking|end_of_thought|end_of_thinking|/think|/thought){_BAR}>",
    Mark.RESULT: rf"<{_RESULT}{_ATTRIBUTES}>",
    Mark.CALL: rf"<{_CALL}(?=[\s=(>{{\[:.\"'])",
    Mark.CHANNEL: rf"(?:<{_BAR}start{_BAR}>[^<]{{0,120}})?(?:<{_BAR}channel{_BAR}>[^<]{{0,120}})?"
    rf"(?:<{_BAR}constrain{_BAR}>[^<]{{0,40}})?<{_BAR}message{_BAR}>",
    Mark.END: rf"<{_BAR}(?:im_end|eot_id|eom_id|endoftext|end_of_text|end_of_turn|end_of_sentence|return|eos){_BAR}>"
    rf"|<(?:end_of_turn|eos|/s)>|\[/?INST\]|<{_BAR}im_start{_BAR}>\s{{0,2}}(?:user|system|tool)"
    rf"|<start_of_turn>\s{{0,2}}user|<{_BAR}start_header_id{_BAR}>\s{{0,2}}(?:user|system|ipython)",
    Mark.CALL_TOKEN: rf"<{_BAR}(?:python_tag|tool(?![^<>|｜\n]{{0,40}}end)[^<>|｜\n]{{0,40}}"
    rf"|action_start|start_action|plugin|function_call){_BAR}>|\[TOOL_CALLS?\]",
    Mark.NOTHING: rf"</{_CALL}\s{{0,4}}>|</{_RESULT}>"
    rf"|</?(?:\w{{1,12}}:)?(?:parameter|arguments|arg_key|arg_value)[^<>]{{0,80}}>"
    r"|</?(?:answer|response|final|final_answer|reply|output|speech|assistant|s|bos|pad|unk)>|\[/TOOL_CALLS?\]"
    rf"|<{_THOUGHT}\s{{0,4}}/>"
    rf"|<{_BAR}im_start{_BAR}>\s{{0,2}}assistant\s{{0,2}}|<start_of_turn>\s{{0,2}}model\s{{0,2}}"
    rf"|<{_BAR}start_header_id{_BAR}>[^<]{{0,40}}<{_BAR}end_header_id{_BAR}>"
    rf"|<{_BAR}(?!(?:channel|start|constrain|message|im_start|start_header_id){_BAR})[^<>|｜\n]{{1,60}}{_BAR}>|\[/?(?:AVAILABLE_TOOLS|TOOL_RESULTS?|TOOL_CONTENT|ARGS|CALL_ID)\]",
    Mark.FENCE: r"```[ \t]{0,4}\w{0,20}[ \t]{0,4}(?=[^\w \t])",
    Mark.OBJECT: r"(?:\[\s{0,4})?\{\s{0,8}[\"'“]",
    Mark.NAME: rf"(?<!\w){_BEFORE_NAME}(?:(?P<elsewhere>{_NAMESPACE}\.\w{{1,40}})(?=\W)"
    r"|(?P<ours>end_call|press_digits)(?=\W)|(?P<note>note)(?=\(\s{0,4}(?:\{|\"|'|name\s?=)))"
    r"(?::\d{1,4})?",
}
_ORDER: Final = (
    Mark.THOUGHT,
    Mark.END_OF_THOUGHT,
    Mark.RESULT,
    Mark.CALL,
    Mark.CHANNEL,
    Mark.END,
    Mark.CALL_TOKEN,
    Mark.NOTHING,
    Mark.FENCE,
    Mark.NAME,
    Mark.OBJECT,
)

MARK: Final = regex.compile("|".join(f"(?P<{mark}>{_PATTERNS[mark]})" for mark in _ORDER), regex.IGNORECASE)
"""A mark at one place; ``lastgroup`` is no help with groups in groups: see ``kind_of``."""
SUSPECT: Final = regex.compile(
    rf"[<{{◁]|```|\[[\s{{/a-z]|(?<!\w){_BEFORE_NAME}(?:{_NAMESPACE}\.|end_call|press_digits|note\()", regex.IGNORECASE
)
"""A place where a mark may begin."""
END_OF_THOUGHT: Final = regex.compile(_PATTERNS[Mark.END_OF_THOUGHT], regex.IGNORECASE)
END_OF_CALL: Final = regex.compile(rf"</{_CALL}\s{{0,4}}>", regex.IGNORECASE)
END_OF_RESULT: Final = regex.compile(rf"</{_RESULT}\s{{0,4}}>", regex.IGNORECASE)
END_OF_TOKEN: Final = regex.compile(
    rf"<{_BAR}(?:[^<>|｜\n]{{0,40}}end[^<>|｜\n]{{0,12}}|/\w{{1,20}}|eom_id|eot_id|call|return){_BAR}>"
    r"|\[/TOOL_CALLS?\]|</s>",
    regex.IGNORECASE,
)
END_OF_FENCE: Final = regex.compile("```")
END_OF_CHANNEL: Final = regex.compile(rf"<{_BAR}(?:end|return|call|start|channel){_BAR}>", regex.IGNORECASE)


def kind_of(match: regex.Match[str]) -> Mark:
    return next(mark for mark in _ORDER if match.group(mark) is not None)
