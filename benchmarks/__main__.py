"""Every benchmark, one after the other, each in a process of its own: ``make bench``. About ten minutes, alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
IN_ORDER: Final = ("store", "serve", "engine", "sip", "vad")


def main() -> None:
    for name in IN_ORDER:
        print(f"\n== {name} ==", flush=True)
        subprocess.run([sys.executable, HERE / f"{name}.py"], check=True)


if __name__ == "__main__":
    main()
