"""The language model's endpoint, as the settings name it."""

from __future__ import annotations

from outdial.language.chat import ChatSettings
from outdial.language.chat_prompt import ToolMode
from outdial.settings import Settings


def chat_settings(settings: Settings) -> ChatSettings:
    return ChatSettings(
        base_url=settings.chat_base_url,
        api_key=settings.chat_api_key.get_secret_value(),
        model=settings.chat_model,
        tool_mode=ToolMode(settings.chat_tool_mode),
    )
