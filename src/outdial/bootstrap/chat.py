"""What is done by a language model, at the endpoint the settings name.

Imported only where one is named: the client's library takes a quarter of a process's start.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from outdial.knowledge.index import Index
from outdial.language.analyst import ModelAnalyst
from outdial.language.chat import ChatLanguage, ChatSettings
from outdial.language.chat_prompt import ToolMode
from outdial.settings import Settings

_ANALYSIS_S: Final = 50.0
"""Nobody waits on the line for it. Less than its worker waits, so that who did not answer is named."""


def chat_language(settings: Settings) -> ChatLanguage:
    return ChatLanguage(_endpoint(settings), Index().search)


def model_analyst(settings: Settings) -> ModelAnalyst:
    return ModelAnalyst(replace(_endpoint(settings), total_s=_ANALYSIS_S), settings.analysis_model)


def _endpoint(settings: Settings) -> ChatSettings:
    return ChatSettings(
        base_url=settings.chat_base_url,
        api_key=settings.chat_api_key.get_secret_value(),
        model=settings.chat_model,
        tool_mode=ToolMode(settings.chat_tool_mode),
    )
