"""How the node starts its child processes, and what they are told."""

from __future__ import annotations

import argparse
import sys
from typing import Protocol, cast


class Arguments(Protocol):
    channel_fd: int
    """The inherited socket to the node."""
    place: int
    """Which of several like it this process is, from 0."""
    ca_file: list[str]
    """PEM files that trunks' certificates are checked against."""
    port: int
    """A port the node has chosen for it; 0: none."""


def arguments() -> Arguments:
    """What this child process was started with."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--channel-fd", type=int, required=True)
    parser.add_argument("--place", type=int, default=0)
    parser.add_argument("--ca-file", action="append", default=[])
    parser.add_argument("--port", type=int, default=0)
    return cast(Arguments, parser.parse_args())


def command(module: str, *more: str) -> list[str]:
    """The command line of a child process in this same Python."""
    return [sys.executable, "-m", module, *more]
