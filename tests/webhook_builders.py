"""A receiver of webhooks on loopback, a clock that is set by hand, and calls that have a callback."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from typing import Any

import h11
import sqlalchemy as sa
from sqlalchemy import Connection

from outdial.domain.delivery import Delivery
from outdial.domain.events import Event, EventType
from outdial.domain.ids import new_id
from outdial.domain.plan import Plan
from outdial.domain.record import CallRecord
from outdial.domain.request import Callback, CallRequest
from outdial.domain.subscription import Audience, Subscription
from outdial.outgoing.requests import Requests
from outdial.outgoing.targets import Targets
from outdial.store import schema
from outdial.store.calls.registration import Registration, rows_of
from outdial.store.database import Database
from outdial.store.events import append
from outdial.store.webhooks.deliveries import deliveries_of_call
from outdial.webhooks.callback import address_of
from outdial.webhooks.claiming import Claims, Pace
from outdial.webhooks.delivery import Sender
from outdial.webhooks.fan_out import FanOut
from outdial.webhooks.places import Places
from outdial.webhooks.ports import Endpoint, Subscriber, Translate
from outdial.webhooks.signing import Signer

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
LOOPBACK = Targets(allowed=(ip_network("127.0.0.0/8"),))
WAIT_S = 20.0
"""For what happens at once, on a machine that is busy with other things."""


class SettableClock:
    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def pass_s(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass(frozen=True)
class Received:
    method: str
    target: str
    headers: Sequence[tuple[str, str]]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def values(self, name: str) -> list[str]:
        return [value for given, value in self.headers if given == name]


@dataclass
class Answer:
    """What the receiver does with a request: answer with ``status``, or hold it back until ``release`` is set."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    release: asyncio.Event | None = None
    hang_up: bool = False
    silent: bool = False
    """Accept the request and never answer."""


class Receiver:
    """A real HTTP server. ``answers`` are used up one by one; after the last, everything gets a 200."""

    def __init__(self) -> None:
        self.requests: list[Received] = []
        self.answers: list[Answer] = []
        self.port = 0
        self._changed = asyncio.Condition()
        self._serving: set[asyncio.Task[None]] = set()

    def url(self, path: str = "/hook", host: str = "127.0.0.1", scheme: str = "http") -> str:
        return f"{scheme}://{host}:{self.port}{path}"

    def bodies(self) -> list[bytes]:
        return [request.body for request in self.requests]

    async def until(self, count: int) -> None:
        """Wait until that many requests have come in."""
        async with asyncio.timeout(WAIT_S), self._changed:
            await self._changed.wait_for(lambda: len(self.requests) >= count)

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)

    async def close(self) -> None:
        """Hang up on whoever is still connected."""
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._exchange(reader, writer)
        except (ConnectionError, ssl.SSLError):
            pass  # the other side went away: a test of its own looks at what it learned
        finally:
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = h11.Connection(h11.SERVER)
        request, body = None, b""
        while not isinstance(event := connection.next_event(), h11.EndOfMessage):
            if event is h11.NEED_DATA:
                connection.receive_data(await reader.read(65536))
            elif isinstance(event, h11.Request):
                request = event
            elif isinstance(event, h11.Data):
                body += event.data
            else:
                return
        assert request is not None
        answer = self.answers.pop(0) if self.answers else Answer()
        await self._note(request, body)
        if answer.release is not None:
            await answer.release.wait()
        if answer.silent:
            await asyncio.Event().wait()
        if answer.hang_up:
            return
        fields = [(name, value) for name, value in answer.headers.items()]
        head = h11.Response(status_code=answer.status, headers=[*fields, ("content-length", "0")])
        writer.write((connection.send(head) or b"") + (connection.send(h11.EndOfMessage()) or b""))
        await writer.drain()

    async def _note(self, request: h11.Request, body: bytes) -> None:
        headers = [(name.decode(), value.decode()) for name, value in request.headers]
        async with self._changed:
            self.requests.append(Received(request.method.decode(), request.target.decode(), headers, body))
            self._changed.notify_all()


@asynccontextmanager
async def a_receiver(tls: ssl.SSLContext | None = None, port: int = 0) -> AsyncIterator[Receiver]:
    receiver = Receiver()
    server = await asyncio.start_server(receiver.accept, "127.0.0.1", port, ssl=tls)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()
        await receiver.close()


def told(event: Event, call: CallRecord, kind: str, owed: int | None = None) -> bytes:
    """The plainest dialect: what happened to which call."""
    return json.dumps({"event": event.type, "number": event.seq, "call": call.id, "kind": kind}).encode()


class Callbacks:
    """Tells a call's callback of everything but the words spoken."""

    types = frozenset(EventType) - {EventType.SAID}

    def listens(self, _event: Event, audience: Audience) -> bool:
        return audience.has_callback

    def endpoints(self, _event: Event, call: CallRecord) -> Sequence[Endpoint]:
        if call.callback is None:
            return ()
        return [Endpoint("callback", call.dialect, address_of(call.callback), headers=call.callback.headers)]


@dataclass
class Office:
    """A database with one workspace and agent, and webhooks that work when told to."""

    db: Database
    clock: SettableClock
    workspace_id: str
    agent_id: str
    targets: Targets = LOOPBACK
    translate: Translate = told
    subscribers: Sequence[Subscriber] = (Callbacks(),)
    pace: Pace = field(default_factory=Pace)
    requests: Requests = field(default_factory=Requests)
    secret: str = ""

    @property
    def fan_out(self) -> FanOut:
        return FanOut(self.db, self.subscribers, self.clock)

    def process(self) -> tuple[Claims, Sender]:
        """What one process has."""
        dialects = {"ringg": self.translate, "native": self.translate}
        places, signer = Places(self.pace.concurrency), Signer(self.secret)
        claims = Claims(self.db, dialects, places, clock=self.clock, pace=self.pace)
        sender = Sender(
            self.db,
            self.targets,
            self.requests,
            places,
            clock=self.clock,
            pace=self.pace,
            signer=signer,
            chance=lambda: 0.5,
        )
        return claims, sender

    @property
    def claims(self) -> Claims:
        """Those of a process that has nothing under way."""
        return self.process()[0]

    @property
    def sender(self) -> Sender:
        """That of a process that has nothing under way."""
        return self.process()[1]

    async def work(self) -> None:
        """Fan out, then send whatever is due, until nothing is."""
        while await self.fan_out.step():
            pass
        claims, sender = self.process()
        while claimed := await claims.claim():
            await sender.record([await sender.send(each) for each in claimed])

    async def call(
        self,
        url: str | None,
        *,
        dialect: str = "ringg",
        variables: Mapping[str, Any] | None = None,
        **callback: Mapping[str, str],
    ) -> str:
        """Register a call, with a callback if ``url`` is given; its id."""
        call_id = new_id()
        request = CallRequest(
            workspace_id=self.workspace_id,
            dialect=dialect,
            to_number="+12025550143",
            agent_id=self.agent_id,
            variables=variables or {},
            callback=None if url is None else Callback(url, **callback),
        )
        registration = Registration(call_id, self.clock(), self.clock(), self.agent_id, (), Plan(), (), request)
        await self.db.submit(rows_of(registration, self.db.inserts))
        return call_id

    async def subscribes(self, *subscriptions: Subscription) -> None:
        """The agent's from now on."""
        stored = [one.to_json() for one in subscriptions]
        change = schema.agents.update().where(schema.agents.c.id == self.agent_id).values(subscriptions=stored)

        await self.db.write(lambda conn: conn.execute(change))

    async def happens(self, call_id: str, *types: EventType) -> None:
        facts = [Event(call_id, self.workspace_id, type_, self.clock(), attempt=1) for type_ in types]
        await self.db.write(append, facts)

    async def deliveries(self, call_id: str) -> list[Delivery]:
        return await self.db.read(deliveries_of_call, call_id)

    async def delivery(self, call_id: str) -> Delivery:
        [only] = await self.deliveries(call_id)
        return only


async def an_office(db: Database, **changes: Any) -> Office:
    """Its workspace, agent and version are stored."""
    clock = SettableClock()
    workspace_id, agent_id, version_id = new_id(), new_id(), new_id()
    made = {"created_at": NOON, "updated_at": NOON}
    rows: list[tuple[sa.Table, dict[str, Any]]] = [
        (schema.workspaces, {"id": workspace_id, "name": "Acme", "settings": {}, "created_at": NOON}),
        (
            schema.agents,
            {
                "id": agent_id,
                "workspace_id": workspace_id,
                "name": "Ada",
                "tag": "ada",
                "active_version_id": version_id,
                "settings": {},
                **made,
            },
        ),
        (schema.agent_versions, {"id": version_id, "agent_id": agent_id, "number": 1, "definition": {}, **made}),
    ]

    def work(conn: Connection) -> None:
        for table, row in rows:
            conn.execute(sa.insert(table).values(row))

    await db.write(work)
    return Office(db, clock, workspace_id, agent_id, **changes)
