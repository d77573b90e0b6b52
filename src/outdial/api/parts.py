"""What the doors are handed: everything they use, and nothing they could reach for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from outdial.api.rate import HourlyLimits, RateLimit, WrongKeys
from outdial.api.recordings import RecordingLinks
from outdial.domain.agent import Voice
from outdial.domain.clock import Clock
from outdial.domain.language_models import LanguageModels
from outdial.outgoing.trunk_targets import TrunkTargets
from outdial.store.database import Database


@dataclass(frozen=True)
class Health:
    """Whether calls can be taken, and how each part stands, in a word or a line a person can act on."""

    ready: bool
    parts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Parts:
    """``recordings_dir`` is the folder recording paths are under; ``voices``, by id, are those a call may choose.

    ``rate`` counts by key, ``workspace_rate`` by workspace, ``wrong_keys`` by address.
    """

    database: Database
    voices: Mapping[str, Voice]
    now: Clock
    rate: RateLimit
    workspace_rate: RateLimit
    wrong_keys: WrongKeys
    hourly: HourlyLimits
    links: RecordingLinks
    recordings_dir: Path
    health: Callable[[], Awaitable[Health]]
    placed: Callable[[], None] = lambda: None
    """Called after every accepted call, so that nobody waits for the next look at the calendar."""
    trunk_targets: TrunkTargets = field(default_factory=TrunkTargets)
    """Where trunks may lead that are added here."""
    new_job: Callable[[], None] = lambda: None
    """Called when a job in the background was written down."""
    language_models: LanguageModels = field(default_factory=LanguageModels)
    """Whether one is configured: agents without a flow need it."""
