"""The life of a media worker process: dies with its parent, hangs up before it ends, never tears native code down."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import faulthandler
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable
from typing import Final, NoReturn

import structlog

from outdial.dialer.ports import Operator
from outdial.domain.clock import Clock
from outdial.domain.errors import OutdialError
from outdial.workers import wire
from outdial.workers.channel import WorkerEnd, worker_end
from outdial.workers.garbage import spare_what_is_loaded
from outdial.workers.worker import serve

_PR_SET_PDEATHSIG: Final = 1
_PARENT_DIED: Final = signal.SIGUSR1
# Ctrl-C, a closed terminal and a service manager reach every process at once. What becomes of the calls is for the
# parent to say: it lets them end first.
_MEANT_FOR_THE_PARENT: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_STUCK_S: Final = 60.0
"""Much longer than a supervisor waits. The watchdog cannot tell a loop that is stuck from a process that was stopped
and woken with its whole machine: such a pause must not end calls that would go on."""

_log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


def run(channel_fd: int, open_operator: Callable[[], Awaitable[Operator]], clock: Clock) -> NoReturn:
    """Be a media worker on the inherited socket ``channel_fd``; never returns.

    ``open_operator`` brings up carrier, speech and language; its ``room()`` is the worker's capacity. It is never
    closed: the native SIP teardown can crash, and the operating system frees everything anyway.
    """
    _die_with_parent()
    for number in _MEANT_FOR_THE_PARENT:
        signal.signal(number, signal.SIG_IGN)
    os.set_inheritable(channel_fd, False)
    try:
        asyncio.run(_live(socket.socket(fileno=channel_fd), open_operator, clock))
    finally:
        _exit(1)


async def _live(sock: socket.socket, open_operator: Callable[[], Awaitable[Operator]], clock: Clock) -> NoReturn:
    code = 1
    channel = await worker_end(sock)
    try:
        operator = await open_operator()
        spare_what_is_loaded()
        await _serve_watched(channel, operator, clock)
        code = 0
    except OutdialError as fault:
        await _say(channel, str(fault))
    except Exception as fault:
        _log.exception("media worker broke")
        await _say(channel, f"{type(fault).__name__}: {fault}")
    # Here and not after asyncio.run: its own teardown waits for threads that may never end.
    _exit(code)


async def _serve_watched(channel: WorkerEnd, operator: Operator, clock: Clock) -> None:
    async with asyncio.TaskGroup() as group:
        watch = group.create_task(_show_life())
        work = group.create_task(serve(channel, operator, clock=clock))
        asyncio.get_running_loop().add_signal_handler(_PARENT_DIED, work.cancel)
        await asyncio.wait([work])
        watch.cancel()
        if not work.cancelled():
            work.result()


async def _show_life() -> None:
    """A loop that stands still for a minute ends the process, orphan or not, and says on stderr where it stood.

    The interpreter's own watchdog thread does it without the GIL, so native code cannot hold it up.
    """
    while True:
        faulthandler.dump_traceback_later(_STUCK_S, exit=True)
        await asyncio.sleep(1)


async def _say(channel: WorkerEnd, reason: str) -> None:
    channel.send(wire.Trouble(reason))
    await channel.flush()


def _die_with_parent() -> None:
    """Linux sends a signal when the parent ends, however it ends; elsewhere the end of the channel must do."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, _PARENT_DIED, 0, 0, 0)


def _exit(code: int) -> NoReturn:
    with contextlib.suppress(OSError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)
