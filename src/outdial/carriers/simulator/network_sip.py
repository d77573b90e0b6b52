"""The simulated network over real SIP and RTP: what a trunk looks like from outside.

One ``SipNetwork`` is one trunk. It owns its sockets, its media clock and one task for each call; leaving the
``async with`` block ends them all.
"""

from __future__ import annotations

import asyncio
import ipaddress
import math
import secrets
from collections import deque
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Final, Self

import structlog

from outdial.carriers.simulator import sdp, tones
from outdial.carriers.simulator.auth import Gatekeeper
from outdial.carriers.simulator.callee import Talk, behave
from outdial.carriers.simulator.echo import Echo, EchoPath
from outdial.carriers.simulator.law import LAWS
from outdial.carriers.simulator.rtp_leg import MediaClock, RtpLeg, open_socket
from outdial.carriers.simulator.scenarios import Callee, PhoneBook
from outdial.carriers.simulator.seen import REMEMBERED_CALLS, CallEnd, SeenCall
from outdial.carriers.simulator.sip_call import SipCall
from outdial.carriers.simulator.sip_server import SipServer
from outdial.carriers.simulator.sip_transactions import Timers, Transactions
from outdial.carriers.simulator.switchboard import Switchboard
from outdial.domain.clock import Clock

_LOG = structlog.get_logger(__name__)

_EARLY_MEDIA_S: Final = 120.0
_RINGBACK_S: Final = 6.0


class SipNetwork:
    """``async with SipNetwork(talk=…, clock=…) as network: network.port``.

    ``host`` is an address of this machine; port 0 takes any that is free for UDP and TCP. ``talk`` holds the
    conversations of callees who talk. With a ``gatekeeper`` every INVITE needs digest credentials.

    Raises:
        ValueError: ``host`` is not one IP address.
        OSError: on entering: the port is taken or the host is not ours.
    """

    def __init__(
        self,
        *,
        talk: Talk,
        clock: Clock,
        host: str = "127.0.0.1",
        port: int = 0,
        book: PhoneBook | None = None,
        gatekeeper: Gatekeeper | None = None,
        timers: Timers | None = None,
    ) -> None:
        if ipaddress.ip_address(host).is_unspecified:
            raise ValueError("host must be one address: callers are told to send their sound to it")
        self._talk = talk
        self._clock = clock
        self._host = host
        self._wanted_port = port
        self._book = book or PhoneBook()
        self._table = Transactions(timers or Timers())
        self._switchboard = Switchboard(
            self._table,
            on_call=self._on_call,
            local=lambda: (host, self.port),
            token=lambda: secrets.token_hex(8),
            gatekeeper=gatekeeper,
        )
        self._server = SipServer(self._switchboard.on_message)
        self._media = MediaClock()
        self._tasks: asyncio.TaskGroup | None = None
        self._running: set[asyncio.Task[None]] = set()
        self._stack = AsyncExitStack()
        self.calls: deque[SeenCall] = deque(maxlen=REMEMBERED_CALLS)
        """Every call that came in, oldest first."""

    @property
    def host(self) -> str:
        return self._host

    @property
    def port(self) -> int:
        return self._server.port

    @property
    def malformed(self) -> int:
        """How many datagrams and streams made no sense."""
        return self._server.malformed

    @property
    def calls_under_way(self) -> int:
        return len(self._switchboard)

    async def quiet(self) -> None:
        """Returns when no call is under way."""
        await self._switchboard.quiet()

    async def __aenter__(self) -> Self:
        await self._server.open(self._host, self._wanted_port)
        self._tasks = await self._stack.enter_async_context(asyncio.TaskGroup())
        self._own(self._tasks.create_task(self._media.run()))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._tasks = None
        for task in tuple(self._running):
            task.cancel()
        try:
            await self._stack.aclose()
        finally:
            self._table.close()
            await self._server.close()

    def _own(self, task: asyncio.Task[None]) -> None:
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    def _on_call(self, call: SipCall) -> None:
        if self._tasks is None:  # being switched off
            call.reject(503, "Service Unavailable")
            self._switchboard.unplug(call)
            return
        seen = SeenCall(call.number, call.from_number, call.call_id, self._clock())
        self.calls.append(seen)
        self._own(self._tasks.create_task(self._serve(call, seen)))

    async def _serve(self, call: SipCall, seen: SeenCall) -> None:
        """One call from INVITE to end. A callee that breaks must not take the other calls along."""
        try:
            await self._ring_and_live(call, self._book.callee(call.number), seen)
        except Exception:
            _LOG.exception("a simulated callee broke", call_id=call.call_id, personal_number=call.number)
            call.reject(500, "Server Internal Error", how=CallEnd.BROKEN)
        finally:
            call.switch_off()
            seen.end, seen.sip_code, seen.ended_at = call.end_of_call, call.final_code, self._clock()
            seen.digits = call.leg.every_digit if call.leg is not None else ""
            self._switchboard.unplug(call)

    async def _ring_and_live(self, call: SipCall, callee: Callee, seen: SeenCall) -> None:
        try:
            leg = self._open_leg(call, callee.echo)
        except sdp.NotAcceptable as wrong:
            call.reject(488, "Not Acceptable Here", ("Warning", f'305 {self._host} "{wrong}"'))
            return
        except OSError:
            call.reject(503, "Service Unavailable", ("Retry-After", "5"))
            return
        await self._ring(call, callee, leg)
        if callee.refusal is not None:
            call.refuse(callee.refusal)
        elif await call.answer():
            seen.sip_code, seen.answered_at = call.final_code, self._clock()
            await behave(callee, leg, self._talk)
            await leg.hang_up()

    async def _ring(self, call: SipCall, callee: Callee, leg: RtpLeg) -> None:
        """Until it is time to answer or refuse, or the caller gave up."""
        if callee.early_media:
            call.progress(183, "Session Progress", with_media=True)
            heard_s = min(callee.rings_s, _EARLY_MEDIA_S)
            leg.speak(tones.ringback() * math.ceil(heard_s / _RINGBACK_S))
        elif callee.alerts:
            call.progress(180, "Ringing")
        try:
            async with asyncio.timeout(None if math.isinf(callee.rings_s) else callee.rings_s):
                await call.over.wait()
        except TimeoutError:
            leg.hush()

    def _open_leg(self, call: SipCall, echo: Echo | None) -> RtpLeg:
        """The callee's end of the sound.

        Raises:
            sdp.NotAcceptable: the caller offers nothing we can carry.
            OSError: no socket is left.
        """
        theirs = sdp.read(call.offer) if call.offer else None
        codec = theirs.codec if theirs else sdp.PCMU
        events = theirs.digits_payload if theirs else sdp.EVENTS
        direction = sdp.answer_direction(theirs.direction) if theirs else "sendrecv"
        sock = open_socket(self._host)
        call.leg = RtpLeg(
            sock,
            law=LAWS[codec],
            ssrc=secrets.randbits(32),
            digits_payload=events,
            bye=call.bye,
            echo=EchoPath(echo) if echo else None,
        )
        call.media = sdp.Media(self._host, sock.getsockname()[1], codec, events, direction)
        if theirs is not None:
            call.leg.connect(theirs.host, theirs.port)
        self._media.add(call.leg)
        return call.leg
