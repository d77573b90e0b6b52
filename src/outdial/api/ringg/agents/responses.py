"""What this API answers about agents, key for key in the order clients know. Members nobody set are left out."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

_SAID = "Only when the version says so"


class AgentMade(BaseModel):
    """``id`` and ``agent_id`` are the same: clients insist on one or the other."""

    id: str
    agent_id: str
    version: str
    version_id: str
    created_at: str


class AgentMadeResponse(BaseModel):
    success: Literal[True]
    message: str
    data: AgentMade
    warnings: list[str] = Field(default=[], description="Only when there are any")


class AgentUpdated(BaseModel):
    id: str
    agent_id: str
    version: str
    updated_at: str


class AgentUpdatedResponse(BaseModel):
    success: Literal[True]
    message: str
    data: AgentUpdated
    warnings: list[str] = Field(default=[], description="Only when there are any")


class AgentEditedResponse(BaseModel):
    message: str
    agent_id: str
    kb_id: str = Field(default="", description="Where one was sent")
    number_id: str = Field(default="", description="Where one was sent")
    version_id: str = Field(default="", description="Of the version that was made, described or activated")
    warnings: list[str] = Field(default=[], description="Only when there are any")


class AgentArchivedResponse(BaseModel):
    message: str


class VoiceRef(BaseModel):
    id: str
    name: str
    voice_preview: str = Field(description="Empty: there is none")


class FlatConfig(BaseModel):
    custom_variables: dict[str, str]
    agent_prompt: str = Field(description="All sections, one after the other")
    intro_message: str


class Section(BaseModel):
    section_title: str
    section_content: str


class Sections(BaseModel):
    prompt_sections: list[Section]


class VersionConfig(BaseModel):
    agent_prompt: Sections | str = Field(description="In the form it was sent in")
    custom_variables: list[str]
    intro_message: str


class KnowledgeRef(BaseModel):
    kb_id: str
    kb_name: str


class SubscriptionRow(BaseModel):
    event_type: list[str]
    callback_url: str
    headers: dict[str, str] = Field(description="Values masked: ***")
    method_type: Literal["POST", "PUT", "PATCH"]


class AnalysisPrompt(BaseModel):
    prompt: str
    keys: dict[str, str]
    defaults: dict[str, Any] = Field(default={}, description="Only when there are any")


class ClientAnalysis(BaseModel):
    context: str = Field(default="", description=_SAID)
    goal_key: str = Field(default="", description=_SAID)
    keys: dict[str, Any] = Field(description="By name: {type, default, description}")


class Analytics(BaseModel):
    platform_analytics: dict[str, Any]
    client_analytics: dict[str, Any]


class VersionDetails(BaseModel):
    version_id: str
    version_slug: str
    description: str
    language: str
    voice: VoiceRef
    agent_config: VersionConfig
    knowledge_bases: list[KnowledgeRef]
    event_subscriptions: list[SubscriptionRow]
    tools: list[dict[str, Any]]
    pre_call_tools: list[dict[str, Any]]
    on_call_tools: list[dict[str, Any]]
    post_call_tools: list[dict[str, Any]]
    embedded_on_call_tools: list[dict[str, Any]]
    available_tools: list[dict[str, Any]]
    custom_analysis_prompt: AnalysisPrompt
    client_analysis: ClientAnalysis
    analytics_context: Analytics
    created_at: str
    updated_at: str
    voice_speed: float = Field(default=1.0, description=_SAID)
    vocab: list[str] = Field(default=[], description=_SAID)
    extract_callee_name: bool = Field(default=False, description=_SAID)
    noise_settings: Any = Field(default=None, description=_SAID)
    dtmf_settings: Any = Field(default=None, description=_SAID)
    vad_settings: Any = Field(default=None, description=_SAID)
    query_phrases: Any = Field(default=None, description=_SAID)
    voicemail_settings: Any = Field(default=None, description=_SAID)
    call_config: dict[str, Any] = Field(default={}, description=_SAID)
    outbound_from_number_ids: list[str] = Field(default=[], description=_SAID)


class TrafficShare(BaseModel):
    slug: str
    description: str
    call_traffic: float | int = Field(description="Hundredths of the calls")


class AgentDetails(BaseModel):
    """The documented flat keys and, beside them, the versions clients read."""

    id: str
    agent_display_name: str
    agent_type: str
    orchestration_mode: Literal["single_node"]
    language: str
    voice: VoiceRef
    secondary_language: str | None
    secondary_voice_id: str | None
    agent_config: FlatConfig
    form_fields: list[dict[str, Any]]
    knowledge_base_id: str | None
    knowledge_base_name: str | None
    whitelisted_domains: list[str]
    tools: list[dict[str, Any]]
    template_name: str
    template_label: str
    template_icon: str
    template_type: str
    is_ab_live: bool
    active_agent_version_id: str
    ab_versions: dict[str, TrafficShare]
    classification_labels: dict[str, str]
    version_details: dict[str, VersionDetails] = Field(description="The active version first")
    created_at: str
    updated_at: str


class AgentDetailsResponse(BaseModel):
    agents: AgentDetails


class VoiceRow(BaseModel):
    id: str
    name: str
    languages: list[str]
    voice_previews: dict[str, str]
    gender: str
    image_url: str
    created_at: str
    updated_at: str
    fallback_languages: list[str] = Field(
        default=[], description="Those of the languages it takes only because no voice here speaks them"
    )


class VoicesResponse(BaseModel):
    voices: list[VoiceRow]
