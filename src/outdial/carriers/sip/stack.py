"""The one SIP stack of a process: its start, its calls, its end.

The native library keeps one state per process and cannot be started again after a fault: ``wait_dead`` tells when the
process has to be replaced. All its callbacks arrive on the event loop; no thread here is ours.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, Final, Self, TypeVar

import baresip
import structlog
from baresip import BaresipError, CommandTimeout, NoLocalAddressError, RuntimeDead

from outdial.carriers.sip.addresses import Route, Unfit
from outdial.carriers.sip.certificates import ca_bundle, check_ca_file
from outdial.carriers.sip.line import Line
from outdial.carriers.sip.native import NativeCall, NativeEvent, NativeIdentity, NativeRuntime
from outdial.carriers.sip.settings import SipSettings, check_port_free, native_lines
from outdial.domain.attempt import Trunk
from outdial.domain.errors import Broken, Unreachable
from outdial.domain.outcome import NotReached

T = TypeVar("T")
Hindered = Callable[[], NotReached | None]
_COMMAND_TIMEOUT_S: Final = 15.0
_CLOSE_TIMEOUT_S: Final = 8.0
"""The native thread ends one call after the other, about 25 ms each: 4 s for 150 calls."""
_log: Final[structlog.stdlib.BoundLogger] = structlog.get_logger(__name__)


class SipStack:
    """``async with SipStack(SipSettings()) as stack``; at most one at a time in a process."""

    def __init__(self, settings: SipSettings) -> None:
        self._settings = settings
        self._runtime: NativeRuntime = baresip.Runtime(command_timeout=_COMMAND_TIMEOUT_S)
        self._identities: dict[str, NativeIdentity] = {}
        self._creating = asyncio.Lock()
        self._lines: dict[int, Line] = {}
        self._connecting = 0
        self._strangers = 0
        self._strays: dict[int, list[NativeEvent]] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._dead: asyncio.Future[str] | None = None

    async def __aenter__(self) -> Self:
        """Start the native stack.

        Raises:
            Unreachable: the SIP port is taken, or the native stack does not start.
            Invalid: a CA file cannot be used.
        """
        # The binding's own log lines carry numbers of callees.
        logging.getLogger("baresip").setLevel(logging.WARNING)
        self._dead = asyncio.get_running_loop().create_future()
        self._runtime.on_dead = lambda: self._die("the native SIP thread ended")
        self._runtime.subscribe(self._on_event)
        check_port_free(self._settings)
        try:
            await self._start()
        except BaresipError as failure:
            raise Unreachable(f"the SIP stack does not start: {failure}") from failure
        return self

    async def _start(self) -> None:
        with ca_bundle(self._settings.ca_files) as bundle:  # read once, while starting
            await self._runtime.start(
                baresip.Config(
                    net_interface=self._settings.net_interface.replace("0.0.0.0", "") or None,
                    # Counts against calls that come in only: while one of ours is up, the native thread refuses them.
                    max_concurrent_calls=1,
                    rtp_timeout=self._settings.rtp_timeout_s,
                    native_log_level="error",
                    extra_config_text=native_lines(self._settings, bundle),
                )
            )

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.hang_up_all()
        await self._runtime.close()

    @property
    def calls(self) -> int:
        """Calls that are being set up or talking."""
        return len(self._lines) + self._connecting

    @property
    def dead(self) -> str | None:
        """Why the stack works no more; None while it works."""
        return self._dead.result() if self._dead and self._dead.done() else None

    async def wait_dead(self) -> str:
        """Return once the stack works no more, with the reason; the process should then end."""
        if self._dead is None:
            raise Broken("the SIP stack was not started")
        return await asyncio.shield(self._dead)

    async def dial(self, route: Route, trunk: Trunk, *, hindered: Hindered) -> Line | NotReached:
        """Send an INVITE, unless ``hindered``, asked at the very last, says why not.

        Raises:
            Unreachable: no INVITE left.
            Unfit: the native stack refuses the trunk's settings.
            Broken: the native stack hangs; whether the INVITE left is unknown.
        """
        self._check_room()
        check_ca_file(trunk, self._settings.ca_files)
        self._connecting += 1
        connecting = self._own(self._connect(route, hindered))
        try:
            return await asyncio.shield(connecting)
        except asyncio.CancelledError:
            self._own(self._abandon(connecting))
            raise

    async def hang_up(self, line: Line) -> None:
        """End a call in any state. Cancelling the wait does not keep the call alive."""
        await asyncio.shield(self._own(line.hang_up()))
        self._lines.pop(line.call.handle, None)

    async def hang_up_all(self) -> None:
        """End every call: about a second for 40, at most 8 s. A process may then leave by ``os._exit``."""
        hanging_up = [self._own(line.hang_up()) for line in list(self._lines.values())]
        if pending := {*self._tasks, *hanging_up}:
            _, late = await asyncio.wait(pending, timeout=_CLOSE_TIMEOUT_S)
            for task in late:
                task.cancel()
        self._lines.clear()

    def _check_room(self) -> None:
        if self.dead:
            raise Unreachable(f"this process cannot dial any more: {self.dead}")
        if self.calls >= self._settings.max_calls:
            raise Unreachable(f"this process already holds {self._settings.max_calls} calls")

    async def _connect(self, route: Route, hindered: Hindered) -> Line | NotReached:
        try:
            identity = await self._identity(route.identity)
            if hindrance := hindered():
                return hindrance
            call = await self._command(identity.dial(route.target, headers=route.headers))
            line = Line(call)
            self._lines[call.handle] = line
            self._deliver_strays(call, line)
        finally:
            self._connecting -= 1
            if not self._connecting:
                self._strays.clear()
        return line

    async def _identity(self, address_of_record: str) -> NativeIdentity:
        async with self._creating:
            known = self._identities.get(address_of_record)
            if known is not None:
                return known
            if len(self._identities) >= self._settings.max_identities:
                most = self._settings.max_identities
                raise Unreachable(f"this process already uses {most} caller numbers: restart it to use others")
            created: NativeIdentity = await self._command(baresip.UserAgent.create(self._runtime, address_of_record))
            created.on_incoming(self._turn_away)
            self._identities[address_of_record] = created
            return created

    def _turn_away(self, call: NativeCall) -> None:
        if not self._strangers:  # once is enough: whoever scans the port must not fill the log
            _log.warning("an incoming call was refused: this process only dials; close its port to all but the trunks")
        self._strangers += 1
        self._own(_refuse(call))

    async def _command(self, command: Coroutine[Any, Any, T]) -> T:
        """Run one native command and say in our words what went wrong."""
        try:
            return await command
        except RuntimeDead as dead:
            self._die(str(dead))
            raise Unreachable(f"this process cannot dial any more: {dead}") from None
        except CommandTimeout:
            self._die("the native SIP thread hangs")
            raise Broken("the native SIP thread hangs; a phone may ring") from None
        except NoLocalAddressError:
            raise Unreachable(
                "no local address leads to the trunk: a trunk on loopback needs net_interface 127.0.0.1, "
                "all others need another interface"
            ) from None
        except BaresipError as refused:
            raise Unfit("trunk", f"refused by the SIP stack: {refused}") from None

    def _on_event(self, event: NativeEvent) -> None:
        line = self._lines.get(event.call)
        if line is None:
            if event.call and self._connecting:
                self._strays.setdefault(event.call, []).append(event)
            return
        line.on_event(event)
        if line.closed is not None:
            self._lines.pop(event.call, None)

    def _deliver_strays(self, call: NativeCall, line: Line) -> None:
        """Hand over what happened between the native dial and the moment its call got a name here.

        A refused TCP connection closes the call so early; the binding's own object misses it too.
        """
        for event in self._strays.pop(call.handle, []):
            call._on_stack_event(event)
            self._on_event(event)

    async def _abandon(self, connecting: asyncio.Task[Line | NotReached]) -> None:
        try:
            line = await connecting
        except (Unreachable, Unfit, Broken):
            return
        if isinstance(line, NotReached):
            return
        await line.hang_up()
        self._lines.pop(line.call.handle, None)

    def _own(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _die(self, reason: str) -> None:
        if self._dead is None or self._dead.done():
            return
        _log.error("sip stack is dead", reason=reason, calls=len(self._lines))
        self._dead.set_result(reason)
        for line in list(self._lines.values()):
            line.close(f"the SIP stack failed: {reason}")
        self._lines.clear()


async def _refuse(call: NativeCall) -> None:
    with contextlib.suppress(BaresipError):
        await call.reject()
