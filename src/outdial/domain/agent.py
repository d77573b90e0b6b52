"""What an agent is: the words it is made of, and how long it may talk."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final


@dataclass(frozen=True)
class TalkLimits:
    """Silence and length limits of a conversation, all counted in seconds.

    ``idle_warning_s`` and ``idle_end_s`` run from the same start: the moment the line fell silent and it was the
    callee's turn. When the end does not come after the warning, the warning is not spoken. ``max_length_s`` runs
    from the answer. Defaults: ``spec`` Ringg §2.6.
    """

    idle_warning_s: float = 5.0
    idle_end_s: float = 10.0
    max_length_s: float = 240.0


@dataclass(frozen=True)
class PromptSection:
    title: str
    content: str


@dataclass(frozen=True)
class Voice:
    """A voice an agent may speak with. ``engine`` names the speech part, ``name`` the voice within it."""

    id: str
    name: str
    engine: str
    languages: tuple[str, ...]
    gender: str = ""


AGENT_TYPES: Final = ("outbound", "inbound", "outbound_inbound")
CARRIED: Final = ("callee_name", "mobile_number")
"""Variables every outbound call brings."""
DOMAINS: Final = "whitelisted_domains"
"""Member of an agent's settings: origins such as ``https://example.com`` from which a browser may call."""
LABELS: Final = "classification_labels"
"""Member of an agent's settings: what its talks are sorted into, whichever version talks."""


def listed_variables(names: Iterable[str], agent_type: str) -> tuple[str, ...]:
    """The variables an agent lists, each once; one that calls out always has the carried ones, in front."""
    carried = CARRIED if agent_type.startswith("outbound") else ()
    return tuple(dict.fromkeys((*carried, *names)))


ANALYSIS_TYPES: Final = ("string", "integer", "number", "boolean", "array", "date", "datetime")
"""``array``: of strings; ``date``: ``YYYY-MM-DD``; ``datetime``: ISO 8601 with an offset."""


@dataclass(frozen=True)
class AnalysisPlan:
    """What is to be found out from a finished talk besides the usual.

    ``keys``: names with their types; ``hints``: what a key means, by name; ``defaults``: what a key is where the talk
    does not tell, by name; ``labels``: classifications, each with what it means.

    ``context``: what the owner says of the keys as a whole; ``goal_key``: the one that tells whether the call reached
    its aim; ``platform_context`` and ``client_context``: whatever else the owner wants an analyst to know.
    """

    prompt: str = ""
    keys: Mapping[str, str] = field(default_factory=dict)
    hints: Mapping[str, str] = field(default_factory=dict)
    defaults: Mapping[str, Any] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    context: str = ""
    goal_key: str = ""
    platform_context: Mapping[str, Any] = field(default_factory=dict)
    client_context: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Definition:
    """One version of an agent, as stored: templates still hold ``@{{name}}`` and ``{{name}}``.

    Exactly one of ``flow`` (deterministic, see ``docs/flows.md``) and ``prompt`` (a language model) is used; with
    both, the flow talks. ``defaults`` are values for variables the request does not bring.
    """

    greeting: str = ""
    language: str = "en-US"
    voice_id: str = ""
    prompt: tuple[PromptSection, ...] = ()
    flow: Mapping[str, Any] | None = None
    model: str = ""
    idle_question: str = "Are you still there?"
    farewell: str = ""
    limits: TalkLimits = TalkLimits()
    variables: tuple[str, ...] = ()
    defaults: Mapping[str, str] = field(default_factory=dict)
    require_variables: bool = False
    secondary_language: str = ""
    secondary_voice_id: str = ""
    voice_speed: float = 1.0
    """Times the usual speed."""
    vocab: tuple[str, ...] = ()
    """Words the callee may say that are hard to make out."""
    knowledge: tuple[str, ...] = ()
    """Ids of knowledge bases the agent looks things up in."""
    analysis: AnalysisPlan = AnalysisPlan()
    extract_callee_name: bool = False
    """Greet with the first name only, where the request does not say."""
    caller_ids: tuple[str, ...] = ()
    """Ids of the numbers a call is made from that names none."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """What the agent's editor keeps for itself and nothing here acts on."""
    call_config: Mapping[str, Any] = field(default_factory=dict)
    """The agent's own defaults for what a request may override (window, retries, limits), by the names of
    ``call_config`` in an agent's file: ``window_start``, ``timezone``, ``retry_busy_min``, ``max_length_s`` …"""


@dataclass(frozen=True)
class Brief:
    """What one conversation is told: a definition with the call's variables filled in.

    Only what a flow says still holds templates: it may repeat the callee's answers, so the conversation fills it in
    as it speaks, once, from ``variables`` and those answers.
    """

    agent_name: str
    language: str
    voice: Voice
    greeting: str
    instructions: str
    flow: Mapping[str, Any] | None
    model: str
    idle_question: str
    farewell: str
    limits: TalkLimits
    variables: Mapping[str, str]
    knowledge: tuple[str, ...] = ()
    """Files facts are looked up in (``outdial.knowledge.index``)."""
