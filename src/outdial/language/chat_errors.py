"""What went wrong at a model endpoint, in one line a person can act on."""

from __future__ import annotations

import re
from typing import Final

import openai

from outdial.domain.errors import Unreachable

_STATUS = {
    400: "did not accept the request",
    401: "refused the key: check chat_api_key",
    403: "does not allow this key to use the model",
    404: "knows no such model or path: check chat_model and that chat_base_url ends as the server wants, mostly in /v1",
    413: "found the conversation too long",
    422: "did not accept the request",
    429: "is over its rate or out of credit",
}
_NO_TOOLS: Final = re.compile(r"\btools?\b|tool_choice|function call", re.IGNORECASE)
_TOOLS_HINT: Final = "; with OUTDIAL_CHAT_TOOL_MODE=json_schema it is asked without tools"
_PATH_HINT: Final = "; does chat_base_url end in /v1?"


def unreachable(error: Exception, endpoint: str, model: str) -> Unreachable:
    """The error to raise for ``error``, which came while asking ``model`` at ``endpoint``."""
    where = f"the model endpoint {endpoint} (model {model})"
    match error:
        case openai.APITimeoutError():
            return Unreachable(f"{where} did not answer in time")
        case openai.APIConnectionError():
            return Unreachable(f"{where} cannot be reached: {error.__cause__ or error}")
        case openai.APIStatusError():
            said = _STATUS.get(error.status_code, "failed" if error.status_code >= 500 else "refused the request")
            hint = _TOOLS_HINT if error.status_code in (400, 404, 422) and _NO_TOOLS.search(error.message) else ""
            return Unreachable(f"{where} {said} (status {error.status_code}): {short(error.message)}{hint}")
        case _:
            return Unreachable(f"{where} answered with an error: {short(str(error))}")


def odd(where: str, came: str) -> Unreachable:
    """``came`` is what it did instead of answering, with its own words, which may be long."""
    return Unreachable(f"{where} {short(came)}")


def no_stream(where: str, came: str) -> Unreachable:
    """Nothing that came was part of a reply."""
    return Unreachable(f"{where} {short(came or 'answered with nothing at all')}{_PATH_HINT}")


def short(text: str) -> str:
    words = " ".join("".join(letter if letter.isprintable() else " " for letter in text[:2000]).split())
    return words if len(words) <= 200 else f"{words[:199]}…"
