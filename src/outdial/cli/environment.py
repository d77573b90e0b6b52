"""What every command begins with: the settings of its environment, and a console to say what it did."""

from __future__ import annotations

import os
from typing import Final

from outdial.bootstrap.private_files import begin
from outdial.cli.console import SafeConsole
from outdial.settings import Settings, load, unknown_variables

TRUNK_PASSWORD: Final = "OUTDIAL_TRUNK_PASSWORD"
"""No setting, but a way to keep a trunk's password out of the list of processes."""


def settings() -> Settings:
    """The settings, with their folder made and closed to others; what looks like one and is none is named.

    Raises:
        Invalid: a setting that cannot be used.
        Refused: the folder cannot be made.
    """
    mine = load(os.environ)
    begin(mine)
    for name in sorted(set(unknown_variables(os.environ)) - {TRUNK_PASSWORD}):
        SafeConsole(stderr=True).print(f"outdial: {name} is not a setting of Outdial and is ignored")
    return mine
