"""Every benchmark, one after the other, each in a process of its own: ``make bench``. About ten minutes, alone."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
IN_ORDER: Final = ("store", "serve", "engine", "sip", "vad")


def main() -> None:
    asked = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    asked.add_argument("names", nargs="*", help=f"only these of {', '.join(IN_ORDER)}")
    for name in asked.parse_args().names or IN_ORDER:
        print(f"\n== {name} ==", flush=True)
        subprocess.run([sys.executable, HERE / f"{name}.py"], check=True)


if __name__ == "__main__":
    main()
