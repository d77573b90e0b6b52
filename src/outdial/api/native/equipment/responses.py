"""What is sent and answered about caller numbers, trunks and pools."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, StringConstraints

from outdial.api.native.requests import E164, HEADERS, Headers, Name, Strict, Text
from outdial.domain.limits import MAX_POOL_NUMBERS, MAX_TAGS
from outdial.domain.rules import CALLS_PER_S, MOST

Limit = Annotated[int, Field(ge=0, le=MOST)]
CallsPerSecond = Annotated[float, Field(ge=CALLS_PER_S[0], le=CALLS_PER_S[1])]
Tags = Annotated[list[Name], Field(max_length=MAX_TAGS)]
Ids = Annotated[list[Name], Field(max_length=MAX_POOL_NUMBERS)]
Codec = Literal["pcmu", "pcma", "g722", "opus"]
Setting = Annotated[str, StringConstraints(max_length=512)]
_MAX_CALLS = "Calls at the same moment; null: no limit; 0: none"


class NumberChange(Strict):
    """What is left out stays as it is."""

    trunk_id: Name = ""
    number_pool_id: Name | None = Field(default=None, description="null: in no pool")
    display_name: Text = ""
    outbound: bool = Field(default=True, description="false: no call is made from it")
    spam: bool = Field(default=False, description="true: no call is made from it, for it is marked as a nuisance")
    tags: Tags = Field(default=[])
    max_calls: Limit | None = Field(default=None, description=_MAX_CALLS)


class NumberIn(NumberChange):
    number: E164 = Field(examples=["+12025550100"])
    trunk_id: Name


class TrunkChange(Strict):
    """What is left out stays as it is."""

    name: Name = ""
    host: Setting = Field(default="", examples=["sip.example.test"])
    port: Annotated[int, Field(ge=1, le=65535)] = 5060
    transport: Literal["udp", "tcp", "tls"] = "udp"
    auth_user: Setting = ""
    password: Setting = Field(default="", description="Never given back")
    srtp: Literal["off", "optional", "mandatory"] = "off"
    codecs: list[Codec] = Field(default=["pcmu", "pcma"], min_length=1, max_length=4)
    outbound_proxy: Setting = Field(default="", description="host, host:port or sip:host:port;transport=tcp")
    headers: Headers = Field(default={}, description=f"Sent with every INVITE; {HEADERS}")
    display_name: Setting = ""
    max_calls: Limit | None = Field(default=None, description=_MAX_CALLS)
    calls_per_s: CallsPerSecond | None = Field(default=None, description="Asked of it; null: no limit")


class TrunkIn(TrunkChange):
    name: Name
    host: Setting = Field(examples=["sip.example.test"])


class PoolChange(Strict):
    """What is left out stays as it is."""

    name: Name = ""
    number_ids: Ids = Field(default=[], description="All of them; they leave the pools they were in")


class PoolIn(PoolChange):
    name: Name


BODIES = (NumberIn, NumberChange, TrunkIn, TrunkChange, PoolIn, PoolChange)


class Number(BaseModel):
    """A caller number."""

    id: str
    number: str
    trunk_id: str
    number_pool_id: str | None
    agent_id: str | None = Field(description="The agent it belongs to; any agent may call from it")
    display_name: str
    outbound: bool
    spam: bool
    tags: list[str]
    max_calls: int | None
    used_at: str | None
    created_at: str


class NumberPage(BaseModel):
    numbers: list[Number]
    next: str | None = Field(description="cursor of the next page; null: this is the last")


class Trunk(BaseModel):
    """An account at a carrier."""

    id: str
    name: str
    kind: str = Field(description="sip, or simulator: the simulated network")
    host: str
    port: int
    transport: str
    auth_user: str
    has_password: bool
    srtp: str
    codecs: list[str]
    outbound_proxy: str
    headers: dict[str, Any]
    ca_file: str = Field(description="On the server, set there; empty: the system's certificates")
    display_name: str
    max_calls: int | None
    calls_per_s: float | None
    created_at: str


class TrunkPage(BaseModel):
    trunks: list[Trunk]
    next: str | None = Field(description="cursor of the next page; null: this is the last")


class Pool(BaseModel):
    id: str
    name: str
    number_ids: list[str]
    created_at: str


class PoolPage(BaseModel):
    pools: list[Pool]
    next: str | None = Field(description="cursor of the next page; null: this is the last")
