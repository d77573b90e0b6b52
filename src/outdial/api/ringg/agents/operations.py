"""``PATCH /agent/v1``: one operation a request, each reading one field and changing one thing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any, Final, NamedTuple

from outdial.api.ringg import fields
from outdial.api.ringg.agents import agent_fields, agent_prompt, analysis, call_config, events, versions
from outdial.api.ringg.calls.translate import DIALECT
from outdial.commands.agents import AgentChange
from outdial.domain import voices as speaking
from outdial.domain.agent import AnalysisPlan, Definition, Voice, listed_variables
from outdial.domain.errors import Fault, Invalid, Refused, Unsupported, cut, must_be_sound
from outdial.domain.ids import parse_uuid
from outdial.domain.limits import (
    MAX_CALLER_NUMBERS,
    MAX_DOMAIN_LETTERS,
    MAX_DOMAINS,
    MAX_GREETING_LETTERS,
    MAX_OPTIONS_BYTES,
    MAX_VOCAB_LETTERS,
    MAX_VOCAB_WORDS,
)
from outdial.domain.sizes import json_bytes
from outdial.domain.subscription_headers import replaced
from outdial.domain.web_addresses import origin
from outdial.store.agents.links import NumberLink

OPTIONS: Final = ("noise_settings", "dtmf_settings", "vad_settings", "query_phrases", "voicemail_settings")
"""Kept and given back; nothing here acts on them."""
_LOOSE: Final[Mapping[str, Mapping[str, type]]] = {
    "noise_settings": {"mute_while_bot_speaking": bool, "mute_during_intro": bool},
    "query_phrases": {"pre_query_response_phrases": list, "pre_query_phrase_probability": float},
}
"""Members of an option that real clients send beside the operation, not in the option."""
_Object = Mapping[str, object]


@dataclass(frozen=True)
class Edit:
    """What a body asks for. ``about_speech``: whether it concerns the voice; ``echoed``: ids the answer repeats.

    ``about_versions``: the operation of ``agent_versions`` it is, which then stands in the place of the change.
    """

    agent_id: str
    version_id: str
    change: AgentChange
    about_versions: str = ""
    about_speech: bool = False
    echoed: Mapping[str, str] = field(default_factory=dict)


class _Asked(NamedTuple):
    body: _Object
    voices: Mapping[str, Voice]
    now: datetime


_Operation = Callable[[_Asked], AgentChange]


def read(body: _Object, voices: Mapping[str, Voice], now: datetime) -> Edit:
    """``now``: aware.

    Raises:
        Unsupported: there is no such operation.
        Invalid: with every fault.
    """
    name = body.get("operation")
    known = name.strip() if isinstance(name, str) else ""
    if known and known not in NAMES:
        raise Unsupported(f"operation {cut(known)} is not supported")
    faults, change = [*_envelope_faults(body)], AgentChange()
    if known in _OPERATIONS:
        try:
            change = _OPERATIONS[known](_Asked(body, voices, now))
        except Invalid as wrong:
            faults += wrong.faults
    must_be_sound(faults)
    echoed = {"kb_id": change.knowledge_id, "number_id": change.number.number_id if change.number else ""}
    return Edit(
        agent_id=parse_uuid(str(body["agent_id"])) or "",
        version_id=_id(body, "version_id", needed=False),
        change=change,
        about_versions=known if known in versions.OPERATIONS else "",
        about_speech=known in ("edit_voice", "edit_language"),
        echoed={key: value for key, value in echoed.items() if value},
    )


def _envelope_faults(body: _Object) -> Iterator[Fault]:
    operation, agent_id, version_id = body.get("operation"), body.get("agent_id"), body.get("version_id")
    if fields.is_absent(operation):
        yield Fault(("operation",), "operation is required", "missing")
    elif not isinstance(operation, str):
        yield Fault(("operation",), "operation must be a string", "type")
    if fields.is_absent(agent_id):
        yield Fault(("agent_id",), "agent_id is required", "missing")
    elif not isinstance(agent_id, str) or parse_uuid(agent_id) is None:
        yield Fault(("agent_id",), "agent_id must be a UUID", "format")
    if not isinstance(version_id, str | None):
        yield Fault(("version_id",), "version_id must be a string", "type")


def _edit_prompt(asked: _Asked) -> AgentChange:
    prompt = agent_prompt.read(_there(asked.body, "agent_prompt"))
    return _of_the_version(lambda definition: agent_fields.with_prompt(definition, prompt))


def _edit_voice(asked: _Asked) -> AgentChange:
    return _edit_speech(asked, voice_id=_id(asked.body, "voice_id"))


def _edit_language(asked: _Asked) -> AgentChange:
    return _edit_speech(
        asked, language=_language(asked, "language"), voice_id=_id(asked.body, "voice_id", needed=False)
    )


def _edit_speech(asked: _Asked, *, language: str = "", voice_id: str = "") -> AgentChange:
    wanted = agent_fields.Wanted(language=language or None, voice_id=voice_id or None)
    return AgentChange(
        definition=lambda agent_type, definition: wanted.applied_to(definition, agent_type, asked.voices)
    )


def _edit_name(asked: _Asked) -> AgentChange:
    return AgentChange(name=_text(asked.body, "agent_display_name", 100).strip())


def _edit_intro(asked: _Asked) -> AgentChange:
    text = _text(asked.body, "intro_message", MAX_GREETING_LETTERS)
    return _of_the_version(lambda definition: replace(definition, greeting=text))


def _edit_variables(asked: _Asked) -> AgentChange:
    names = _names(asked.body, "custom_variables")
    return AgentChange(
        definition=lambda agent_type, definition: replace(definition, variables=listed_variables(names, agent_type))
    )


def _edit_secondary_language(asked: _Asked) -> AgentChange:
    language = _language(asked, "secondary_language", may_be_empty=True)
    return _of_the_version(lambda definition: replace(definition, secondary_language=language))


def _edit_secondary_voice(asked: _Asked) -> AgentChange:
    voice_id = _id(asked.body, "secondary_voice_id", may_be_empty=True)

    def change(definition: Definition) -> Definition:
        if voice_id:
            speaking.must_exist(voice_id, asked.voices, "secondary_voice_id")
        return replace(definition, secondary_voice_id=voice_id)

    return _of_the_version(change)


def _edit_speed(asked: _Asked) -> AgentChange:
    speed = fields.as_number(_there(asked.body, "voice_speed"))
    if speed is None or not 0.5 <= speed <= 2:
        raise _wrong("voice_speed", "must be between 0.5 and 2", "out_of_range")
    return _of_the_version(lambda definition: replace(definition, voice_speed=speed))


def _edit_vocab(asked: _Asked) -> AgentChange:
    words = _names(asked.body, "vocab", MAX_VOCAB_WORDS, MAX_VOCAB_LETTERS)
    return _of_the_version(lambda definition: replace(definition, vocab=words))


def _edit_subscriptions(asked: _Asked) -> AgentChange:
    wanted = events.read(_there(asked.body, events.FIELD))
    return AgentChange(subscriptions=lambda stored: replaced(stored, DIALECT, wanted, events.FIELD))


def _attach_knowledge(asked: _Asked) -> AgentChange:
    knowledge_id = _id(asked.body, "kb_id")

    def attach(_: str, definition: Definition) -> Definition:
        if knowledge_id in definition.knowledge:
            raise Refused("Knowledge Base already attached")
        return replace(definition, knowledge=(*definition.knowledge, knowledge_id))

    return AgentChange(definition=attach, knowledge_id=knowledge_id)


def _remove_knowledge(asked: _Asked) -> AgentChange:
    knowledge_id = _id(asked.body, "kb_id")

    def remove(_: str, definition: Definition) -> Definition:
        if knowledge_id not in definition.knowledge:
            raise Refused("Knowledge Base is not attached")
        return replace(definition, knowledge=tuple(one for one in definition.knowledge if one != knowledge_id))

    return AgentChange(definition=remove, knowledge_id=knowledge_id)


def _link_number(asked: _Asked, *, attached: bool) -> AgentChange:
    return AgentChange(number=NumberLink(_id(asked.body, "number_id"), attached=attached))


def _edit_domains(asked: _Asked) -> AgentChange:
    origins = [origin(name) for name in _names(asked.body, "whitelisted_domains", MAX_DOMAINS, MAX_DOMAIN_LETTERS)]
    if None in origins:
        raise _wrong("whitelisted_domains", "must hold domains, or origins such as https://example.com", "url")
    return AgentChange(whitelisted_domains=tuple(dict.fromkeys(one for one in origins if one is not None)))


def _edit_extraction(asked: _Asked) -> AgentChange:
    wanted = _there(asked.body, "extract_callee_name")
    if not isinstance(wanted, bool):
        raise _wrong("extract_callee_name", "must be a boolean", "type")
    return _of_the_version(lambda definition: replace(definition, extract_callee_name=wanted))


def _edit_option(asked: _Asked, *, name: str) -> AgentChange:
    loose = {member: asked.body[member] for member in _LOOSE.get(name, ()) if asked.body.get(member) is not None}
    if loose and asked.body.get(name) is None:
        return _edit_members(name, loose)
    value = _there(asked.body, name)
    if not isinstance(value, dict | list):
        raise _wrong(name, "must be an object or a list", "type")
    if json_bytes(value, at_most=MAX_OPTIONS_BYTES) > MAX_OPTIONS_BYTES:
        raise _wrong(name, f"may have at most {MAX_OPTIONS_BYTES} bytes", "too_long")
    return _of_the_version(lambda definition: replace(definition, options={**definition.options, name: value}))


def _edit_members(name: str, loose: _Object) -> AgentChange:
    """Members sent one by one join those the option has."""
    faults = [*_loose_faults(name, loose)]
    must_be_sound(faults)

    def change(definition: Definition) -> Definition:
        before = definition.options.get(name)
        joined = {**(before if isinstance(before, dict) else {}), **loose}
        return replace(definition, options={**definition.options, name: joined})

    return _of_the_version(change)


def _loose_faults(name: str, loose: _Object) -> Iterator[Fault]:
    for member, value in loose.items():
        kind = _LOOSE[name][member]
        if kind is bool and not isinstance(value, bool):
            yield Fault((member,), f"{member} must be a boolean", "type")
        elif kind is list:
            yield from agent_fields.names_faults(member, value)
        elif kind is float and not 0 <= (-1 if (share := fields.as_number(value)) is None else share) <= 1:
            yield Fault((member,), f"{member} must be between 0 and 1", "out_of_range")


def _edit_analysis(asked: _Asked) -> AgentChange:
    wanted = _there(asked.body, analysis.FIELD)
    analysis.read(wanted, AnalysisPlan())

    def change(definition: Definition) -> Definition:
        # Its keys stand in the place of those the other operation asked for.
        options = {name: value for name, value in definition.options.items() if name != analysis.CLIENT}
        return replace(definition, analysis=analysis.read(wanted, definition.analysis), options=options)

    return _of_the_version(change)


def _edit_client_analysis(asked: _Asked) -> AgentChange:
    wanted = _there(asked.body, analysis.CLIENT)
    # Whatever goal is named may be a key the version has already.
    goal = wanted.get("goal_key") if isinstance(wanted, dict) and "keys" not in wanted else None
    analysis.read_client(wanted, AnalysisPlan(keys={goal: "string"} if isinstance(goal, str) and goal else {}))

    def change(definition: Definition) -> Definition:
        kept = analysis.remembered_client(wanted, definition.options.get(analysis.CLIENT))
        return replace(
            definition,
            analysis=analysis.read_client(wanted, definition.analysis),
            options={**definition.options, analysis.CLIENT: kept},
        )

    return _of_the_version(change)


def _edit_analytics_context(asked: _Asked) -> AgentChange:
    wanted = _there(asked.body, analysis.CONTEXT)
    analysis.read_context(wanted, AnalysisPlan())
    return _of_the_version(
        lambda definition: replace(definition, analysis=analysis.read_context(wanted, definition.analysis))
    )


def _edit_labels(asked: _Asked) -> AgentChange:
    return AgentChange(labels=analysis.read_labels(_there(asked.body, analysis.LABELS)))


def _edit_call_config(asked: _Asked) -> AgentChange:
    wanted = call_config.read(_there(asked.body, call_config.FIELD), asked.now)
    return _of_the_version(lambda definition: replace(definition, call_config={**definition.call_config, **wanted}))


def _edit_callers(asked: _Asked) -> AgentChange:
    name = "outbound_from_number_ids"
    if len(ids := _names(asked.body, name)) > MAX_CALLER_NUMBERS:
        raise _wrong(name, f"may hold at most {MAX_CALLER_NUMBERS} members", "too_long")
    wanted = tuple(dict.fromkeys(parse_uuid(one) or one for one in ids))
    return AgentChange(definition=lambda _, definition: replace(definition, caller_ids=wanted), caller_ids=wanted)


_OPERATIONS: Final[Mapping[str, _Operation]] = {
    "edit_prompt": _edit_prompt,
    "edit_voice": _edit_voice,
    "edit_language": _edit_language,
    "edit_agent_display_name": _edit_name,
    "edit_intro_message": _edit_intro,
    "edit_custom_vars": _edit_variables,
    "edit_secondary_language": _edit_secondary_language,
    "edit_secondary_voice": _edit_secondary_voice,
    "edit_voice_speed": _edit_speed,
    "edit_vocab": _edit_vocab,
    "edit_event_subscriptions": _edit_subscriptions,
    "attach_kb": _attach_knowledge,
    "remove_kb": _remove_knowledge,
    "attach_inbound_number": partial(_link_number, attached=True),
    "remove_inbound_number": partial(_link_number, attached=False),
    "edit_agent_whitelisted_domains": _edit_domains,
    "edit_extract_callee_name": _edit_extraction,
    **{f"edit_{name}": partial(_edit_option, name=name) for name in OPTIONS},
    "edit_custom_analysis_prompt": _edit_analysis,
    "edit_client_analysis": _edit_client_analysis,
    "edit_classification_labels": _edit_labels,
    "edit_analytics_context": _edit_analytics_context,
    "edit_call_config": _edit_call_config,
    "edit_outbound_from_number_ids": _edit_callers,
}
"""``edit_api_settings`` is on the vendor's list too, and answered as unknown by the vendor."""
NAMES: Final = (*_OPERATIONS, *versions.OPERATIONS)


def _of_the_version(change: Callable[[Definition], Definition]) -> AgentChange:
    return AgentChange(definition=lambda _, definition: change(definition))


def _there(body: _Object, name: str) -> Any:
    if body.get(name) is None:
        raise Invalid(Fault((name,), f"{name} is required", "missing"))
    return body[name]


def _text(body: _Object, name: str, limit: int) -> str:
    value = _there(body, name)
    if not isinstance(value, str):
        raise _wrong(name, "must be a string", "type")
    if not value.strip():
        raise Invalid(Fault((name,), f"{name} is required", "missing"))
    if len(value) > limit:
        raise _wrong(name, f"may have at most {limit} characters", "too_long")
    return value


def _id(body: _Object, name: str, *, needed: bool = True, may_be_empty: bool = False) -> str:
    """An id in the form it is stored in; what is no UUID stays as it came and will not be found."""
    if (not needed and body.get(name) is None) or (may_be_empty and name in body and not body[name]):
        return ""
    text = _text(body, name, 128).strip() if needed or body[name] != "" else ""
    return parse_uuid(text) or text


def _names(body: _Object, name: str, *limits: int) -> tuple[str, ...]:
    value = _there(body, name)
    faults = [*agent_fields.names_faults(name, value, *limits)]
    must_be_sound(faults)
    return agent_fields.names_of(value)


def _language(asked: _Asked, name: str, *, may_be_empty: bool = False) -> str:
    if may_be_empty and name in asked.body and not asked.body[name]:
        return ""
    language = _text(asked.body, name, 35).strip()
    faults = [*agent_fields.language_faults(name, language, asked.voices.values())]
    must_be_sound(faults)
    return language


def _wrong(name: str, what: str, kind: str) -> Invalid:
    return Invalid(Fault((name,), f"{name} {what}", kind))
