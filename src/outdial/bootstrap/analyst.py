"""Who analyses finished talks, as the settings choose."""

from __future__ import annotations

from outdial.analysis.ports import Analyst
from outdial.analysis.rules import RuleAnalyst
from outdial.settings import Settings


def analyst_for(settings: Settings) -> Analyst:
    """To be closed when no talk is left."""
    if settings.analysis == "rules" or not settings.chat_base_url:
        return RuleAnalyst()
    from outdial.bootstrap.chat import model_analyst  # noqa: PLC0415

    return model_analyst(settings)
