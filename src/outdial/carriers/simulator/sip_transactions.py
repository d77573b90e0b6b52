"""Transactions: what makes SIP hold over a network that loses and doubles datagrams (RFC 3261 §17).

A server transaction answers a repeated request with its last response, and repeats its own final answer to an INVITE
until the ACK comes. A client transaction repeats its request until a final response comes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from outdial.carriers.simulator.sip_messages import Message, Request, Response, branch, cseq
from outdial.carriers.simulator.sip_server import Peer


@dataclass(frozen=True)
class Timers:
    """RFC 3261 §17.1.1.1: the estimate of a round trip, and the longest gap between repeats."""

    t1_s: float = 0.5
    t2_s: float = 4.0

    @property
    def give_up_s(self) -> float:
        """Timers B, F, H and J: after that long nobody waits any more."""
        return 64 * self.t1_s


class ServerTransaction:
    """One request that came in, and our answers to it."""

    def __init__(self, request: Request, peer: Peer, timers: Timers) -> None:
        self.request = request
        self.peer = peer
        self._timers = timers
        self._last: Response | None = None
        self._repeat: asyncio.TimerHandle | None = None
        self._unacked: Callable[[], None] | None = None
        self.repeats = 0
        """How often the final response went out again by itself."""

    @property
    def answered(self) -> bool:
        """A final response has left."""
        return self._last is not None and self._last.status >= 200

    def respond(self, response: Response, *, on_unacked: Callable[[], None] | None = None) -> None:
        """Send an answer; a final one to an INVITE is repeated until ``acked``, or ``on_unacked`` is called."""
        self._last = response
        self.peer.send(response)
        if self.request.method != "INVITE" or response.status < 200:
            return
        # RFC 3261 §13.3.1.4: a 2xx is repeated on every transport, for proxies may lie in between.
        if response.status < 300 or self.peer.transport == "UDP":
            self._unacked = on_unacked
            loop = asyncio.get_running_loop()
            until = loop.time() + self._timers.give_up_s
            self._repeat = loop.call_later(self._timers.t1_s, self._again, self._timers.t1_s, until)

    def repeat_last(self) -> None:
        """The request came again: so does the last response."""
        if self._last is not None:
            self.peer.send(self._last)

    def acked(self) -> None:
        self.stop()

    def stop(self) -> None:
        if self._repeat is not None:
            self._repeat.cancel()
            self._repeat = None

    def _again(self, interval_s: float, until: float) -> None:
        loop = asyncio.get_running_loop()
        if loop.time() >= until:
            self._repeat = None
            if self._unacked is not None:
                self._unacked()
            return
        self.repeats += 1
        self.repeat_last()
        interval_s = min(2 * interval_s, self._timers.t2_s)
        self._repeat = loop.call_at(min(loop.time() + interval_s, until), self._again, interval_s, until)


class Transactions:
    """Every transaction of one network, both ways. ``close`` stops all timers."""

    def __init__(self, timers: Timers) -> None:
        self._timers = timers
        self._served: dict[tuple[str, str], ServerTransaction] = {}
        self._asked: dict[tuple[str, str], asyncio.Future[Response]] = {}
        self._forget: dict[tuple[str, str], asyncio.TimerHandle] = {}

    def __len__(self) -> int:
        return len(self._served) + len(self._asked)

    def serve(self, request: Request, peer: Peer) -> ServerTransaction | None:
        """A new transaction; None when the request is a repeat, which has then been answered again."""
        key = (branch(request), request.method)
        known = self._served.get(key)
        if known is not None:
            known.repeat_last()
            return None
        transaction = self._served[key] = ServerTransaction(request, peer, self._timers)
        if request.method != "INVITE":
            self.forget_later(request)
        return transaction

    def invite_of(self, request: Request) -> ServerTransaction | None:
        """The INVITE that a CANCEL, or an ACK to a refusal, belongs to (RFC 3261 §9.2, §17.1.1.3)."""
        return self._served.get((branch(request), "INVITE"))

    def forget_later(self, request: Request) -> None:
        """Its repeats may still come for a while (timer J); then it is forgotten."""
        key = (branch(request), request.method)
        loop = asyncio.get_running_loop()
        self._forget[key] = loop.call_later(self._timers.give_up_s, self._drop, key)

    async def ask(self, request: Request, peer: Peer) -> Response | None:
        """Send a request and wait for its final response; None when none came in time."""
        key = (branch(request), request.method)
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Response] = loop.create_future()
        self._asked[key] = answer
        give_up = loop.time() + self._timers.give_up_s
        interval_s = self._timers.t1_s if peer.transport == "UDP" else self._timers.give_up_s
        try:
            while not answer.done() and loop.time() < give_up:
                peer.send(request)
                await asyncio.wait([answer], timeout=min(interval_s, give_up - loop.time()))
                interval_s = min(2 * interval_s, max(self._timers.t2_s, interval_s))
            return answer.result() if answer.done() else None
        finally:
            del self._asked[key]

    def on_response(self, response: Message) -> None:
        if isinstance(response, Response) and response.status >= 200:
            waiting = self._asked.get((branch(response), cseq(response)[1]))
            if waiting is not None and not waiting.done():
                waiting.set_result(response)

    def close(self) -> None:
        for transaction in self._served.values():
            transaction.stop()
        for timer in self._forget.values():
            timer.cancel()
        self._served.clear()
        self._forget.clear()

    def _drop(self, key: tuple[str, str]) -> None:
        self._forget.pop(key, None)
        transaction = self._served.pop(key, None)
        if transaction is not None:
            transaction.stop()
