"""The workspace, its numbers and its people in the vendor's JSON, field for field, in its order."""

from __future__ import annotations

from pydantic import BaseModel, Field


class NumberAgent(BaseModel):
    id: str
    agent_display_name: str


class NumberRow(BaseModel):
    id: str
    number: str
    created_at: str
    call_count: int
    agent: NumberAgent | None
    is_inbound_enabled: bool
    is_test_number: bool
    tags: list[str]
    is_spam: bool
    spam_message: str | None
    provider: str
    display_name: str
    owner: str = Field(description="Email of the workspace's first user; empty: there is none")
    is_custom_number: bool
    telephony_id: str | None
    number_pool_id: str | None


class NumbersResponse(BaseModel):
    workspace_numbers: list[NumberRow]


class WorkspaceInfo(BaseModel):
    id: str
    name: str
    created_at: str
    credits: float
    locked_credits: float
    total_available_credits: str = Field(description="Decimal text: credits minus locked credits")
    api_key: str = Field(description="Masked: keys are stored hashed")


class WorkspaceResponse(BaseModel):
    workspace_info: WorkspaceInfo


class WorkspaceRow(BaseModel):
    id: str
    name: str
    created_at: str
    role: str
    credits: float
    locked_credits: float


class WorkspacesResponse(BaseModel):
    workspaces: list[WorkspaceRow]


class UserRow(BaseModel):
    id: str
    username: str
    email: str
    role: str
    invite_status: str


class UsersResponse(BaseModel):
    workspace_users: list[UserRow]


class NewKeyResponse(BaseModel):
    new_api_key: str = Field(description="Shown this once; the key that asked for it is dead")
