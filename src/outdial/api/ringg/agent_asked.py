"""What clients may send about agents, for the document only: ``agent_fields`` and ``agent_operations`` judge it."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from outdial.api.ringg.agent_operations import NAMES

_TYPES = Literal["outbound", "inbound", "outbound_inbound"]


class AgentIn(BaseModel):
    agent_name: str = Field(min_length=1, max_length=100)
    introduction_and_objective: str = Field(min_length=1, max_length=2000)
    response_guidelines: str = Field(min_length=1, max_length=3000)
    task: str = Field(min_length=1, max_length=1500)
    primary_language: str = Field(min_length=1, description="Locale", examples=["en-IN"])
    voice_id: UUID = Field(description="From GET /agent/voices")
    intro_message: str = Field(min_length=1, max_length=500, description="First spoken words; text or HTML")
    faq: str | None = Field(default=None, max_length=5000)
    sample_conversations: str | None = Field(default=None, max_length=5000)
    secondary_language: str | None = None
    agent_type: _TYPES | None = None
    custom_variables: list[str] | None = None


class AgentUpdate(BaseModel):
    """All optional; null and what is left out stay as they are."""

    agent_name: str | None = Field(default=None, min_length=1, max_length=100)
    introduction_and_objective: str | None = Field(default=None, min_length=1, max_length=2000)
    response_guidelines: str | None = Field(default=None, min_length=1, max_length=3000)
    task: str | None = Field(default=None, min_length=1, max_length=1500)
    primary_language: str | None = Field(default=None, min_length=1)
    voice_id: UUID | None = None
    intro_message: str | None = Field(default=None, min_length=1, max_length=500)
    faq: str | None = Field(default=None, max_length=5000, description="Empty: the section goes")
    sample_conversations: str | None = Field(default=None, max_length=5000, description="Empty: the section goes")
    secondary_language: str | None = Field(default=None, description="Empty: none")
    agent_type: _TYPES | None = None
    custom_variables: list[str] | None = None


class SubscriptionIn(BaseModel):
    event_type: str | list[str]
    callback_url: str
    headers: dict[str, Any] | None = Field(default=None, description="*** keeps the value that is stored")
    method_type: str | None = Field(default=None, description="POST, PUT or PATCH")


class AgentEdit(BaseModel):
    """One operation; which of the other members it reads, its name says."""

    operation: str = Field(examples=["edit_intro_message"], json_schema_extra={"enum": list(NAMES)})
    agent_id: UUID
    version_id: UUID | None = Field(default=None, description="The version to edit; without it the active one")
    agent_prompt: Any = Field(default=None, description="Text, or {prompt_sections: [{section_title, …}]}")
    voice_id: str | None = None
    language: str | None = None
    agent_display_name: str | None = None
    intro_message: str | None = None
    custom_variables: list[str] | None = None
    secondary_language: str | None = None
    secondary_voice_id: str | None = None
    voice_speed: float | None = Field(default=None, description="0.5 to 2")
    vocab: list[str] | None = None
    event_subscriptions: list[SubscriptionIn] | None = None
    kb_id: str | None = None
    number_id: str | None = None
    whitelisted_domains: list[str] | None = None
    extract_callee_name: bool | None = None
    noise_settings: Any = None
    dtmf_settings: Any = None
    vad_settings: Any = None
    query_phrases: Any = None
    voicemail_settings: Any = None
    mute_while_bot_speaking: bool | None = None
    mute_during_intro: bool | None = None
    pre_query_response_phrases: list[str] | None = None
    pre_query_phrase_probability: float | None = Field(default=None, ge=0, le=1)
    custom_analysis_prompt: dict[str, Any] | None = Field(
        default=None, description="{prompt, keys: {name: type}, defaults}, or {name: description}; {} clears"
    )
    client_analysis: dict[str, Any] | None = Field(
        default=None, description="{context, goal_key, keys: {name: {type, default, description}}}; the rest stays"
    )
    classification_labels: dict[str, str | None] | None = Field(
        default=None, max_length=10, description="{label: description}"
    )
    analytics_context: dict[str, Any] | None = Field(
        default=None, description="{platform_analytics, client_analytics}, merged into what there is"
    )
    call_config: dict[str, Any] | None = Field(default=None, description="As of a call; merged into what there is")
    outbound_from_number_ids: list[str] | None = Field(default=None, max_length=100)
    description: str | None = Field(default=None, max_length=500, description="Of a version")
    ab_versions: dict[str, float] | None = Field(default=None, description="{version_id: share}; they add up to 1")
    enabled: bool | None = Field(default=None, description="Whether versions are tried against each other")


class VoicesQuery(BaseModel):
    language: str | None = Field(default=None, description="Locales with commas; voices that speak any of them")
