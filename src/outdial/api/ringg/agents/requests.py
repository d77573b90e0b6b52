"""What clients may send about agents, for the document only: ``agent_fields`` and ``operations`` judge it."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints

from outdial.api.ringg.agents.operations import NAMES
from outdial.api.ringg.calls.requests import HEADERS
from outdial.domain.limits import (
    MAX_ANALYSIS_KEYS,
    MAX_ANALYSIS_TEXT_LETTERS,
    MAX_CALLER_NUMBERS,
    MAX_DESCRIPTION_LETTERS,
    MAX_DOMAIN_LETTERS,
    MAX_DOMAINS,
    MAX_GREETING_LETTERS,
    MAX_HEADERS,
    MAX_LABEL_LETTERS,
    MAX_OPTIONS_BYTES,
    MAX_PROMPT_BYTES,
    MAX_PROMPT_SECTIONS,
    MAX_SUBSCRIPTIONS,
    MAX_URL_LETTERS,
    MAX_VARIABLE_NAME_LETTERS,
    MAX_VARIABLES,
    MAX_VOCAB_LETTERS,
    MAX_VOCAB_WORDS,
)

_Id = Annotated[str, StringConstraints(max_length=MAX_LABEL_LETTERS)]
_Language = Annotated[str, StringConstraints(max_length=35)]
_Variable = Annotated[str, StringConstraints(max_length=MAX_VARIABLE_NAME_LETTERS)]
_Variables = Annotated[list[_Variable], Field(max_length=MAX_VARIABLES)]
_Word = Annotated[str, StringConstraints(max_length=MAX_VOCAB_LETTERS)]
_Domain = Annotated[str, StringConstraints(max_length=MAX_DOMAIN_LETTERS)]
_Option = Annotated[Any, Field(description=f"At most {MAX_OPTIONS_BYTES} bytes")]
_TYPES = Literal["outbound", "inbound", "outbound_inbound"]


class AgentIn(BaseModel):
    agent_name: str = Field(min_length=1, max_length=100)
    introduction_and_objective: str = Field(min_length=1, max_length=2000)
    response_guidelines: str = Field(min_length=1, max_length=3000)
    task: str = Field(min_length=1, max_length=1500)
    primary_language: str = Field(min_length=1, max_length=35, description="Locale", examples=["en-IN"])
    voice_id: UUID = Field(description="From GET /agent/voices")
    intro_message: str = Field(min_length=1, max_length=500, description="First spoken words; text or HTML")
    faq: str | None = Field(default=None, max_length=5000)
    sample_conversations: str | None = Field(default=None, max_length=5000)
    secondary_language: _Language | None = None
    agent_type: _TYPES | None = None
    custom_variables: _Variables | None = None


class AgentUpdate(BaseModel):
    """All optional; null and what is left out stay as they are."""

    agent_name: str | None = Field(default=None, min_length=1, max_length=100)
    introduction_and_objective: str | None = Field(default=None, min_length=1, max_length=2000)
    response_guidelines: str | None = Field(default=None, min_length=1, max_length=3000)
    task: str | None = Field(default=None, min_length=1, max_length=1500)
    primary_language: str | None = Field(default=None, min_length=1, max_length=35)
    voice_id: UUID | None = None
    intro_message: str | None = Field(default=None, min_length=1, max_length=500)
    faq: str | None = Field(default=None, max_length=5000, description="Empty: the section goes")
    sample_conversations: str | None = Field(default=None, max_length=5000, description="Empty: the section goes")
    secondary_language: _Language | None = Field(default=None, description="Empty: none")
    agent_type: _TYPES | None = None
    custom_variables: _Variables | None = None


class SubscriptionIn(BaseModel):
    event_type: str | list[str]
    callback_url: str = Field(max_length=MAX_URL_LETTERS)
    headers: dict[str, Any] | None = Field(
        default=None, max_length=MAX_HEADERS, description=f"*** keeps the value that is stored. {HEADERS}"
    )
    method_type: str | None = Field(default=None, max_length=10, description="POST, PUT or PATCH")


class AgentEdit(BaseModel):
    """One operation; which of the other members it reads, its name says."""

    operation: str = Field(examples=["edit_intro_message"], json_schema_extra={"enum": list(NAMES)})
    agent_id: UUID
    version_id: UUID | None = Field(default=None, description="The version to edit; without it the active one")
    agent_prompt: Any = Field(
        default=None,
        description=f"Text, or {{prompt_sections: [{{section_title, …}}]}}; at most {MAX_PROMPT_BYTES} bytes and "
        f"{MAX_PROMPT_SECTIONS} sections",
    )
    voice_id: _Id | None = None
    language: _Language | None = None
    agent_display_name: str | None = Field(default=None, max_length=100)
    intro_message: str | None = Field(default=None, max_length=MAX_GREETING_LETTERS)
    custom_variables: _Variables | None = None
    secondary_language: _Language | None = None
    secondary_voice_id: _Id | None = None
    voice_speed: float | None = Field(default=None, description="0.5 to 2")
    vocab: list[_Word] | None = Field(default=None, max_length=MAX_VOCAB_WORDS)
    event_subscriptions: list[SubscriptionIn] | None = Field(default=None, max_length=MAX_SUBSCRIPTIONS)
    kb_id: _Id | None = None
    number_id: _Id | None = None
    whitelisted_domains: list[_Domain] | None = Field(default=None, max_length=MAX_DOMAINS)
    extract_callee_name: bool | None = None
    noise_settings: _Option = None
    dtmf_settings: _Option = None
    vad_settings: _Option = None
    query_phrases: _Option = None
    voicemail_settings: _Option = None
    mute_while_bot_speaking: bool | None = None
    mute_during_intro: bool | None = None
    pre_query_response_phrases: list[_Word] | None = Field(default=None, max_length=MAX_VOCAB_WORDS)
    pre_query_phrase_probability: float | None = Field(default=None, ge=0, le=1)
    custom_analysis_prompt: dict[str, Any] | None = Field(
        default=None,
        max_length=MAX_ANALYSIS_KEYS,
        description="{prompt, keys: {name: type}, defaults}, or {name: description}; {} clears. "
        f"Each text at most {MAX_ANALYSIS_TEXT_LETTERS} letters",
    )
    client_analysis: dict[str, Any] | None = Field(
        default=None,
        description="{context, goal_key, keys: {name: {type, default, description}}}; the rest stays. "
        f"At most {MAX_ANALYSIS_KEYS} keys, each text at most {MAX_ANALYSIS_TEXT_LETTERS} letters",
    )
    classification_labels: dict[str, str | None] | None = Field(
        default=None, max_length=10, description="{label: description}"
    )
    analytics_context: dict[str, Any] | None = Field(
        default=None,
        description="{platform_analytics, client_analytics}, merged into what there is; "
        f"each at most {MAX_OPTIONS_BYTES} bytes",
    )
    call_config: dict[str, Any] | None = Field(default=None, description="As of a call; merged into what there is")
    outbound_from_number_ids: list[_Id] | None = Field(default=None, max_length=MAX_CALLER_NUMBERS)
    description: str | None = Field(default=None, max_length=MAX_DESCRIPTION_LETTERS, description="Of a version")
    ab_versions: dict[str, float] | None = Field(default=None, description="{version_id: share}; they add up to 1")
    enabled: bool | None = Field(default=None, description="Whether versions are tried against each other")


class VoicesQuery(BaseModel):
    language: str | None = Field(default=None, description="Locales with commas; voices that speak any of them")
