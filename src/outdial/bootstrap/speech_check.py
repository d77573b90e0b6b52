"""``python -m outdial.bootstrap.speech_check``: load ears and voice as a media worker would, say how it went, end.

A process of its own: native code that crashes takes nothing else down, and nobody else waits for its imports.
"""

from __future__ import annotations

import asyncio
import os
import sys

from outdial.bootstrap.parts import open_speech
from outdial.domain.errors import OutdialError
from outdial.settings import Settings, load


async def _check(settings: Settings) -> None:
    async with open_speech(settings):
        pass


def main() -> None:
    try:
        asyncio.run(_check(load(os.environ)))
    except OutdialError as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
