"""Agents and their versions in this API's words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from outdial.api.ringg import instants
from outdial.api.ringg.agents import agent_prompt, analysis, call_config, events, responses
from outdial.api.ringg.agents.operations import OPTIONS
from outdial.api.ringg.calls import responses as call_responses
from outdial.domain import voices as speaking
from outdial.domain.agent import AnalysisPlan, Definition, Voice, listed_variables
from outdial.domain.clock import from_micros
from outdial.store import inventory
from outdial.store.agents.reading import AgentWhole, VersionRow

Voices = Mapping[str, Voice]
_VOICES_SINCE: Final = instants.offset_micros(from_micros(1767225600_000000))
"""Voices come with the software and are on no record: the first day of 2026 stands for all of them."""


def agent(row: inventory.AgentRow) -> call_responses.AgentRow:
    """A row of the list."""
    return call_responses.AgentRow(
        id=row.id,
        agent_display_name=row.name,
        agent_type=row.type,
        orchestration_mode="single_node",
        template_name="",
        template_label="",
        template_icon="",
        template_source="",
        template_type=row.type,
        secondary_language=row.definition.secondary_language or None,
        secondary_voice_id=row.definition.secondary_voice_id or None,
        tools=[],
        call_count=row.call_count,
        custom_variables=_typed_variables(row.definition, row.type),
        is_archived=row.archived_at is not None,
        created_at=instants.offset_micros(row.created_at),
        updated_at=instants.offset_micros(row.updated_at),
    )


def details(whole: AgentWhole, voices: Voices) -> responses.AgentDetails:
    """The flat keys, which tell the active version, and every version."""
    active = whole.active
    definition = active.definition
    knowledge = _knowledge(whole, definition)
    return responses.AgentDetails(
        id=whole.id,
        agent_display_name=whole.name,
        agent_type=whole.type,
        orchestration_mode="single_node",
        language=definition.language,
        voice=_voice(definition, voices),
        secondary_language=definition.secondary_language or None,
        secondary_voice_id=definition.secondary_voice_id or None,
        agent_config=responses.FlatConfig(
            custom_variables=_typed_variables(definition, whole.type),
            agent_prompt=agent_prompt.joined(definition.prompt),
            intro_message=definition.greeting,
        ),
        form_fields=[],
        knowledge_base_id=knowledge[0].kb_id if knowledge else None,
        knowledge_base_name=knowledge[0].kb_name if knowledge else None,
        whitelisted_domains=list(whole.whitelisted_domains),
        tools=[],
        template_name="",
        template_label="",
        template_icon="",
        template_type=whole.type,
        is_ab_live=whole.ab_test.live,
        active_agent_version_id=active.id,
        ab_versions={version.id: _share(whole, version) for version in whole.versions},
        classification_labels=dict(whole.labels or definition.analysis.labels),
        version_details={version.id: _version(whole, version, voices) for version in whole.versions},
        created_at=instants.offset_micros(whole.created_at),
        updated_at=instants.offset_micros(whole.updated_at),
    )


def slug(number: int) -> str:
    return f"v{number}"


def voice(one: Voice, voices: Voices) -> responses.VoiceRow:
    taken = list(speaking.taken_over(one, voices.values()))
    row = responses.VoiceRow(
        id=one.id,
        name=one.name,
        languages=[*one.languages, *taken],
        voice_previews={},
        gender=one.gender,
        image_url="",
        created_at=_VOICES_SINCE,
        updated_at=_VOICES_SINCE,
    )
    if taken:
        row.fallback_languages = taken
    return row


def _version(whole: AgentWhole, version: VersionRow, voices: Voices) -> responses.VersionDetails:
    definition = version.definition
    return responses.VersionDetails(
        version_id=version.id,
        version_slug=slug(version.number),
        description=version.description,
        language=definition.language,
        voice=_voice(definition, voices),
        agent_config=responses.VersionConfig(
            agent_prompt=agent_prompt.shown(definition.prompt),
            custom_variables=list(listed_variables(definition.variables, whole.type)),
            intro_message=definition.greeting,
        ),
        knowledge_bases=_knowledge(whole, definition),
        event_subscriptions=events.rows(whole.subscriptions),
        tools=[],
        pre_call_tools=[],
        on_call_tools=[],
        post_call_tools=[],
        embedded_on_call_tools=[],
        available_tools=[],
        custom_analysis_prompt=_analysis_prompt(definition.analysis),
        client_analysis=responses.ClientAnalysis(**definition.options.get(analysis.CLIENT, {"keys": {}})),
        analytics_context=responses.Analytics(
            platform_analytics=dict(definition.analysis.platform_context),
            client_analytics=dict(definition.analysis.client_context),
        ),
        created_at=instants.offset_micros(version.created_at),
        updated_at=instants.offset_micros(version.updated_at),
        **_further(definition),
    )


_FURTHER: Final = ("voice_speed", "extract_callee_name")


def _further(definition: Definition) -> dict[str, Any]:
    """What the vendor's versions are not known to show, where it differs from what every version has."""
    usual = Definition()
    said: dict[str, Any] = {name: getattr(definition, name) for name in _FURTHER}
    said = {name: value for name, value in said.items() if value != getattr(usual, name)}
    if definition.vocab:
        said["vocab"] = list(definition.vocab)
    if definition.call_config:
        said["call_config"] = call_config.shown(definition.call_config)
    if definition.caller_ids:
        said["outbound_from_number_ids"] = list(definition.caller_ids)
    return said | {name: definition.options[name] for name in OPTIONS if name in definition.options}


def _knowledge(whole: AgentWhole, definition: Definition) -> list[responses.KnowledgeRef]:
    return [
        responses.KnowledgeRef(kb_id=one, kb_name=whole.knowledge[one])
        for one in definition.knowledge
        if one in whole.knowledge
    ]


def _voice(definition: Definition, voices: Voices) -> responses.VoiceRef:
    found = speaking.chosen(definition.voice_id, definition.language, voices)
    name, identity = (found.name, found.id) if found else ("", definition.voice_id)
    return responses.VoiceRef(id=identity, name=name, voice_preview="")


def _analysis_prompt(plan: AnalysisPlan) -> responses.AnalysisPrompt:
    shown = responses.AnalysisPrompt(prompt=plan.prompt, keys=dict(plan.keys))
    if plan.defaults:
        shown.defaults = dict(plan.defaults)
    return shown


def _share(whole: AgentWhole, version: VersionRow) -> responses.TrafficShare:
    """In hundredths of the calls, a whole number where it is one."""
    per_cent = round(100 * whole.ab_test.share_of(version.id, whole.active.id), 4)
    traffic = int(per_cent) if per_cent.is_integer() else per_cent
    return responses.TrafficShare(slug=slug(version.number), description=version.description, call_traffic=traffic)


def _typed_variables(definition: Definition, agent_type: str) -> dict[str, str]:
    return dict.fromkeys(listed_variables(definition.variables, agent_type), "string")
