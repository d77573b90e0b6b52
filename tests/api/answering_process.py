"""Run by a test as a process of its own: the doors over a database on a port it tells, until it is killed.

Its second argument says when it kills itself, nobody being answered: ``before`` its first commit or right ``after`` it.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Concatenate, Final, ParamSpec, TypeVar

from sqlalchemy import Connection

from api_builders import open_doors
from outdial.bootstrap.web import WebServer
from outdial.store.database import Database

P = ParamSpec("P")
T = TypeVar("T")
DIES: Final = sys.argv[2] if len(sys.argv) > 2 else "never"


class Mortal(Database):
    async def write(self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        def work_and_die(conn: Connection) -> T:
            done = work(conn, *args, **kwargs)
            if DIES == "before":
                os.kill(os.getpid(), signal.SIGKILL)
            return done

        done = await super().write(work_and_die)
        if DIES == "after":
            os.kill(os.getpid(), signal.SIGKILL)
        return done


async def main(url: str) -> None:
    database = await Mortal.open(url, migrate=False)
    async with open_doors(database, Path(".")) as doors:
        with socket.socket() as sock:
            sock.bind(("127.0.0.1", 0))
            sys.stdout.write(f"{sock.getsockname()[1]}\n")
            sys.stdout.flush()
            await WebServer(doors.app).run_on(sock)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
