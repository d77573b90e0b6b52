"""What may be struck, when and how: the steps of an attempt, and the victims at each of them."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

import psutil

MEDIA: Final = "bootstrap.media"


class Victim(StrEnum):
    """Killed with SIGKILL, frozen with SIGSTOP for longer than a lease and woken again, or asked to stop (SIGTERM).

    A stalled node is frozen for longer than it lets its media workers be silent, who talk on meanwhile.
    """

    WORKER = "worker"
    NODE = "node"
    TREE = "tree"
    FROZEN_WORKER = "frozen worker"
    FROZEN_NODE = "frozen node"
    FROZEN_TREE = "frozen tree"
    STALLED_NODE = "stalled node"
    STOPPED_NODE = "stopped node"

    @property
    def signal(self) -> signal.Signals:
        match self:
            case Victim.FROZEN_WORKER | Victim.FROZEN_NODE | Victim.FROZEN_TREE | Victim.STALLED_NODE:
                return signal.SIGSTOP
            case Victim.STOPPED_NODE:
                return signal.SIGTERM
            case _:
                return signal.SIGKILL


IN_THE_NODE: Final = ("claiming", "claimed", "asking", "asked", "handed_over", "finishing", "finished")
"""Seen by the node itself (``outdial.dialer.steps``)."""
AT_THE_PEER: Final = ("invited", "ringing", "answered", "said", "ended")
"""Seen by the telephone that is called."""
AT_THE_ENDPOINT: Final = ("webhook",)
"""The last webhook has come, and was not answered yet."""
STEPS: Final = (*IN_THE_NODE[:5], *AT_THE_PEER, *IN_THE_NODE[5:], *AT_THE_ENDPOINT)


@dataclass(frozen=True)
class Blow:
    """Strike ``victim`` the ``nth`` time that an attempt comes to ``step``."""

    step: str
    victim: Victim
    nth: int = 1


@dataclass(frozen=True)
class Struck:
    """Who was hit: the node, and the processes that stand still until somebody wakes them."""

    node: int
    stopped: tuple[int, ...] = ()
    ends: bool = False
    """The node itself is gone, or about to go."""

    def wake(self) -> None:
        for pid in self.stopped:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


class Trap:
    """A file in a folder that all nodes look at: armed by the harness, sprung by whoever comes to the step first."""

    def __init__(self, folder: Path) -> None:
        self._armed = folder / "armed.json"
        self._sprung = folder / "sprung.json"

    def arm(self, blow: Blow) -> None:
        self._sprung.unlink(missing_ok=True)
        draft = self._armed.with_suffix(".new")
        draft.write_text(json.dumps(asdict(blow)))
        draft.rename(self._armed)

    def armed(self) -> Blow | None:
        with suppress(FileNotFoundError):
            fields = json.loads(self._armed.read_text())
            return Blow(fields["step"], Victim(fields["victim"]), fields["nth"])
        return None

    def disarm(self) -> bool:
        """False: somebody else was faster."""
        try:
            self._armed.unlink()
        except FileNotFoundError:
            return False
        return True

    def strike(self, victim: Victim, node: int) -> None:
        """Once disarmed: hit. The node may be this very process."""
        hit = targets(victim, node)
        draft = self._sprung.with_suffix(".new")
        frozen = victim.signal is signal.SIGSTOP
        ends = not frozen and node in hit
        draft.write_text(json.dumps(asdict(Struck(node, tuple(hit) if frozen else (), ends))))
        draft.rename(self._sprung)
        for pid in hit:
            with suppress(ProcessLookupError):
                os.kill(pid, victim.signal)

    def sprung(self) -> Struck | None:
        with suppress(FileNotFoundError):
            fields = json.loads(self._sprung.read_text())
            return Struck(fields["node"], tuple(fields["stopped"]), fields["ends"])
        return None


def targets(victim: Victim, node: int) -> Sequence[int]:
    """Process ids, the node last: it may be this very process."""
    children = psutil.Process(node).children()
    workers = [child.pid for child in children if MEDIA in " ".join(child.cmdline())]
    match victim:
        case Victim.WORKER | Victim.FROZEN_WORKER:
            return workers
        case Victim.NODE | Victim.FROZEN_NODE | Victim.STALLED_NODE | Victim.STOPPED_NODE:
            return [node]
        case _:
            return [*workers, node]
