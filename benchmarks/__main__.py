"""Every benchmark, one after the other, each in a process of its own: ``make bench``. About an hour, alone."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
IN_ORDER: Final = ("store", "serve", "engine", "sip", "vad", "strangers", "dispatch")


def main() -> None:
    asked = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    asked.add_argument("names", nargs="*", help=f"only these of {', '.join(IN_ORDER)}")
    for name in asked.parse_args().names or IN_ORDER:
        print(f"\n== {name} ==", flush=True)
        many_files = (HERE / name).is_dir()
        command = ["-m", f"benchmarks.{name}"] if many_files else [str(HERE / f"{name}.py")]
        subprocess.run([sys.executable, *command], check=True, cwd=HERE.parent)


if __name__ == "__main__":
    main()
