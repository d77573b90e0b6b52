"""Whether an agent has a language model to talk with: asked before anybody is rung."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from outdial.domain.agent import Brief, Definition


@dataclass(frozen=True)
class LanguageModels:
    """Whether there is an ``endpoint`` for language models, and a ``default`` for agents that name none.

    A flow talks by itself; a prompt needs an endpoint and the name of a model.
    """

    endpoint: bool = True
    default: bool = True

    def lets_talk(self, definition: Definition) -> bool:
        return definition.flow is not None or not self.lacking("the agent", definition.model)

    def why_silent(self, brief: Brief) -> str:
        """Why the agent of this call could not say a word, in one line; empty: it can talk."""
        return "" if brief.flow is not None else self.lacking(brief.agent_name, brief.model)

    def lacking(self, agent_name: str, model: str) -> str:
        """The same for an agent without a flow, which names ``model`` or none."""
        if not self.endpoint:
            return f"{agent_name} has no flow and no language model is configured: set OUTDIAL_CHAT_BASE_URL"
        if not (model or self.default):
            return f"{agent_name} has no flow and names no language model: set OUTDIAL_CHAT_MODEL, or name one in it"
        return ""


ALL_MODELS: Final = LanguageModels()
"""An endpoint that has whatever an agent names."""
