"""``outdial serve`` that writes down each step of its attempts, and strikes where the trap says so."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from outdial.bootstrap.logs import configure_logs
from outdial.bootstrap.node import serve
from outdial.dialer.steps import Step
from outdial.settings import load
from torture.blows import Trap
from torture.traces import note


class Watcher:
    """Counts how often the step of the trap was reached since it was armed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._trap = Trap(folder)
        self._reached = 0

    def __call__(self, step: Step, attempt: tuple[str, int]) -> None:
        note(self._folder, step, *attempt)
        blow = self._trap.armed()
        if blow is None or blow.step != step:
            return
        self._reached += 1
        if self._reached >= blow.nth and self._trap.disarm():
            self._reached = 0
            self._trap.strike(blow.victim, os.getpid())


if __name__ == "__main__":
    settings = load(os.environ)
    configure_logs(settings)
    asyncio.run(serve(settings, announce=print, watch=Watcher(Path(os.environ["TORTURE_FOLDER"]))))
