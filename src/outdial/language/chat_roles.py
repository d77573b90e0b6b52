"""The conversation in the one form every chat template takes: the user first, then strictly in turns."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from openai.types.chat import ChatCompletionMessageParam

ANSWERED: Final = "(The call is answered.)"
_DEMANDED: Final = re.compile(
    r"\broles?\b|alternat|template|jinja|(?:first|last|system|assistant|user) message|system prompt|message order"
    r"|order of messages|unexpected (?:role|message)",
    re.IGNORECASE,
)


def is_demanded(refusal: str) -> bool:
    """Whether a server's refusal says that it wants the messages in this form."""
    return _DEMANDED.search(refusal) is not None


def alternating(messages: Sequence[ChatCompletionMessageParam]) -> list[ChatCompletionMessageParam]:
    """The same conversation, with users' and assistants' messages only, by turns, a user's first.

    Instructions stand at the head of the first; a system's note further on is the user's, as is a tool's answer.
    """
    said: list[tuple[str, str]] = []
    for message in messages:
        role, text = _as_said(message)
        if not text:
            continue
        if said and said[-1][0] == role:
            said[-1] = (role, f"{said[-1][1]}\n\n{text}")
        else:
            said.append((role, text))
    if len(said) > 1 and said[0][0] == "user" and said[1][0] == "assistant":
        said[0] = ("user", f"{said[0][1]}\n\n{ANSWERED}")
    elif said and said[0][0] == "assistant":
        said.insert(0, ("user", ANSWERED))
    return [_message(role, text) for role, text in said]


def _as_said(message: ChatCompletionMessageParam) -> tuple[str, str]:
    content: Any = message.get("content")
    text = content if isinstance(content, str) else ""
    if message["role"] != "assistant":
        return "user", f"(Note: {text})" if message["role"] == "tool" else text
    calls: Any = message.get("tool_calls") or ()
    done = ", ".join(call["function"]["name"] for call in calls)
    return "assistant", text or (f"({done})" if done else "")


def _message(role: str, text: str) -> ChatCompletionMessageParam:
    if role == "assistant":
        return {"role": "assistant", "content": text}
    return {"role": "user", "content": text}
