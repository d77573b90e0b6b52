"""The command line: ``outdial``."""

from outdial.cli.app import main

__all__ = ["main"]
