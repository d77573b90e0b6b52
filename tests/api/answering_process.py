"""Run by a test as a process of its own: the doors over a database on a port it tells, until it is killed.

With ``dies`` as its second argument it kills itself when its first call is stored, before anybody is answered.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from pathlib import Path

from api_builders import open_doors
from outdial.bootstrap.web import WebServer
from outdial.store.database import Database


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


async def main(url: str, *, dies: bool) -> None:
    database = await Database.open(url, migrate=False)
    async with open_doors(database, Path("."), placed=die if dies else lambda: None) as doors:
        with socket.socket() as sock:
            sock.bind(("127.0.0.1", 0))
            sys.stdout.write(f"{sock.getsockname()[1]}\n")
            sys.stdout.flush()
            await WebServer(doors.app).run_on(sock)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], dies="dies" in sys.argv[2:]))
