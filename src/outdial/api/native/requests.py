"""What clients may send. Bodies are strict: an unknown member, or a number in quotes, is a mistake worth hearing of."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, time
from typing import Annotated, Any, Final, Self, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    WithJsonSchema,
    model_validator,
)

from outdial.domain.bounds import headers_faults, too_long, variables_faults
from outdial.domain.errors import Broken, Fault, Invalid, must_be_sound
from outdial.domain.hours import zone
from outdial.domain.limits import (
    MAX_CALLER_NUMBERS,
    MAX_HEADER_LETTERS,
    MAX_HEADER_NAME_LETTERS,
    MAX_HEADERS,
    MAX_HEADERS_BYTES,
    MAX_LABEL_LETTERS,
    MAX_METADATA_BYTES,
    MAX_NAME_LETTERS,
    MAX_URL_LETTERS,
    MAX_VARIABLE_LETTERS,
    MAX_VARIABLES,
    MAX_VARIABLES_BYTES,
)
from outdial.domain.sizes import json_bytes
from outdial.domain.subscription_headers import may_be_sent
from outdial.domain.web_addresses import is_web_address

Model = TypeVar("Model", bound=BaseModel)
T = TypeVar("T")
_HHMM: Final = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"
_MOMENT: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)


def moment(value: object) -> object:
    """An RFC 3339 text as an instant in UTC; anything else as it is, to be refused."""
    if not isinstance(value, str):
        return value
    if not _MOMENT.fullmatch(value):
        raise ValueError("must be a date and time with its offset, e.g. 2026-03-03T09:00:00+01:00")
    try:
        return datetime.fromisoformat(value.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("is no moment of any calendar") from None


def _wall_time(value: object) -> object:
    return time.fromisoformat(value) if isinstance(value, str) and re.fullmatch(_HHMM, value) else value


def _web_address(url: str) -> str:
    if not is_web_address(url):
        raise ValueError("must be an http or https URL")
    return url


def _sendable(headers: dict[str, str]) -> dict[str, str]:
    if wrong := [name for name, value in headers.items() if not may_be_sent(name, value)]:
        raise ValueError(f"{wrong[0]} is no header that can be sent")
    return headers


def _known_zone(name: str) -> str:
    try:
        zone(name)
    except Broken:
        raise ValueError("is not a known time zone") from None
    return name


Moment = Annotated[datetime, BeforeValidator(moment), WithJsonSchema({"type": "string", "format": "date-time"})]
WallTime = Annotated[time, BeforeValidator(_wall_time), WithJsonSchema({"type": "string", "pattern": _HHMM})]
Zone = Annotated[str, AfterValidator(_known_zone)]
E164 = Annotated[str, StringConstraints(pattern=r"^\+[1-9][0-9]{6,14}$")]
Text = Annotated[str, StringConstraints(max_length=MAX_NAME_LETTERS)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=MAX_LABEL_LETTERS)]
Url = Annotated[str, StringConstraints(max_length=MAX_URL_LETTERS)]
HeaderName = Annotated[str, StringConstraints(max_length=MAX_HEADER_NAME_LETTERS)]
HeaderValue = Annotated[str, StringConstraints(max_length=MAX_HEADER_LETTERS)]
Headers = Annotated[dict[HeaderName, HeaderValue], Field(max_length=MAX_HEADERS)]
Rotated = Annotated[list[T], Field(min_length=1, max_length=MAX_CALLER_NUMBERS)]
HEADERS: Final = f"in all at most {MAX_HEADERS_BYTES} bytes"
Minutes = Annotated[float, Field(ge=0, le=10080)]
Silence = Annotated[float, Field(ge=1, le=600)]


class Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)


class WindowIn(Strict):
    """Hours in which the phone may ring, by the clock on the wall there. The end's whole minute belongs to them."""

    start: WallTime = Field(examples=["09:00"])
    end: WallTime = Field(examples=["17:59"])
    timezone: Zone = Field(max_length=64, examples=["Europe/Berlin"], description="IANA name")


class RetryIn(Strict):
    """Dials after the first one, and the minutes before each by what became of the last."""

    count: int = Field(ge=0, le=20)
    busy_min: Minutes | None = None
    not_picked_min: Minutes | None = None
    failed_min: Minutes | None = None


class LimitsIn(Strict):
    """Seconds; what is left out is the agent's affair."""

    idle_warning_s: Silence | None = None
    idle_end_s: Silence | None = None
    max_length_s: Annotated[float, Field(ge=10, le=14400)] | None = None


class CallbackIn(Strict):
    """An endpoint that is told of this call alone."""

    url: Annotated[Url, AfterValidator(_web_address)] = Field(examples=["https://hooks.example.test/outdial"])
    headers: Annotated[Headers, AfterValidator(_sendable)] = Field(default={}, description=f"Sent along; {HEADERS}")


class CallIn(Strict):
    """A call: exactly one of ``agent_id`` and ``agent_tag``, exactly one source of a caller number."""

    to_number: E164 = Field(examples=["+12025550143"])
    agent_id: Name | None = None
    agent_tag: Name | None = None
    from_numbers: Rotated[E164] | None = Field(default=None, description="Rotated")
    from_number_ids: Rotated[Name] | None = Field(default=None, description="Rotated")
    number_pool_id: Name | None = None
    callee_name: Text | None = None
    variables: dict[str, Any] | None = Field(
        default=None,
        max_length=MAX_VARIABLES,
        description=f"Each at most {MAX_VARIABLE_LETTERS} letters, in all {MAX_VARIABLES_BYTES} bytes",
    )
    window: WindowIn | None = None
    scheduled_at: Moment | None = Field(default=None, description="RFC 3339 with offset; the past means now")
    retry: RetryIn | None = None
    limits: LimitsIn | None = None
    version_id: Name | None = None
    voice_id: Name | None = None
    call_category: Name | None = None
    callback: CallbackIn | None = None
    metadata: dict[str, Any] | None = Field(
        default=None, description=f"Kept and given back, never looked at; at most {MAX_METADATA_BYTES} bytes"
    )

    @model_validator(mode="after")
    def _one_of_each(self) -> Self:
        for names in (("agent_id", "agent_tag"), ("from_numbers", "from_number_ids", "number_pool_id")):
            if sum(getattr(self, name) is not None for name in names) != 1:
                raise ValueError(f"give exactly one of {', '.join(names)}")
        return self


def must_be_bounded(call: CallIn) -> None:
    """
    Raises:
        Invalid: something is over a limit that is no single text's.
    """
    faults = [*variables_faults(call.variables or {}, "variables")]
    if json_bytes(call.metadata, at_most=MAX_METADATA_BYTES) > MAX_METADATA_BYTES:
        faults.append(too_long(("metadata",), MAX_METADATA_BYTES, "bytes"))
    if call.callback is not None:
        faults += headers_faults(call.callback.headers, "callback", "headers")
    must_be_sound(faults)


class Reschedule(Strict):
    scheduled_at: Moment | None = Field(description="RFC 3339 with offset; null: now")


class SuppressionIn(Strict):
    reason: Annotated[str, StringConstraints(max_length=200)] = ""


class PolicyCheckIn(Strict):
    to_number: E164 = Field(examples=["+12025550143"])
    window: WindowIn | None = None
    scheduled_at: Moment | None = None


def read(model: type[Model], body: Mapping[str, object]) -> Model:
    """``body`` as a ``model``.

    Raises:
        Invalid: with every fault and where it stands.
    """
    try:
        return model.model_validate(body)
    except ValidationError as error:
        # Without what was sent: that may be large, and it is not said again.
        found = error.errors(include_url=False, include_context=False, include_input=False)
        raise Invalid(*(_fault(one["loc"], one["msg"], one["type"]) for one in found)) from None


def _fault(path: tuple[int | str, ...], message: str, kind: str) -> Fault:
    names = tuple(str(name) for name in path)
    said = message.removeprefix("Value error, ")
    return Fault(names, f"{'.'.join(names)}: {said}" if names else said, kind)
