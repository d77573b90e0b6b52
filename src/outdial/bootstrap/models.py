"""Whether an agent has a language model to talk with, as the settings say: asked before anybody is rung."""

from __future__ import annotations

from outdial.domain.agent import Brief
from outdial.settings import Settings


class ModelAtHand:
    """A flow talks by itself; a prompt needs an endpoint and the name of a model."""

    def __init__(self, settings: Settings) -> None:
        self._has_endpoint = bool(settings.chat_base_url)
        self._default = settings.chat_model

    def why_silent(self, brief: Brief) -> str:
        """Why this agent could not say a word, in one line; empty: it can talk."""
        if brief.flow is not None:
            return ""
        return self.lacking(brief.agent_name, brief.model)

    def lacking(self, agent_name: str, model: str) -> str:
        """The same for an agent without a flow, which names ``model`` or none."""
        if not self._has_endpoint:
            return f"{agent_name} has no flow and no language model is configured: set OUTDIAL_CHAT_BASE_URL"
        if not (model or self._default):
            return f"{agent_name} has no flow and names no language model: set OUTDIAL_CHAT_MODEL, or name one in it"
        return ""
