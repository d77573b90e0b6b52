"""What is sent and answered about agents and their versions."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, StringConstraints

from outdial.api.native.requests import HEADERS, Headers, Name, Strict, Url
from outdial.domain.limits import MAX_DESCRIPTION_LETTERS, MAX_DOMAINS, MAX_SUBSCRIPTIONS

AgentName = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"\S")]
Note = Annotated[str, StringConstraints(max_length=MAX_DESCRIPTION_LETTERS)]
AgentType = Literal["outbound", "inbound", "outbound_inbound"]
Definition = Annotated[
    dict[str, Any],
    Field(description="docs/agents.md names its members, docs/limits.md their limits"),
]
Domains = Annotated[list[Name], Field(max_length=MAX_DOMAINS, description="Origins a browser may call from")]


class SubscriptionIn(Strict):
    """An endpoint that is told of the agent's calls."""

    events: list[Name] = Field(min_length=1, max_length=50, examples=[["call_ended", "processed"]])
    url: Url = Field(examples=["https://hooks.example.test/outdial"])
    headers: Headers = Field(default={}, description=f"*** keeps the value that is stored; {HEADERS}")
    method: Literal["POST", "PUT", "PATCH"] = "POST"


Subscriptions = Annotated[list[SubscriptionIn], Field(max_length=MAX_SUBSCRIPTIONS)]


class AgentIn(Strict):
    name: AgentName
    definition: Definition
    tag: Annotated[str, StringConstraints(pattern=r"^\S{1,128}$")] | None = Field(
        default=None, description="Unique in the workspace; null makes one up"
    )
    type: AgentType = "outbound"
    description: Note = Field(default="", description="Of the first version")
    subscriptions: Subscriptions = Field(default=[])
    whitelisted_domains: Domains = Field(default=[])


class AgentChange(Strict):
    """What is left out stays as it is."""

    name: AgentName = ""
    type: AgentType = "outbound"
    definition: Definition = Field(default={}, description="Members of the active version to replace, in place")
    subscriptions: Subscriptions = Field(default=[], description="All of them; those made by other dialects stay")
    whitelisted_domains: Domains = Field(default=[], description="All of them")


class VersionIn(Strict):
    definition: Definition
    description: Note = ""
    active: bool = Field(default=False, description="true: it talks from now on")


BODIES = (AgentIn, AgentChange, VersionIn)


class Subscription(BaseModel):
    """``headers``: values masked."""

    events: list[str]
    url: str
    headers: dict[str, str]
    method: str


class Version(BaseModel):
    id: str
    number: int
    description: str
    active: bool
    created_at: str
    updated_at: str
    definition: dict[str, Any]
    warnings: list[str] = Field(description="What is odd about it, e.g. that its voice does not speak the language")


class VersionList(BaseModel):
    versions: list[Version] = Field(description="The active one, then the others, newest first")


class Agent(BaseModel):
    """An agent in use with its active version."""

    id: str
    name: str
    tag: str
    type: str
    version: Version
    subscriptions: list[Subscription]
    whitelisted_domains: list[str]
    created_at: str
    updated_at: str


class AgentPage(BaseModel):
    agents: list[Agent]
    next: str | None = Field(description="cursor of the next page; null: this is the last")
