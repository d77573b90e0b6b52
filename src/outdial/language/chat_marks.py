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
    r"(?:\w{1,12}:)?(?:(?:ant)?think(?:ing)?|thoughts?(?:_process)?|reason(?:ing)?|reflection|scratch_?pad|analysis"
    r"|(?:inner|internal)_(?:monologue|thoughts?|reasoning)|chain_of_thought|cot|internal|plan(?:ning)?)"
)
_CALL: Final = (
    r"(?:(?!start_|end_)\w{1,12}[:_]|[|｜]DSML[|｜])?(?:tool_?calls?|tool_use|function_?calls?|functions?|invoke|tools?|tool_code"
    r"|tool_request|action|call|note|press_digits)"
)
_RESULT: Final = r"(?:tool_response|tool_result|tool_output|function_results?|function_response|observation)"
_ATTRIBUTES: Final = r"(?:\s[^<>]{0,120})?"
_BAR: Final = "[|｜]"
_SPACE: Final = "[_▁]"
_NAMESPACE: Final = r"(?:functions|function|default_api|tools|api)"
_OURS: Final = r"end_?call|(?<=[\[(*<])end[ -]call(?=[\])*>])|press_digits"
_BEFORE_NAME: Final = (
    r"(?:[(\[]?(?:call(?:s|ing)?|tool(?:[ _]?call)?|function(?:[ _]?call)?|action|await|invoke|print)[ :(]{1,3}"
    r"[*_]{0,2}|>>>\s?|\[{1,2}|\(|[*_]{1,3}|`{1,2}|<[|｜]?|[@#$/]|\{{1,2}|[\"'])?"
)
"""What a model may put before a tool's name when it writes it among its words. No other mark may begin in it."""
_LABEL: Final = r"(?<!\w)(?:functools|action(?: input)?|function[ _]?calls?|tool[ _]?calls?)\s{0,2}:?\s{0,3}"
_SPEAKER: Final = r"(?<![^\n])(?:\*\*)?(?:assistant|agent|ai)(?:\*\*)?(?::(?:\*\*)?[ \t]{0,4}(?=[^\s*])|\n{1,4}(?=\S))"
_HEADER: Final = rf"<{_BAR}(?:start_header_id|header_start|start_of_role){_BAR}>"
_STRIPPED_TO: Final = r"(?:(?:assistant)?(?:commentary|analysis)\s?)?to=(?:functions\.)?"
"""A header of a channel whose special tokens the server left out."""

_PATTERNS: Final[dict[Mark, str]] = {
    Mark.THOUGHT: rf"<{_THOUGHT}{_ATTRIBUTES}(?<!/)>|◁think▷|\[(?:THINK(?:ING)?|REASONING|THOUGHTS?)\]"
    rf"|<{_BAR}(?:start_thinking|begin{_SPACE}of{_SPACE}(?:thought|thinking)|think|thought){_BAR}>"
    r"|<details\s{1,4}type=[\"']?reasoning[^<>]{0,80}>|<\|channel>\s{0,2}thought|<unused94>\s{0,2}thought"
    r"|(?-i:(?<!\w)(?:assistant)?analysis(?=[A-Z]))|here(?: is|'s) my thought process:",
    Mark.END_OF_THOUGHT: rf"</{_THOUGHT}\s{{0,4}}>|◁/think▷|\[/(?:THINK(?:ING)?|REASONING|THOUGHTS?)\]"
    rf"|<{_BAR}(?:end_thinking|end{_SPACE}of{_SPACE}(?:thought|thinking)|/think|/thought){_BAR}>"
    r"|</details>|<channel\|>|<unused95>|(?:assistantcommentary)?assistantfinal|here(?: is|'s) my response:",
    Mark.RESULT: rf"<{_RESULT}{_ATTRIBUTES}>",
    Mark.CALL: rf"<{_CALL}(?=[\s=(>{{\[:.\"'])",
    Mark.CHANNEL: rf"(?:<{_BAR}start{_BAR}>[^<]{{0,120}})?(?:<{_BAR}channel{_BAR}>[^<]{{0,120}})?"
    rf"(?:<{_BAR}constrain{_BAR}>[^<]{{0,40}})?<{_BAR}message{_BAR}>",
    Mark.END: rf"<{_BAR}(?:im_end|eot_id|eom_id|eot|eom|endoftext|end_of_text|end_of_turn(?:_token)?|end_of_sentence"
    rf"|return|eos|user|human|observation|user_token){_BAR}>|<(?:end_of_turn|end_of_utterance|eos|eot|/s)>|<turn\|>"
    rf"|\[/?INST\]|\[E[O0][ST]\]|(?:<{_BAR}im_start{_BAR}>|{_HEADER})\s{{0,2}}(?:user|system|tool|ipython)"
    r"|<start_of_turn>\s{0,2}user|<\|turn>\s{0,2}user|\n\s{0,4}(?:\*\*)?(?:user|human|callee)(?:\*\*)?:",
    Mark.CALL_TOKEN: rf"<{_BAR}(?:python_tag|tool(?![^<>|｜\n]{{0,40}}end)[^<>|｜\n]{{0,40}}"
    rf"|action_start|start_action|plugin|function_call){_BAR}>|\[TOOL_CALLS?\]|\[TOOL_REQUEST\]"
    r"|<start_function_call>|<\|tool_call>",
    Mark.NOTHING: rf"</{_CALL}\s{{0,4}}>|</(?:{_OURS})\s{{0,4}}>|</{_RESULT}>"
    rf"|</?(?:\w{{1,12}}:)?(?:parameter|arguments|arg_key|arg_value)[^<>]{{0,80}}>"
    r"|</?(?:answer|response|final|final_answer|reply|output|speech|assistant|s|bos|pad|unk|sep|sop|eop|mask|cls)>"
    r"|<(?:unused(?!9[45]>)|reserved_|extra_id_)\d{1,4}>|<0x[0-9a-f]{2}>|\[(?:gMASK|BOS|PAD|CLS|SEP|MASK|UNK)\]"
    r"|\[/TOOL_CALLS?\]|\[END_TOOL_REQUEST\]"
    rf"|<{_THOUGHT}\s{{0,4}}/>"
    rf"|<{_BAR}im_start{_BAR}>\s{{0,2}}assistant\s{{0,2}}|<(?:start_of_turn|\|turn)>\s{{0,2}}model\s{{0,2}}"
    rf"|{_HEADER}[^<]{{0,40}}<{_BAR}(?:end_header_id|header_end|end_of_role){_BAR}>"
    rf"|<{_BAR}(?!(?:channel|start|constrain|message|im_start|start_header_id|header_start|start_of_role|end_?call){_BAR})"
    rf"[^<>|｜\n]{{1,60}}{_BAR}>"
    r"|\[/?(?:AVAILABLE_TOOLS|TOOL_RESULTS?|TOOL_CONTENT|ARGS|CALL_ID)\]"
    rf"|{_LABEL}(?=\[?\s{{0,4}}\{{\s{{0,8}}[\"']|```)|{_SPEAKER}",
    Mark.FENCE: r"```[ \t]{0,4}\w{0,20}[ \t]{0,4}(?=[^\w \t])",
    Mark.OBJECT: r"(?:\[\s{0,4})?\{\s{0,8}[\"'“]",
    Mark.NAME: r"(?<!\w)Action:\s{0,2}(?P<react>end_call|press_digits|note)\s{1,4}Action Input:\s{0,2}(?=\{)"
    rf"|(?<!\w){_STRIPPED_TO}(?P<to>\w{{1,40}})\s{{0,2}}(?:code|json)?\s{{0,2}}(?=\{{)"
    rf"|(?<!\w){_BEFORE_NAME}(?:(?P<elsewhere>{_NAMESPACE}\.(?:(?:{_OURS})(?=\W)|\w{{1,40}}(?=(?::\d{{1,4}})?\s{{0,2}}[({{])))"
    rf"|(?P<ours>{_OURS})(?=\W)|(?P<note>note)(?=\(\s{{0,4}}(?:\{{|\"|'|name\s?=)))"
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
    rf"[<{{◁]|```|\[[\s{{/\[a-z]|\n\s{{0,4}}[*uhc]|(?<!\w){_BEFORE_NAME}(?:{_NAMESPACE}\.|{_OURS}|note\()"
    rf"|{_LABEL}[\[{{`]|(?<!\w){_STRIPPED_TO}\w|(?<!\w)Action:\s{{0,2}}(?:{_OURS}|note)\s"
    rf"|(?-i:(?<!\w)(?:assistant)?analysis[A-Z])|assistant(?:final|commentary)"
    rf"|here(?: is|'s) my (?:thought|response)|{_SPEAKER}",
    regex.IGNORECASE,
)
"""A place where a mark may begin."""
END_OF_THOUGHT: Final = regex.compile(_PATTERNS[Mark.END_OF_THOUGHT], regex.IGNORECASE)
END_OF_CALL: Final = regex.compile(rf"</{_CALL}\s{{0,4}}>|/>", regex.IGNORECASE)
END_OF_RESULT: Final = regex.compile(rf"</{_RESULT}\s{{0,4}}>", regex.IGNORECASE)
END_OF_TOKEN: Final = regex.compile(
    rf"<{_BAR}(?:[^<>|｜\n]{{0,40}}(?:end|suffix)[^<>|｜\n]{{0,12}}|/\w{{1,20}}|eom_id|eot_id|call|return){_BAR}>"
    r"|\[/TOOL_CALLS?\]|\[END_TOOL_REQUEST\]|<end_function_call>|<tool_call\|>|</s>",
    regex.IGNORECASE,
)
THOUGHT_FENCE: Final = regex.compile(rf"```[ \t]{{0,4}}{_THOUGHT}\b", regex.IGNORECASE)
END_OF_FENCE: Final = regex.compile("```")
END_OF_CHANNEL: Final = regex.compile(rf"<{_BAR}(?:end|return|call|start|channel){_BAR}>", regex.IGNORECASE)

_ANOTHER: Final = (
    r"the (?:user|callee|caller|human|assistant|(?:person|customer)(?: just)? (?:said|says|wants|asked|is))"
)
_TO_REPLY: Final = r"(?:respond|reply|greet|answer|acknowledge)"
OPENING: Final = regex.compile(
    r"\s*(?:ok(?:ay)?|al(?:l )?right|h+m+|so|well|first|now|let me|let's"
    r"|we (?:need|should|have|must)|i (?:need|should|must)"
    r"|the (?:user|callee|caller|human|person|customer))\b",
    regex.IGNORECASE,
)
"""How a reply may begin that is a thought, and other ones too."""
THINKING: Final = regex.compile(
    rf"\b(?:{_ANOTHER}|(?:i|we) (?:need to|should|must|have to) {_TO_REPLY})(?=[\s',.])",
    regex.IGNORECASE,
)
"""What nobody says to the other side: it tells of them, or of what to say to them."""
END_OF_SENTENCE: Final = regex.compile(r"[.!?](?=\s)")


def kind_of(match: regex.Match[str]) -> Mark:
    return next(mark for mark in _ORDER if match.group(mark) is not None)
