"""What is done by a language model, at the endpoint the settings name.

Imported only where one is named: the client's library takes a quarter of a process's start.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Final

from outdial.conversation.ports import Say
from outdial.domain.agent import Brief, TalkLimits, Voice
from outdial.knowledge.index import Index
from outdial.language.analyst import ModelAnalyst
from outdial.language.chat import ChatLanguage, ChatSettings
from outdial.language.chat_prompt import ToolMode
from outdial.settings import Settings

_LOADING_S: Final = 30.0
"""A server of one's own may have to load the model first."""
_TEST: Final = Brief(
    agent_name="doctor",
    language="en-US",
    voice=Voice(id="", name="", engine="", languages=()),
    greeting="",
    instructions="This is a test of the connection. Say hello in one short sentence.",
    flow=None,
    model="",
    idle_question="",
    farewell="",
    limits=TalkLimits(),
    variables={},
)
_UNBEGUN: Final = "; it thinks aloud without a mark where that begins: have its server take thoughts apart"
_TEST_WORDS: Final = "Hello, can you hear me?"
_ANALYSIS_S: Final = 50.0
"""Nobody waits on the line for it. Less than its worker waits, so that who did not answer is named."""


def chat_language(settings: Settings) -> ChatLanguage:
    return ChatLanguage(_endpoint(settings), Index().search)


def model_analyst(settings: Settings) -> ModelAnalyst:
    return ModelAnalyst(replace(_endpoint(settings), total_s=_ANALYSIS_S), settings.analysis_model)


async def try_model(settings: Settings, model: str) -> str:
    """What ``model`` makes of a small request, put as in a call; how long it took.

    Raises:
        Unreachable: an agent could not talk with it; the message says what came instead.
    """
    language = ChatLanguage(replace(_endpoint(settings), model=model, first_token_s=_LOADING_S))
    loop = asyncio.get_running_loop()
    began = loop.time()
    first_word_s = 0.0
    try:
        async for move in language.open(_TEST).reply(_TEST_WORDS, ()):
            if isinstance(move, Say) and not first_word_s:
                first_word_s = loop.time() - began
    finally:
        await language.close()
    note = _UNBEGUN if model in language.client.leaves_thought_open else ""
    return f"{settings.chat_base_url} (model {model}) said its first word after {first_word_s:.1f} s{note}"


def _endpoint(settings: Settings) -> ChatSettings:
    return ChatSettings(
        base_url=settings.chat_base_url,
        api_key=settings.chat_api_key.get_secret_value(),
        model=settings.chat_model,
        tool_mode=ToolMode(settings.chat_tool_mode),
    )
