"""What went wrong at a model endpoint, in one line a person can act on."""

from __future__ import annotations

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
            return Unreachable(f"{where} {said} (status {error.status_code}): {_short(error.message)}")
        case _:
            return Unreachable(f"{where} answered with an error: {_short(str(error))}")


def _short(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= 200 else f"{words[:199]}…"
