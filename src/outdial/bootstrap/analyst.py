"""Who analyses finished talks, as the settings choose."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from outdial.analysis.ports import Analyst
from outdial.analysis.rules import RuleAnalyst
from outdial.bootstrap.chat import chat_settings
from outdial.language.analyst import ModelAnalyst
from outdial.settings import Settings

_MODEL_S: Final = 50.0
"""Nobody waits on the line for it. Less than its worker waits, so that who did not answer is named."""


def analyst_for(settings: Settings) -> Analyst:
    """To be closed when no talk is left."""
    if settings.analysis == "rules" or not settings.chat_base_url:
        return RuleAnalyst()
    return ModelAnalyst(replace(chat_settings(settings), total_s=_MODEL_S), settings.analysis_model)
