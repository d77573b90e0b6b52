"""What "OpenAI-compatible" means in the wild: each stream replayed as an answer, and what the callee hears of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from chat_endpoint import Answer, Endpoint, Fails, Raw, an_endpoint, raw, text
from chat_streams import DONE, delta, event, finished, saying, stored
from flow_builders import a_brief
from outdial.conversation.ports import Capture, HangUp, Move, Press, Say
from outdial.domain.attempt import Speaker, Turn
from outdial.domain.errors import Unreachable
from outdial.language.chat import ChatDialogue, ChatLanguage, ChatSettings
from outdial.language.chat_apology import apology
from outdial.language.chat_json import JsonReply
from outdial.language.chat_prompt import REPLY_SCHEMA, ToolMode
from outdial.language.chat_stream import MAX_LINE_BYTES

TUESDAY = "Does Tuesday work for you?"
GOODBYE = "Great, it is confirmed. Goodbye!"
NOTE_DAY = {"name": "note", "arguments": '{"name": "day", "value": "Tuesday"}'}
DAY = Capture("day", "Tuesday")
NOTE_PEOPLE = {"name": "note", "arguments": '{"name": "people", "value": "2"}'}
PEOPLE = Capture("people", "2")
HALVES = NOTE_DAY["arguments"][:12], NOTE_DAY["arguments"][12:]


@dataclass
class Replied:
    """What came of asking once. ``failed`` is the reason it ended with, if it did."""

    moves: list[Move] = field(default_factory=list)
    failed: str = ""
    requests: int = 0

    @property
    def words(self) -> str:
        return " ".join("".join(move.text for move in self.moves if isinstance(move, Say)).split())

    @property
    def actions(self) -> list[Move]:
        return [move for move in self.moves if not isinstance(move, Say)]


@asynccontextmanager
async def a_chat(
    *answers: Answer, mode: ToolMode = ToolMode.NATIVE, total_s: float = 20.0
) -> AsyncIterator[tuple[ChatDialogue, Endpoint]]:
    async with an_endpoint(*answers) as endpoint:
        language = ChatLanguage(ChatSettings(endpoint.base_url, "", "tiny", mode, total_s=total_s))
        try:
            yield language.open(a_brief(greeting="Hello.")), endpoint
        finally:
            await language.close()


async def ask(dialogue: ChatDialogue, transcript: Sequence[Turn] = ()) -> Replied:
    replied = Replied()
    try:
        async for move in dialogue.reply("Hello?", transcript):
            replied.moves.append(move)
    except Unreachable as error:
        replied.failed = str(error)
    return replied


async def answered(*answers: Answer | str | bytes, mode: ToolMode = ToolMode.NATIVE, total_s: float = 20.0) -> Replied:
    bodies = [raw(answer) if isinstance(answer, str | bytes) else answer for answer in answers]
    async with a_chat(*bodies, mode=mode, total_s=total_s) as (dialogue, endpoint):
        replied = await ask(dialogue)
        replied.requests = len(endpoint.requests)
        return replied


def whole_choice(**members: object) -> str:
    return event({"choices": [{"index": 0, **members}]})


WORDS = delta(role="assistant", content="") + delta(content="Does Tuesday ") + delta(content="work for you?")
END = finished() + DONE
ODD = {
    "choices null": WORDS + event({"choices": None, "usage": {}}) + END,
    "choices empty": event({"choices": []}) + WORDS + event({"choices": [], "usage": {"total_tokens": 3}}) + END,
    "choices missing": event({"usage": {}}) + WORDS + END,
    "choices of null": event({"choices": [None]}) + WORDS + END,
    "choices a number": event({"choices": 5}) + WORDS + END,
    "choices a dictionary": event({"choices": {"delta": {"content": TUESDAY}}}) + END,
    "delta null": WORDS + whole_choice(delta=None, finish_reason="stop") + DONE,
    "delta missing": WORDS + whole_choice(finish_reason="stop") + DONE,
    "delta a text": whole_choice(delta=TUESDAY) + END,
    "content null": delta(role="assistant", content=None) + WORDS + END,
    "content a number": delta(content=7) + WORDS + END,
    "content of parts": delta(content=[{"type": "text", "text": "Does Tuesday "}])
    + delta(content=[{"type": "output_text", "text": "work for "}, "you?"])
    + END,
    "content of parts in parts": delta(content={"parts": [{"text": TUESDAY}]}) + END,
    "parts of other types": delta(content=[{"type": "text_delta", "text": "Does Tuesday "}])
    + delta(content=[{"text": "The margin.", "thought": True}, {"type": "TEXT", "text": "work for you?"}])
    + END,
    "numbers as texts": event({"choices": [{"index": "0", "delta": {"content": TUESDAY}}]}) + END,
    "a state that is fine": WORDS + event({"choices": [], "code": 0, "status": "ok", "message": "success"}) + END,
    "an error of nothing": event({"error": {"message": "", "code": None}, "choices": []}) + WORDS + END,
    "content a part": delta(content={"type": "text", "text": TUESDAY}) + END,
    "null": "data: null\n\n" + WORDS + "data: null\n\n" + END,
    "numbers and texts": 'data: 5\n\ndata: "x"\n\ndata: []\n\ndata: true\n\n' + WORDS + END,
    "a list of chunks": "data: [" + WORDS.replace("data: ", "").strip().replace("\n\n", ",") + "]\n\n" + END,
    "comments": ": ping\n\n" + WORDS + ": OPENROUTER PROCESSING\n\n:\n\n" + END,
    "other fields": "event: message\nid: 7\nretry: 100\n" + WORDS + END,
    "no data": "event: ping\n\ndata:\n\ndata\n\n" + WORDS + END,
    "CRLF": (WORDS + END).replace("\n", "\r\n"),
    "CR": (WORDS + END).replace("\n", "\r"),
    "no blank lines": (WORDS + END).replace("\n\n", "\n"),
    "no blank after the colon": (WORDS + END).replace("data: ", "data:"),
    "twice data": (WORDS + END).replace("data: ", "data: data: "),
    "a byte order mark": "\ufeff" + WORDS + END,
    "no done": WORDS + finished(),
    "no end at all": WORDS,
    "no last line end": (WORDS + finished()).rstrip("\n"),
    "done twice": WORDS + END + DONE + delta(content=" And more."),
    "done alone": WORDS + finished() + "[DONE]\n",
    "lines of JSON": (WORDS + END).replace("data: ", ""),
    "indented": 'data: {\ndata:  "choices": [\ndata: {"delta": {"content": "Does Tuesday work for you?"}}\n'
    "data: ]\ndata: }\n\n" + END,
    "no JSON among it": WORDS + "data: {oops\n\n" + END,
    "another choice": event({"choices": [{"index": 1, "delta": {"content": "No."}}]}) + WORDS + END,
    "the whole message again": WORDS + whole_choice(message={"content": TUESDAY}, finish_reason="stop") + DONE,
    "the whole text again": WORDS + delta(content=TUESDAY) + END,
    "the whole text again at the end": WORDS + whole_choice(delta={"content": TUESDAY}, finish_reason="stop") + DONE,
    "all so far each time": "".join(delta(content=TUESDAY[:end]) for end in (5, 9, 20, None)) + END,
    "messages of parts": whole_choice(message={"content": "Does Tuesday "})
    + whole_choice(message={"content": "work for you?"})
    + END,
    "messages of all so far": whole_choice(message={"content": "Does Tuesday "})
    + whole_choice(message={"content": TUESDAY}) * 2
    + END,
    "a message for a delta": whole_choice(message={"role": "assistant", "content": TUESDAY}) + END,
    "the old completions": event({"choices": [{"text": TUESDAY}]}) + END,
    "error null": event({"error": None, "choices": [{"delta": {"content": TUESDAY}}]}) + END,
    "cut off by its limit": WORDS + finished("length") + DONE,
    "filtered after words": WORDS + finished("content_filter") + DONE,
    "the user's message first": delta(role="user", content="Hello?") + WORDS + END,
}
THINKING = {
    "think": "<think>\nThe margin is 40 %.\n</think>\n\n{0}",
    "thinking": "<thinking>Hm, the margin.</thinking>{0}",
    "reasoning": "<reasoning>Hm, the margin.</reasoning> {0}",
    "thought": "<thought>Hm, the margin.</thought> {0}",
    "in capitals": "<THINK>Hm, the margin.</Think> {0}",
    "with attributes": '<think effort="low">Hm, the margin.</think > {0}',
    "another closing tag": "<think>Hm, the margin.</thinking>{0}",
    "a namespace": "<seed:think>Hm, the margin.</seed:think>{0}",
    "nothing thought": "<think>\n\n</think>\n\n{0}",
    "self-closed": "<think/>{0}",
    "brackets": "[THINK]Hm, the margin.[/THINK]{0}",
    "signs": "◁think▷Hm, the margin.◁/think▷{0}",
    "tokens": "<|START_THINKING|>Hm, the margin.<|END_THINKING|>{0}",
    "channels": "<|channel|>analysis<|message|>Hm, the margin.<|end|><|start|>assistant<|channel|>final<|message|>{0}",
    "twice": "<think>Hm.</think>Does Tuesday <think>the margin</think>work for you?",
    "a tag within": "<think>a < b and <b>the margin</b> </ think></think>{0}",
    "after the words": "{0}<think>and now the margin",
    "an end of the turn": "{0}<|im_end|>\n<|im_start|>user\nThe margin?",
    "tokens with signs for blanks": "<｜begin▁of▁thinking｜>Hm, the margin.<｜end▁of▁thinking｜>{0}",
    "a chain": "<chain_of_thought>Hm, the margin.</chain_of_thought>{0}",
    "a monologue": "<inner_monologue>Hm, the margin.</inner_monologue><antThinking>Hm.</antThinking>{0}",
    "brackets of reasoning": "[REASONING]Hm, the margin.[/REASONING]{0}",
    "details": '<details type="reasoning" done="true"><summary>Thought</summary>The margin.</details>{0}',
    "fence": "```thinking\nHm, the margin.\n```\n{0}",
    "half tokens": "<|channel>thought\nHm, the margin.<channel|>{0}",
    "unused tokens": "<unused94>thought\nHm, the margin.<unused95>{0}",
    "channels, stripped": "analysisHm, the margin.assistantcommentaryassistantfinal{0}",
    "headings": "Here is my thought process:\nHm, the margin.\nHere is my response:\n{0}",
    "a user's token": "{0}<|end|><|user|>\nThe margin?",
    "a user's token, wide": "{0}<｜User｜>The margin?",
    "a user's header": "<|header_start|>assistant<|header_end|>{0}<|eot|><|header_start|>user<|header_end|>Well?",
    "a user's role": "<|start_of_role|>assistant<|end_of_role|>{0}\n<|start_of_role|>user<|end_of_role|>The margin?",
    "a user's half token": "<|turn>model\n{0}<turn|>\n<|turn>user\nThe margin?",
    "a user's line": "Assistant: {0}\nUser: The margin?",
    "names of roles": "**Agent:** {0}\n\nHuman: The margin?",
    "a role, stripped": "assistant\n\n{0}",
    "tokens of training": "[gMASK]<sop>{0}<0x0A><unused7><sep>[EOS]",
    "half a tag": "{0}<|im_e",
    "half an element": "{0}</thin",
    "an answer element": "<think>the margin</think><answer>{0}</answer></s>",
}
BESIDE = {
    "reasoning_content": delta(reasoning_content="The margin."),
    "reasoning": delta(reasoning="The margin.", content=""),
    "reasoning_details": delta(content=None, reasoning_details=[{"type": "reasoning.text", "text": "The margin."}]),
    "thinking parts": delta(content=[{"type": "thinking", "thinking": [{"type": "text", "text": "The margin."}]}]),
    "reasoning parts": delta(content=[{"type": "reasoning", "text": "The margin."}]),
    "marked beside": delta(content="The margin.", extra_content={"google": {"thought": True}}),
}
AS_TEXT = {
    "hermes": '<tool_call>\n{"name": "end_call", "arguments": {}}\n</tool_call>',
    "never closed": '<tool_call>\n{"name": "end_call", "arguments": {}}',
    "opened again": '<tool_call>{"name": "end_call", "arguments": {}}<tool_call>',
    "single quotes": "<tool_call>{'name': 'end_call', 'arguments': {}}</tool_call>",
    "coder": "<tool_call>\n<function=end_call>\n</function>\n</tool_call>",
    "llama": "<function=end_call>{}</function>",
    "llama, without a bracket": "<function=end_call{}</function>",
    "llama, parentheses": "<function(end_call)>{}</function>",
    "functioncall": '<functioncall> {"name": "end_call", "arguments": "{}"} </functioncall>',
    "invoke": '<function_calls>\n<invoke name="end_call">\n</invoke>\n</function_calls>',
    "glm": "<tool_call>end_call\n</tool_call>",
    "python tag": '<|python_tag|>{"name": "end_call", "parameters": {}}<|eom_id|>',
    "python tag, call": "<|python_tag|>end_call.call()",
    "mistral": '[TOOL_CALLS][{"name": "end_call", "arguments": {}}]',
    "mistral, new": "[TOOL_CALLS]end_call[ARGS]{}",
    "kimi": "<|tool_calls_section_begin|><|tool_call_begin|>functions.end_call:0<|tool_call_argument_begin|>{}"
    "<|tool_call_end|><|tool_calls_section_end|>",
    "deepseek": "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>end_call\n```json\n{}\n```"
    "<｜tool▁call▁end｜><｜tool▁calls▁end｜><｜end▁of▁sentence｜>",
    "harmony": "<|channel|>commentary to=functions.end_call <|constrain|>json<|message|>{}<|call|>",
    "fence": '```json\n{"name": "end_call", "arguments": {}}\n```',
    "fence without a name": '```\n{"name": "end_call", "arguments": {}}\n```\n',
    "fence of tool_call": '```tool_call\n{"name": "end_call", "parameters": {}}\n```',
    "gemini": "```tool_code\nprint(default_api.end_call())\n```",
    "bare": '{"name": "end_call", "arguments": {}}',
    "bare, as the protocol has it": '{"type": "function", "function": {"name": "end_call", "arguments": "{}"}}',
    "bare list": '[{"name": "end_call", "arguments": {}}]',
    "functions.": "functions.end_call({})",
    "python": "end_call()",
    "python, with arguments": 'end_call(reason="done")',
    "python list": "[end_call()]",
    "a word": "[end_call]",
    "a word in stars": "*END_CALL*",
    "inline code": "`end_call()`",
    "an element of its own": "<end_call/>",
    "an element, closed": "<end_call></end_call>",
    "a token of its own": "<|end_call|>",
    "twice in brackets": "[[end_call]]",
    "braces": "{{end_call}}",
    "a word with blanks": "[END CALL]",
    "a command": "/end_call",
    "in camel case": "endCall()",
    "announced": "[calls end_call]",
    "labelled": "Tool: end_call",
    "action": "<action>end_call</action>",
    "a key": '{"end_call": true}',
    "react": 'Action: end_call\nAction Input: {"reason": "done"}',
    "channel, stripped": 'assistantcommentary to=functions.end_call json{"reason": "done"}',
    "functools": 'functools[{"name": "end_call", "arguments": {}}]',
    "action and fence": 'Action: ```json\n[{"tool_name": "end_call", "parameters": {}}]\n```',
    "tool request": '[TOOL_REQUEST]\n{"name": "end_call", "arguments": {}}\n[END_TOOL_REQUEST]',
    "never closed, in attributes": """<tool_call name="end_call" arguments='{"reason": "done"}' />""",
    "half call": '<tool_call>{"name": "end_call", "arguments": {"reason": "the per',
}
NOTES = {
    "hermes": '<tool_call>{"name": "note", "arguments": {"name": "day", "value": "Tuesday"}}</tool_call>',
    "coder": "<function=note>\n<parameter=name>\nday\n</parameter>\n"
    "<parameter=value>\nTuesday\n</parameter>\n</function>",
    "invoke": '<invoke name="note"><parameter name="name">day</parameter><parameter name="value">Tuesday</parameter>'
    "</invoke>",
    "glm": "<tool_call>note\n<arg_key>name</arg_key>\n<arg_value>day</arg_value>\n<arg_key>value</arg_key>\n"
    "<arg_value>Tuesday</arg_value>\n</tool_call>",
    "mistral": '[TOOL_CALLS]note{"name": "day", "value": "Tuesday"}',
    "functions.": 'functions.note({"name": "day", "value": "Tuesday"})',
    "python": 'note(name="day", value="Tuesday")',
    "python list": '[note(name="day", value="Tuesday")]',
    "in order": 'note("day", "Tuesday")',
    "coder, parameters not closed": "<function=note>\n<parameter=name>day\n<parameter=value>Tuesday\n</function>",
    "tokens for elements": "<｜DSML｜function_calls>"
    '<｜DSML｜invoke name="note"><｜DSML｜parameter name="name" string="true">day</｜DSML｜parameter>'
    '<｜DSML｜parameter name="value" string="true">Tuesday</｜DSML｜parameter></｜DSML｜invoke>'
    "</｜DSML｜function_calls>",
    "a prefix": "<longcat_tool_call>note\n"
    "<longcat_arg_key>name</longcat_arg_key><longcat_arg_value>day</longcat_arg_value>"
    "<longcat_arg_key>value</longcat_arg_key><longcat_arg_value>Tuesday</longcat_arg_value></longcat_tool_call>",
    "tokens for quotes": "<start_function_call>call:note{name:<escape>day<escape>,value:<escape>Tuesday<escape>}"
    "<end_function_call>",
    "half tokens": '<|tool_call>call:note{name:<|"|>day<|"|>,value:<|"|>Tuesday<|"|>}<tool_call|>',
    "an element of its own": "<note>\n<name>day</name>\n<value>Tuesday</value>\n</note>",
    "an element with JSON": '<note>{"name": "day", "value": "Tuesday"}</note>',
    "printed": 'print(note(name="day", value="Tuesday"))',
    "awaited": 'await note(name="day", value="Tuesday")',
    "announced": 'call note(name="day", value="Tuesday")',
    "react": 'Action: note\nAction Input: {"name": "day", "value": "Tuesday"}',
    "brace lost": '<tool_call>{"name": "note", "arguments": {"name": "day", "value": "Tuesday"}</tool_call>',
    "arguments in a text": '{"name": "note", "arguments": "{\\"name\\": \\"day\\", \\"value\\": \\"Tuesday\\"}"}',
    "fence": '```json\n{"tool": "note", "tool_input": {"name": "day", "value": "Tuesday"}}\n```',
}
FOREIGN = [
    '<tool_call>{"name": "book_table", "arguments": {"people": 2}}</tool_call>',
    "<function=book_table>{}</function>",
    "functions.book_table({})",
    '```json\n{"name": "book_table", "arguments": {}}\n```',
    "<tool_response>booked</tool_response>",
]
SAID = [
    "Is it < 5 or > 3?",
    "Write to <john_doe@example.com>, please.",
    "I love it <3 and so do you.",
    "a <b and c> d",
    "Please note (this matters) that [so] I think {well} it is fine.",
    "The tools are in the shed. Any function works.",
    "Half price: 5<10, 'quoted' and `coded`.",
    "The api.openai page and if a<thinking then b.",
    "Call (me) now. Action: we go. Tool (that) or print it.",
    "analysis shows it, assistant managers agree. Here is my plan: AI: no user: yes.",
]


class TestAnOddStream:
    @pytest.mark.parametrize("body", ODD.values(), ids=ODD.keys())
    async def test_loses_no_word(self, body: str) -> None:
        replied = await answered(body)

        assert (replied.words, replied.failed, replied.requests) == (TUESDAY, "", 1)

    @pytest.mark.parametrize("name", ["nullchoices.sse", "nulldelta.sse", "nullchunk.sse", "think.sse"])
    async def test_that_was_recorded_loses_no_word(self, name: str) -> None:
        replied = await answered(stored(name))

        assert (replied.words, replied.actions, replied.failed) == (TUESDAY, [], "")

    async def test_that_never_ends_is_left_when_the_reply_is_over(self) -> None:
        replied = await answered(raw(WORDS + finished(), hangs=True))

        assert (replied.words, replied.failed) == (TUESDAY, "")

    async def test_may_come_in_pieces_that_cut_letters(self) -> None:
        body = b"".join(
            f'data: {{"choices":[{{"delta":{{"content":"{word} "}}}}]}}\n\n'.encode()
            for word in ["Ça", "va", "😀", "नमस्ते"]
        )

        replied = await answered(Raw([body[at : at + 1] for at in range(len(body))]))

        assert replied.words == "Ça va 😀 नमस्ते"

    async def test_may_cut_letters_in_two_escapes(self) -> None:
        body = delta(content="Fine \ud83d") + delta(content="\ude00 \ude00\0ok") + END

        assert (await answered(body)).words == "Fine 😀 ok"

    @pytest.mark.parametrize("pieces", [("Bye", "-bye"), ("no ", "no ", "no"), ("No", " No, it is."), ("1", "1", "12")])
    async def test_that_repeats_a_word_says_it_again(self, pieces: tuple[str, ...]) -> None:
        assert (await answered("".join(delta(content=piece) for piece in pieces) + END)).words == "".join(pieces)

    @pytest.mark.parametrize("size", [1, 5, 1000])
    @pytest.mark.parametrize("said", SAID)
    async def test_with_signs_that_mark_nothing_is_said_as_it_is(self, said: str, size: int) -> None:
        assert (await answered(saying(said, size))).words == said


class TestAThought:
    @pytest.mark.parametrize("size", [1, 3, 1000])
    @pytest.mark.parametrize("form", THINKING.values(), ids=THINKING.keys())
    async def test_is_never_said(self, form: str, size: int) -> None:
        replied = await answered(saying(form.replace("{0}", TUESDAY), size))

        assert (replied.words, replied.failed) == (TUESDAY, "")

    @pytest.mark.parametrize("beside", BESIDE.values(), ids=BESIDE.keys())
    async def test_beside_the_words_is_not_said_either(self, beside: str) -> None:
        assert (await answered(beside * 3 + WORDS + END)).words == TUESDAY

    async def test_that_never_ends_is_no_answer(self) -> None:
        replied = await answered(*[saying("<think>Let me see. The margin is")] * 2)

        assert replied.words == apology("en-US")
        assert "it only thought" in replied.failed
        assert replied.requests == 2

    @pytest.mark.parametrize("size", [1, 5, 1000])
    @pytest.mark.parametrize(
        "thought",
        [
            "Okay, the user said hello. I must not tell the margin. ",
            "The user said hello. I must not tell the margin.\n",
            "Alright, so the callee just greeted me.\n\nThe margin is 40 %. ",
            "We need to respond in one sentence. ",
            "Hmm, the person wants to know the margin. ",
        ],
    )
    async def test_that_tells_of_the_callee_needs_no_mark_at_its_beginning(self, thought: str, size: int) -> None:
        assert (await answered(saying(f"{thought}</think>\n\n{TUESDAY}", size))).words == TUESDAY

    @pytest.mark.parametrize(
        "said", ["Okay, the user manual comes by post. Fine?", "Let me see. The user is you.", "Okay"]
    )
    async def test_that_no_mark_ends_was_none(self, said: str) -> None:
        assert (await answered(saying(said))).words == said

    async def test_whose_beginning_is_not_marked_is_known_from_then_on(self) -> None:
        body = saying(f"Let me see, the margin.</think>{TUESDAY}", 5)
        async with a_chat(raw(body), raw(body), text("Fine.")) as (dialogue, _):
            await ask(dialogue)
            second, third = await ask(dialogue), await ask(dialogue)

        assert second.words == TUESDAY
        assert third.words == "Fine."

    @pytest.mark.parametrize("mode", [ToolMode.NONE, ToolMode.JSON_SCHEMA])
    async def test_is_not_said_in_any_mode(self, mode: ToolMode) -> None:
        said = TUESDAY if mode is ToolMode.NONE else json.dumps({"say": TUESDAY, "action": "none", "notes": []})

        assert (await answered(saying(f"<think>{{}} the margin</think>{said}"), mode=mode)).words == TUESDAY


class TestAToolCallAsText:
    @pytest.mark.parametrize("size", [1, 7, 1000])
    @pytest.mark.parametrize("call", AS_TEXT.values(), ids=AS_TEXT.keys())
    async def test_is_done_and_not_said(self, call: str, size: int) -> None:
        replied = await answered(saying(f"{GOODBYE} {call}", size))

        assert (replied.words, replied.actions, replied.failed) == (GOODBYE, [HangUp()], "")

    async def test_that_was_recorded_is_done(self) -> None:
        replied = await answered(stored("toolastext.sse"))

        assert replied.words.endswith("Goodbye!")
        assert "<" not in replied.words
        assert replied.actions == [HangUp()]

    @pytest.mark.parametrize("size", [1, 7, 1000])
    @pytest.mark.parametrize("call", NOTES.values(), ids=NOTES.keys())
    async def test_has_its_arguments(self, call: str, size: int) -> None:
        replied = await answered(saying(f"Fine. {call}", size))

        assert (replied.words, replied.actions) == ("Fine.", [DAY])

    @pytest.mark.parametrize("call", FOREIGN)
    async def test_of_another_tool_is_neither_done_nor_said(self, call: str) -> None:
        replied = await answered(saying(f"Fine. {call}"))

        assert (replied.words, replied.actions, replied.failed) == ("Fine.", [], "")

    async def test_may_stand_before_the_words_and_between_them(self) -> None:
        body = f'{NOTES["hermes"]}Noted. note("people", 2). And press_digits("1#")? {TUESDAY}'

        replied = await answered(saying(body))

        assert replied.words == f"Noted. And {TUESDAY}"
        assert replied.actions == [DAY, Capture("people", "2"), Press("1#")]

    async def test_is_not_done_where_tools_are_off(self) -> None:
        replied = await answered(saying(f"{GOODBYE} {AS_TEXT['hermes']}"), mode=ToolMode.NONE)

        assert (replied.words, replied.actions) == (GOODBYE, [])

    @pytest.mark.parametrize("call", ["hermes", "llama", "fence", "bare"])
    async def test_is_done_in_json_mode_too(self, call: str) -> None:
        replied = await answered(saying(f"{GOODBYE} {AS_TEXT[call]}"), mode=ToolMode.JSON_SCHEMA)

        assert (replied.words, replied.actions) == (GOODBYE, [HangUp()])


def tools(*pieces: Mapping[str, object]) -> str:
    return "".join(delta(tool_calls=[piece]) for piece in pieces)


class TestToolCalls:
    async def test_under_one_number_are_several(self) -> None:
        replied = await answered(stored("index0.sse"))

        assert (replied.words, replied.actions) == ("Noted.", [DAY, PEOPLE])

    @pytest.mark.parametrize(
        "calls",
        [
            tools({"index": 0, "function": NOTE_DAY}, {"index": 0, "function": NOTE_PEOPLE}),
            tools({"id": "a", "function": NOTE_DAY}, {"id": "b", "function": NOTE_PEOPLE}),
            tools({"function": NOTE_DAY}, {"function": NOTE_PEOPLE}),
            delta(tool_calls=[{"index": 0, "function": NOTE_DAY}, {"index": 0, "function": NOTE_PEOPLE}]),
            tools({"index": None, "id": None, "function": NOTE_DAY}, {"index": "1", "function": NOTE_PEOPLE}),
            tools({"index": 0, **NOTE_DAY}, {"index": 1, **NOTE_PEOPLE}),
        ],
    )
    async def test_without_ids_or_numbers_are_several(self, calls: str) -> None:
        assert (await answered(delta(content="Ok.") + calls + END)).actions == [DAY, PEOPLE]

    @pytest.mark.parametrize(
        "calls",
        [
            tools({"index": 0, "id": "a", "function": NOTE_DAY}, {"index": 0, "id": "a", "function": NOTE_DAY}),
            tools({"index": 0, "function": {"name": "note", "arguments": {"name": "day", "value": "Tuesday"}}}),
            tools({"index": 0, "function": {"name": "note", "arguments": json.dumps(NOTE_DAY["arguments"])}}),
            tools(
                *(
                    {"index": 0, "id": "a", "function": {"name": "note", "arguments": letter}}
                    for letter in NOTE_DAY["arguments"]
                )
            ),
            tools({"index": 0, "function": {"name": "functions.note", "arguments": NOTE_DAY["arguments"]}}),
            tools({"index": 0, "function": {"name": "note", "arguments": "{'name': 'day', 'value': 'Tuesday'}"}}),
            tools(
                {"index": 0, "id": "a", "function": {"name": "note", "arguments": ""}},
                *(
                    {"index": 0, "id": f"b{at}", "function": {"name": None, "arguments": letter}}
                    for at, letter in enumerate(NOTE_DAY["arguments"])
                ),
            ),
            tools(*({"function": {"name": "note", "arguments": part}} for part in HALVES)),
            tools(*({"index": 0.0, "id": "a", "function": {"name": "note", "arguments": part}} for part in HALVES)),
            tools({"index": 0, "id": "a", "function": NOTE_DAY}, {"index": 0, "function": {**NOTE_DAY, "name": None}}),
            tools(
                *(
                    {"index": 0, "function": {"name": "note", "arguments": NOTE_DAY["arguments"][:end]}}
                    for end in (1, 9, 20, None)
                )
            ),
            tools({"index": 0, "function": {"name": "note", "arguments": {}}}, {"index": 0, "function": NOTE_DAY}),
            tools({"index": 0, "function": {"name": "note", "arguments": "{}" + NOTE_DAY["arguments"]}}),
            tools({"index": 0, "function": {"name": "note", "arguments": NOTE_DAY["arguments"] * 2}}),
            tools({"index": 0, "function": NOTE_DAY}) + delta(content=f" {NOTES['hermes']}"),
            delta(tool_calls={"index": 0, "function": NOTE_DAY}),
            delta(function_call=NOTE_DAY),
        ],
        ids=[
            "twice",
            "object",
            "JSON in JSON",
            "name repeated",
            "namespace",
            "quotes",
            "new ids",
            "name repeated, no number",
            "number with a point",
            "arguments twice",
            "all so far each time",
            "empty at first",
            "empty in front",
            "doubled",
            "as text too",
            "no list",
            "old",
        ],
    )
    async def test_are_one_however_it_is_cut(self, calls: str) -> None:
        assert (await answered(delta(content="Ok.") + calls + END)).actions == [DAY]

    async def test_with_numbers_as_texts_may_come_by_turns(self) -> None:
        calls = tools(
            {"index": "0", "function": {"name": "note", "arguments": HALVES[0]}},
            {"index": "1", "function": {"name": "end_call", "arguments": ""}},
            {"index": "0", "function": {"arguments": HALVES[1]}},
        )

        assert (await answered(delta(content="Bye.") + calls + END)).actions == [DAY, HangUp()]

    @pytest.mark.parametrize(
        "arguments",
        [
            [{"name": "day", "value": "Tuesday"}],
            {"arguments": {"name": "day", "value": "Tuesday"}},
            json.dumps(json.dumps(NOTE_DAY["arguments"])),
            NOTE_DAY["arguments"][:-1],
            f"```json\n{NOTE_DAY['arguments']}\n```",
            '{name: "day", /* when */ value: "Tuesday",}',
            {"Name": "day", "VALUE": "Tuesday"},
            {"key": "day", "value": "Tuesday"},
            {"day": "Tuesday"},
            {"name": "day", "value": ["Tuesday"]},
            {"name": "day", "value": "Tue\0sday\udc00"},
        ],
    )
    async def test_have_their_arguments_however_they_are_written(self, arguments: object) -> None:
        call = tools({"index": 0, "function": {"name": "note", "arguments": arguments}})

        assert (await answered(delta(content="Ok.") + call + END)).actions == [DAY]

    @pytest.mark.parametrize("digits", ["1 2#", "1-2-#", 12, ["1", 2, "#"]])
    async def test_press_keys_however_they_are_written(self, digits: object) -> None:
        call = tools({"index": 0, "function": {"name": "press_digits", "arguments": {"digits": digits}}})

        (pressed,) = (await answered(call + END)).actions
        assert isinstance(pressed, Press)
        assert pressed.digits.rstrip("#") == "12"

    @pytest.mark.parametrize(
        "name",
        [
            "End_Call",
            "endCall",
            "end-call",
            '"end_call"',
            "end_call()",
            "functions_end_call",
            "default_api.end_call:1",
            "end_call<|channel|>commentary",
            "end_call<|constrain|>json",
        ],
    )
    async def test_have_our_name_however_it_is_written(self, name: str) -> None:
        call = tools({"index": 0, "function": {"name": name, "arguments": "{}"}})

        assert (await answered(delta(content="Bye.") + call + END)).actions == [HangUp()]

    @pytest.mark.parametrize("arguments", [None, "", "{}", "null", "[]", "nonsense", {}, 7])
    async def test_to_hang_up_need_no_arguments(self, arguments: object) -> None:
        call = tools({"index": 0, "function": {"name": "end_call", "arguments": arguments}})

        assert (await answered(delta(content="Bye.") + call + END)).actions == [HangUp()]

    @pytest.mark.parametrize("call", [None, 5, {}, {"function": None}, {"function": {"name": None}}, {"function": []}])
    async def test_that_are_none_do_nothing(self, call: object) -> None:
        replied = await answered(delta(content="Ok.") + delta(tool_calls=[call]) + END)

        assert (replied.words, replied.actions, replied.failed) == ("Ok.", [], "")

    async def test_of_an_unknown_tool_are_answered_with_that(self) -> None:
        call = raw(tools({"index": 0, "id": "x", "function": {"name": "book_table", "arguments": "{oops"}}) + END)
        async with a_chat(call, text("Let me see.")) as (dialogue, endpoint):
            replied = await ask(dialogue)

        assert replied.words == "Let me see."
        made, told = endpoint.requests[1]["messages"][-2:]
        assert json.loads(made["tool_calls"][0]["function"]["arguments"]) == {}
        assert "no tool book_table" in told["content"]

    async def test_that_press_keys_need_no_words(self) -> None:
        call = tools({"index": 0, "function": {"name": "press_digits", "arguments": '{"digits": "1"}'}})

        replied = await answered(call + END)

        assert (replied.actions, replied.failed, replied.requests) == ([Press("1")], "", 1)


REPLY: dict[str, Any] = {
    "say": f"Can't wait. {TUESDAY}",
    "action": "end_call",
    "digits": "",
    "notes": [{"name": "day", "value": "Tuesday"}],
}
IN_JSON = {
    "fence": f"```json\n{json.dumps(REPLY)}\n```",
    "fence without a name": f"```\n{json.dumps(REPLY)}\n```",
    "introduction": f"Here is my reply:\n\n{json.dumps(REPLY)}",
    "introduction and fence": f"Sure! Here it is:\n```json\n{json.dumps(REPLY, indent=2)}\n```",
    "prose after it": f"{json.dumps(REPLY)}\n\nI said this because it is polite.",
    "fence and prose after it": f"```json\n{json.dumps(REPLY)}\n```\nThat is {{all}}.",
    "single quotes": "{'say': 'Can\\'t wait. Does Tuesday work for you?', 'action': 'end_call', 'digits': '', "
    "'notes': [{'name': 'day', 'value': 'Tuesday'}]}",
    "a trailing comma": json.dumps(REPLY)[:-1] + ",}",
    "in another object": json.dumps({"reply": REPLY}),
    "in others, as a text": json.dumps({"name": "reply", "arguments": json.dumps(REPLY)}),
    "twice in another object": json.dumps({"a": {"reply": REPLY}}),
    "names in other case": json.dumps({name.title(): member for name, member in REPLY.items()}),
    "a text of JSON": json.dumps(json.dumps(REPLY)),
    "escaped": json.dumps(REPLY).replace('"', '\\"'),
    "names without quotes": '{say: "Can\'t wait. Does Tuesday work for you?", action: "end_call", '
    'notes: [{name: "day", value: "Tuesday"}]}',
    "an apostrophe in single quotes": "{'say': 'Can't wait. Does Tuesday work for you?', 'action': 'end_call', "
    "'notes': [{'name': 'day', 'value': 'Tuesday'}]}",
    "comments": json.dumps(REPLY, indent=1).replace('"action"', '// "say": "x"\n "action"'),
    "the last brace lost": json.dumps(REPLY)[:-1],
    "braces doubled": f"{{{json.dumps(REPLY)}}}",
    "twice": f"{json.dumps(REPLY)}\n{json.dumps(REPLY)}",
    "after the schema": f"{json.dumps(REPLY_SCHEMA['json_schema']['schema'])}\n{json.dumps(REPLY)}",
    "with a thought in it": json.dumps({"thought": 'I "say": {"say": "x"}'} | REPLY),
    "notes by name": json.dumps(REPLY | {"notes": {"day": "Tuesday"}}),
    "notes as a text": json.dumps(REPLY | {"notes": json.dumps(REPLY["notes"])}),
    "one note": json.dumps(REPLY | {"notes": {"name": "day", "value": "Tuesday"}}),
    "an action in camel case": json.dumps(REPLY | {"action": "endCall"}),
    "a list of actions": json.dumps(REPLY | {"action": ["end_call"]}),
    "an action with members": json.dumps(REPLY | {"action": {"type": "end_call"}}),
    "words in a list": json.dumps(REPLY | {"say": ["Can't wait.", TUESDAY]}),
    "words in an object": json.dumps(REPLY | {"say": {"text": f"Can't wait. {TUESDAY}"}}),
    "another order": json.dumps(dict(reversed(REPLY.items()))),
    "a thought before": f'<think>I say: {{"say": "x"}}</think>{json.dumps(REPLY)}',
}


class TestAReplyInJson:
    @pytest.mark.parametrize("size", [1, 6, 1000])
    @pytest.mark.parametrize("body", IN_JSON.values(), ids=IN_JSON.keys())
    async def test_is_understood_however_it_is_wrapped(self, body: str, size: int) -> None:
        replied = await answered(saying(body, size), mode=ToolMode.JSON_SCHEMA)

        assert replied.words == f"Can't wait. {TUESDAY}"
        assert replied.actions == [DAY, HangUp()]

    async def test_that_was_recorded_is_understood(self) -> None:
        replied = await answered(stored("fence.sse"), mode=ToolMode.JSON_SCHEMA)

        assert (replied.words, replied.failed) == (TUESDAY, "")

    async def test_is_said_before_it_is_whole(self) -> None:
        body = saying(json.dumps(REPLY)[:40])

        assert (await answered(body, mode=ToolMode.JSON_SCHEMA)).words == "Can't wait. Does Tuesday work f"

    @pytest.mark.parametrize("end", [1, 5, 8, 9])
    async def test_that_is_cut_off_before_its_words_says_nothing(self, end: int) -> None:
        replied = await answered(*[saying(json.dumps(REPLY)[:end])] * 2, mode=ToolMode.JSON_SCHEMA)

        assert replied.words == apology("en-US")

    @pytest.mark.parametrize("size", [1, 6])
    def test_may_come_after_long_prose_that_was_said_already(self, size: int) -> None:
        prose = f"{'Well, you see, ' * 11}{{so}}. "
        whole = prose + json.dumps(REPLY)
        reply = JsonReply()

        said = "".join(reply.add(whole[at : at + size]) for at in range(0, len(whole), size)) + reply.finish()

        assert said == f"{prose}{REPLY['say']}"
        assert reply.moves() == [DAY, HangUp()]

    async def test_may_be_long_prose(self) -> None:
        said = "Well, you see, " * 20

        assert (await answered(saying(said), mode=ToolMode.JSON_SCHEMA)).words == said.strip()

    async def test_that_only_takes_notes_is_asked_for_words(self) -> None:
        silent = saying(json.dumps({"say": "", "action": "none", "digits": "", "notes": REPLY["notes"]}))

        replied = await answered(silent, saying(json.dumps(REPLY)), mode=ToolMode.JSON_SCHEMA)

        assert replied.words == REPLY["say"]
        assert replied.actions == [DAY, DAY, HangUp()]


NOTES_ONLY = tools({"index": 0, "id": "a", "function": NOTE_DAY}) + END
SILENT = {
    "empty": (stored("empty.sse"), "the answer was empty"),
    "filtered": (delta(content="") + finished("content_filter") + DONE, "its content filter held the answer back"),
    "filtered by another name": (finished("SAFETY") + DONE, "its content filter held the answer back"),
    "broken off": (finished("error") + DONE, "its server broke the answer off"),
    "cut off": (finished("length") + DONE, "cut off at its limit of tokens"),
    "refused": (delta(refusal="I cannot help.") + END, "it refused: I cannot help."),
    "only notes": (NOTES_ONLY, "it only took notes"),
    "only another's tool": (saying(FOREIGN[0]), "a tool that does not exist: book_table"),
    "only blanks": (saying(" \n\n ... "), "the answer was empty"),
    "only a thought": (saying("<think>Hm.</think>"), "it only thought"),
    "only thought beside": (delta(reasoning_content="Hm.") + END, "the answer was empty"),
}


class TestAnAnswerWithoutWords:
    @pytest.mark.parametrize(("body", "why"), SILENT.values(), ids=SILENT.keys())
    async def test_is_asked_for_once_more_then_excused_and_named(self, body: str | bytes, why: str) -> None:
        replied = await answered(body, body)

        assert replied.words.endswith(apology("en-US"))
        assert why in replied.failed
        assert replied.requests == 2

    @pytest.mark.parametrize(("body", "why"), SILENT.values(), ids=SILENT.keys())
    async def test_once_is_forgiven(self, body: str | bytes, why: str) -> None:
        del why

        replied = await answered(body, saying(TUESDAY))

        assert replied.words.endswith(TUESDAY)
        assert replied.failed == ""

    async def test_may_go_on_while_new_notes_come(self) -> None:
        more = tools({"index": 0, "function": {"name": "note", "arguments": '{"name": "people", "value": "2"}'}}) + END

        replied = await answered(NOTES_ONLY, more, saying(TUESDAY))

        assert (replied.words, replied.failed) == (TUESDAY, "")


class TestWhatIsNoStream:
    HINT = "does chat_base_url end in /v1?"

    @pytest.mark.parametrize(
        ("body", "content_type", "says"),
        [
            ("<!DOCTYPE html><html><body>Welcome to nginx!</body></html>", "text/html", "web page"),
            ("<html>Login</html>", "text/event-stream", "web page"),
            (json.dumps({"choices": [{"message": {"content": "Hi."}}]}), "application/json", "JSON"),
            (json.dumps({"detail": "Not Found"}, indent=2), "application/json", "Not Found"),
            (json.dumps({"error": {"message": "no such model"}}), "application/json", "no such model"),
            ('{"model":"m","message":{"content":"Hi"},"done":false}\n{"done":true}\n', "application/x-ndjson", "text"),
            ("error: model not loaded\n", "text/event-stream", "model not loaded"),
            ("Error: upstream\n\n", "text/plain", "upstream"),
            ("OK", "text/plain", "OK"),
            (
                event({"type": "response.output_text.delta", "delta": "Hi."}),
                "text/event-stream",
                "response.output_text",
            ),
            ("", "text/event-stream", "nothing at all"),
            (DONE, "text/event-stream", "nothing at all"),
            ("data: null\n\n" + DONE, "text/event-stream", "nothing at all"),
        ],
    )
    async def test_is_told_with_what_came_and_what_to_look_at(self, body: str, content_type: str, says: str) -> None:
        replied = await answered(raw(body, content_type=content_type))

        assert replied.words == ""
        assert says in replied.failed
        assert self.HINT in replied.failed

    @pytest.mark.parametrize(
        "error",
        [
            event({"error": {"message": "overloaded"}}),
            event({"error": "overloaded"}),
            event({"object": "error", "message": "overloaded", "code": 50001}),
            event({"detail": "overloaded"}),
            event({"errors": [{"message": "overloaded"}], "success": False}),
            event({"code": 1301, "msg": "overloaded"}),
            'event: error\ndata: {"message": "overloaded"}\n\n',
            "event: error\ndata: overloaded\n\n",
            event(
                {"choices": [{"delta": {}, "finish_reason": "error"}], "error": {"code": 502, "message": "overloaded"}}
            ),
        ],
    )
    async def test_but_an_error_ends_the_reply_after_the_words_before_it(self, error: str) -> None:
        replied = await answered(WORDS + error)

        assert replied.words == TUESDAY
        assert "answered with an error: overloaded" in replied.failed

    @pytest.mark.parametrize(
        "cut", ["", 'data: {"choices": [{"delta": {"content": "and th', "data: {", "data: null\n\n"]
    )
    async def test_but_breaks_off_is_said_as_far_as_it_came(self, cut: str) -> None:
        replied = await answered(raw(WORDS + cut, breaks=True))

        assert replied.words == TUESDAY
        assert replied.failed != ""

    async def test_but_a_line_without_end_is_left(self) -> None:
        replied = await answered(Raw([WORDS.encode(), b"data: " + b"x" * (MAX_LINE_BYTES + 1)], hangs=True))

        assert replied.words == TUESDAY
        assert "a line of more than" in replied.failed

    async def test_but_nests_without_end_is_nonsense(self) -> None:
        replied = await answered("data: " + "[" * 100_000 + "\n\n" + '{"a":' * 50_000 + "\n\n" + WORDS + END)

        assert (replied.words, replied.failed) == (TUESDAY, "")


class TestAServerThatWantsTurns:
    GREETED = (Turn(Speaker.AGENT, "Hello.", 0, 1), Turn(Speaker.CALLEE, "Hello?", 1, 2))

    @pytest.mark.parametrize(
        "refuses",
        [
            Fails(400, "Conversation roles must alternate user/assistant/user/assistant/..."),
            Fails(400, "System role not supported"),
            Fails(422, "Template error: raise_exception('After the optional system message, roles must alternate')"),
            Fails(500, "Jinja exception: Only user and assistant roles are supported!"),
            raw(event({"error": {"message": "Conversation roles must alternate"}})),
        ],
    )
    async def test_gets_them_from_then_on(self, refuses: Answer) -> None:
        async with a_chat(refuses, text("One."), text("Two.")) as (dialogue, endpoint):
            replied = [await ask(dialogue, self.GREETED), await ask(dialogue, self.GREETED)]

        assert [one.words for one in replied] == ["One.", "Two."]
        assert len(endpoint.requests) == 3
        for request in endpoint.requests[1:]:
            roles = [message["role"] for message in request["messages"]]
            assert roles == ["user", "assistant", "user"]
            assert request["messages"][1]["content"] == "Hello."

    async def test_that_refuses_them_too_is_named(self) -> None:
        async with a_chat(Fails(400, "roles, I say"), Fails(400, "roles, I say"), text("One.")) as (dialogue, endpoint):
            first, second = await ask(dialogue, self.GREETED), await ask(dialogue, self.GREETED)

        assert "roles, I say" in first.failed
        assert second.words == "One."
        assert endpoint.requests[2]["messages"][0]["role"] == "system"

    async def test_gets_tools_and_notes_as_words(self) -> None:
        refuses = Fails(400, "roles must alternate")
        async with a_chat(refuses, raw(NOTES_ONLY), text("Fine.")) as (dialogue, endpoint):
            replied = await ask(dialogue, self.GREETED)

        assert replied.words == "Fine."
        roles = [message["role"] for message in endpoint.requests[2]["messages"]]
        assert roles == ["user", "assistant", "user", "assistant", "user"]


class TestAModelThatRepeatsItself:
    async def test_is_told_once_and_then_ends(self) -> None:
        line = "Could you please tell me your name?"
        turns: list[Turn] = []
        async with a_chat(*[text("Well. ", line)] * 4) as (dialogue, endpoint):
            replied = []
            for at in range(4):
                replied.append(await ask(dialogue, turns))
                turns += [Turn(Speaker.AGENT, replied[-1].words, at, at), Turn(Speaker.CALLEE, "Hello?", at, at)]

        assert [one.words for one in replied] == [f"Well. {line}"] * 3 + ["Well."]
        assert [one.failed for one in replied[:3]] == [""] * 3
        assert "says the same again and again: 'could you please tell me your name'" in replied[3].failed
        told = [
            any("Do not say it again" in message["content"] for message in request["messages"])
            for request in endpoint.requests
        ]
        assert told == [False, False, False, True]

    async def test_and_heeds_what_it_is_told_goes_on(self) -> None:
        line = "Could you please tell me your name?"
        turns = [Turn(Speaker.AGENT, line, 0, 1)] * 3
        async with a_chat(
            text(line),
            text("Fine, then. ", "Goodbye."),
            text("Well."),
        ) as (dialogue, endpoint):
            await ask(dialogue)
            second, third = await ask(dialogue, turns), await ask(dialogue, turns)

        assert (second.words, second.failed, third.failed) == ("Fine, then. Goodbye.", "", "")
        assert "Do not say it again" not in str(endpoint.requests[2]["messages"])

    async def test_may_say_short_things_often(self) -> None:
        turns = [Turn(Speaker.AGENT, "Thank you. What day suits you?", 0, 1)] * 5
        async with a_chat(*[text("Thank you. And when?")] * 2) as (dialogue, endpoint):
            await ask(dialogue)
            await ask(dialogue, turns)

        assert "Do not say it again" not in str(endpoint.requests[1]["messages"])

    async def test_within_one_reply_is_stopped(self) -> None:
        replied = await answered(saying("I understand you well. " * 30))

        assert replied.words == " ".join(["I understand you well."] * 2)
        assert replied.failed == ""


class TestASlowStream:
    async def test_gives_each_word_as_it_comes(self) -> None:
        async with a_chat(Raw([WORDS.encode()], hangs=True)) as (dialogue, _):
            moves = dialogue.reply("Hello?", ())
            async with asyncio.timeout(5):
                words = [await anext(moves)]
                while "you?" not in "".join(move.text for move in words if isinstance(move, Say)):
                    words.append(await anext(moves))
            await moves.aclose()  # type: ignore[attr-defined]
