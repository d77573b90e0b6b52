"""Several versions of an agent tried against each other (A/B): which of them a call is talked by."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

SETTING: Final = "ab_test"
"""Member of an agent's settings."""
_TOLERANCE: Final = 1e-6


@dataclass(frozen=True)
class ABTest:
    """``shares``: by version id, between 0 and 1; they add up to 1, or there are none yet.

    Only while the test is ``live`` do they count; otherwise every call gets the active version.
    """

    live: bool = False
    shares: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> ABTest:
        """As an agent's settings hold it."""
        stored = settings.get(SETTING) or {}
        return cls(bool(stored.get("live")), dict(stored.get("shares") or {}))

    def to_json(self) -> dict[str, Any]:
        return {"live": self.live, "shares": dict(self.shares)}

    @property
    def takes_part(self) -> frozenset[str]:
        """The versions that calls may get besides the active one."""
        return frozenset(one for one, share in self.shares.items() if share > 0) if self.live else frozenset()

    def version_for(self, call_id: str, active_id: str) -> str:
        """The version this call is talked by, in the end by shares: the same for the same call, whoever asks."""
        if not self.takes_part:
            return active_id
        point = int.from_bytes(hashlib.sha256(call_id.encode()).digest()[:8]) / 2**64
        for version_id, share in sorted(self.shares.items()):
            point -= share
            if share > 0 and point < 0:
                return version_id
        return max(self.takes_part)

    def share_of(self, version_id: str, active_id: str) -> float:
        """The share of calls this version gets now."""
        if self.takes_part:
            return self.shares.get(version_id, 0.0)
        return 1.0 if version_id == active_id else 0.0


def adds_up(shares: Mapping[str, float]) -> bool:
    """Whether the shares are those of a whole."""
    return all(0 <= share <= 1 for share in shares.values()) and abs(sum(shares.values()) - 1) <= _TOLERANCE
