"""Receivers of webhooks as their senders know them: one URL of a workspace, and the origin (RFC 6454) it is on.

An endpoint::

    active ──410──▶ disabled ──enabled by somebody, or its URL is subscribed again──▶ active

An active one may be *failing* (its last try failed, see ``failing_since``) or *paused* (it answered 429, or 503 with
``Retry-After``: nothing is sent there before ``paused_until``). The first try that succeeds ends both.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

_BEFORE_PATH: Final = re.compile(r"(?:[a-zA-Z][a-zA-Z0-9+.-]*://)?[^/?#]*")
_DEFAULT_PORTS: Final = {"http": "80", "https": "443"}
ROTATION_GRACE: Final = timedelta(hours=24)
"""How long the secret before is valid beside a new one, unless told otherwise."""
MAX_ROTATION_GRACE: Final = timedelta(days=7)
_TOLD_AFTER: Final = 4
"""Failed tries in a row after which operators are told: those of the vendor's quick schedule."""


class EndpointState(StrEnum):
    ACTIVE = "active"
    FAILING = "failing"
    """The last try failed. It goes on being tried."""
    DISABLED = "disabled"
    """It answered 410: nothing is sent there until somebody enables it."""


@dataclass(frozen=True)
class WebhookEndpoint:
    """``url`` is without query and fragment (``endpoint_of``). ``registered``: somebody gave it a secret; others are
    known only while they fail. Secrets are ``whsec_`` and base64, or empty."""

    id: str
    workspace_id: str
    url: str
    created_at: datetime
    updated_at: datetime
    registered: bool = False
    secret: str = ""
    previous_secret: str = ""
    previous_until: datetime | None = None
    failures: int = 0
    """Failed tries in a row."""
    failing_since: datetime | None = None
    last_error: str = ""
    paused_until: datetime | None = None
    disabled_at: datetime | None = None

    @property
    def state(self) -> EndpointState:
        if self.disabled_at is not None:
            return EndpointState.DISABLED
        return EndpointState.FAILING if self.failures else EndpointState.ACTIVE

    @property
    def keeps_failing(self) -> bool:
        """Whether it has failed for longer than the quick schedule lasts."""
        return self.failures >= _TOLD_AFTER

    def secrets_at(self, now: datetime) -> tuple[str, ...]:
        """Those requests are signed with, the newest first; empty: it has none of its own."""
        old = self.previous_secret if self.previous_until is not None and now < self.previous_until else ""
        return tuple(secret for secret in (self.secret, old) if secret)


@dataclass(frozen=True)
class Standing:
    """How the last tries to an origin went, while they fail: one that answers is in no list.

    ``failures`` and, of them, ``hangs`` (time-outs) count in a row. Until ``trying_until`` a try is under way.
    """

    lane: str
    failures: int
    hangs: int
    trying_until: datetime

    @property
    def keeps_hanging(self) -> bool:
        """Whether the next try is worth a short time-out only.

        Every fourth has the whole time, or a receiver that is slow, and was away, would never be found well again.
        """
        return self.hangs >= 3 and self.hangs % 4 != 0


def endpoint_of(url: str) -> str:
    """The URL without its query and fragment: parameters tell calls apart, not receivers."""
    return url.partition("#")[0].partition("?")[0]


def origin_of(url: str) -> str:
    """``https://host:port`` of a URL, without user and password; of what is no web address, what stands before the
    path. For logs: nothing of what a customer may keep secret."""
    found = _BEFORE_PATH.match(url)
    scheme, separator, authority = (found.group() if found else "").partition("://")
    if not separator:
        return ""
    scheme, host = scheme.lower(), authority.rpartition("@")[2].lower()
    return f"{scheme}://{host.removesuffix(':' + _DEFAULT_PORTS.get(scheme, ''))}"


def lane_of(workspace_id: str, url: str) -> str:
    """What deliveries share that wait in one line: never empty."""
    return f"{workspace_id} {origin_of(url)}"


def workspace_of(lane: str) -> str:
    return lane.partition(" ")[0]
