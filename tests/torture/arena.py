"""Whole platforms, a telephone network and a customer's server; blows are dealt, then everything is counted."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from itertools import count, islice
from pathlib import Path
from typing import Any, Final

import httpx
import psutil
import sqlalchemy as sa

from outdial.store import schema
from outdial.store.database import Database
from platform_builders import Platform
from store_builders import a_database_url
from torture.blows import AT_THE_ENDPOINT, AT_THE_PEER, Blow, Struck, Trap, Victim
from torture.endpoint import Endpoint, an_endpoint
from torture.peer import Peer, a_peer, picks_up
from torture.traces import owner, story
from torture.verdict import RETRIES, Verdict, judge, records_of, settled, waiting_reports

CALLS: Final = 6
"""In flight at each blow."""
LEASE_S: Final = 1.5
FROZEN_S: Final = LEASE_S + 1.0
STALLED_S: Final = 8.0
"""Longer than a node lets its media workers be silent."""
LIMIT: Final = 8
"""How many calls the caller number may have up at once."""
FOUR_SECONDS: Final = "This is said so slowly that many others are rung."
PATIENCE_S: Final = 45.0
STOPS_IN_S: Final = 20.0
_PROGRAM: Final = str(Path(__file__).with_name("node_program.py"))
_TESTS: Final = str(Path(__file__).parents[1])


class Arena:
    """``nodes`` share one database. ``suffer`` deals one blow and waits until all have recovered from it."""

    def __init__(self, folder: Path, nodes: list[Platform], database: Database, peer: Peer, endpoint: Endpoint) -> None:
        self.nodes = nodes
        self.database = database
        self.peer = peer
        self.endpoint = endpoint
        self._folder = folder
        self._trap = Trap(folder)
        self._numbers = count(1_000_000)
        self._agent = ""
        self._patient = ""
        self._number_id = ""
        self._call_ids: dict[str, str] = {}
        """By number, of the calls whose creation was answered."""
        self._accepted: set[str] = set()
        """Numbers of all calls that were ever accepted."""

    async def open(self) -> None:
        """Start the nodes and give them a trunk to the peer."""
        first = self.nodes[0]
        await first.start()
        self._agent = await first.add_agent("says", "{say: Goodbye., hang_up: true}")
        self._patient = await first.add_agent("patient", f'{{say: "{FOUR_SECONDS}", hang_up: true}}')
        self._number_id = await first.add_trunk("peer", "+15559990000", self.peer.network.port)
        limited = schema.numbers.update().where(schema.numbers.c.id == self._number_id).values(max_calls=LIMIT)
        await self.database.write(lambda conn: conn.execute(limited))
        for other in self.nodes[1:]:
            await self._take_in(other)
        await self.ready()

    async def join(self, folder: Path, **settings: str) -> Platform:
        """One more node, with settings of its own."""
        first = self.nodes[0]
        ours = dict(first.settings) | {f"OUTDIAL_{name}": value for name, value in settings.items()}
        node = Platform(folder / f"node-{len(self.nodes)}", ours, program=first.program)
        node.home.mkdir()
        await self._take_in(node)
        self.nodes.append(node)
        return node

    async def _take_in(self, other: Platform) -> None:
        first = self.nodes[0]
        shutil.copytree(first.home / "secrets", other.home / "secrets")
        other.mine = first.mine
        await other.start()

    async def close(self) -> None:
        if struck := self._trap.sprung():
            # After a failure somebody may stand still yet, and would never stop.
            struck.wake()
        for node in self.nodes:
            await node.stop()

    async def ready(self) -> None:
        """Every node runs and has a media worker that takes calls."""
        for node in self.nodes:
            if node.process is None or node.process.returncode is not None:
                await node.start()
            await until(partial(_can_dial, node), "a node can dial")

    async def suffer(self, blow: Blow) -> Verdict:
        """Many calls, one blow among them, and the verdict on these calls."""
        numbers, struck = await self.struck(blow)
        await self.recover(struck, STALLED_S if blow.victim is Victim.STALLED_NODE else FROZEN_S)
        return await self.verdict(numbers)

    async def struck(self, blow: Blow, calls: int = CALLS) -> tuple[set[str], Struck]:
        """Place calls and wait until the blow has been dealt among them; the numbers, and who was hit."""
        await self.ready()
        (self._folder / "steps.log").write_text("")
        self._arm(blow)
        numbers = await self.place(calls)
        await until(lambda: self._trap.sprung() is not None, "somebody came to the step and was struck")
        struck = self._trap.sprung()
        assert struck is not None
        return numbers, struck

    async def reached(self, step: str) -> str:
        """Wait until some call comes to a step that the telephone sees; its number."""
        found: asyncio.Future[str] = asyncio.get_running_loop().create_future()

        def passed(now: str, number: str) -> None:
            if now == step and not found.done():
                found.set_result(number)

        self.peer.on_step = passed
        async with asyncio.timeout(PATIENCE_S):
            return await found

    async def verdict(self, numbers: set[str] | None = None) -> Verdict:
        """On calls that were accepted (None: all there ever were), when nothing more is to come, or never will."""
        numbers = self._accepted if numbers is None else await self._adopted(numbers)
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_S):
                while not settled(await self.database.read(records_of, numbers)):  # noqa: ASYNC110
                    await asyncio.sleep(0.1)
        return judge(await self.database.read(records_of, numbers), self.peer.dialogs)

    async def most_at_once(self) -> int:
        """How many calls are up at the same moment, at most, when more are due than the number may have."""
        await self.ready()
        numbers = await self.place(LIMIT + 2, self._patient, talkers=True)
        await self.verdict(numbers)
        return self.peer.most_at_once(numbers)

    async def untold(self) -> set[str]:
        """Accepted calls whose end the customer has not been told, or told in more than one way."""
        with suppress(TimeoutError):
            async with asyncio.timeout(3 * PATIENCE_S):
                while await self.database.read(waiting_reports):  # noqa: ASYNC110
                    await asyncio.sleep(0.2)
        told = self.endpoint.last
        ids = sa.select(schema.calls.c.id, schema.calls.c.to_number)
        return await self.database.read(
            lambda conn: {row.to_number for row in conn.execute(ids) if len(told[row.id]) != 1}
        )

    def owner(self, number: str) -> int | None:
        """The process id of the node that has the call in hand."""
        call_id = self._call_ids.get(number)
        return owner(self._folder, call_id) if call_id else None

    def node_of(self, pid: int | None) -> Platform:
        return next(node for node in self.nodes if node.process and node.process.pid == pid)

    async def details(self, number: str) -> dict[str, Any]:
        """What the first node says of a call."""
        return await self.nodes[0].details(self._call_ids[number])

    def call_id(self, number: str) -> str:
        return self._call_ids[number]

    def story(self, number: str) -> list[str]:
        return story(self._folder, self._call_ids[number]) if number in self._call_ids else []

    def _arm(self, blow: Blow) -> None:
        """Blows at steps the nodes do not see are dealt from here, to the node that has the call in hand."""
        reached: Counter[str] = Counter()

        def passed(step: str, node: Callable[[], int | None]) -> None:
            if step != blow.step:
                return
            reached[step] += 1
            if reached[step] >= blow.nth and (target := node()) is not None and self._trap.disarm():
                self._trap.strike(blow.victim, target)

        self._trap.arm(blow)
        here = blow.step in (*AT_THE_PEER, *AT_THE_ENDPOINT)
        self.peer.on_step = (lambda step, number: passed(step, lambda: self.owner(number))) if here else _nothing
        self.endpoint.on_last = (lambda _, port: passed("webhook", lambda: self._speaker(port))) if here else _nothing

    def _speaker(self, port: int) -> int | None:
        """The node that speaks from a port."""
        for pid in (node.process.pid for node in self.nodes if node.process and node.process.returncode is None):
            if any(one.laddr.port == port for one in psutil.Process(pid).net_connections("tcp")):
                return pid
        return None

    async def recover(self, struck: Struck, frozen_s: float = FROZEN_S) -> None:
        """Wake who stands still, when all others have given them up; start again who is gone."""
        if struck.stopped:
            await asyncio.sleep(frozen_s)
            struck.wake()
        if struck.ends:
            node = self.node_of(struck.node)
            assert node.process is not None
            async with asyncio.timeout(STOPS_IN_S):
                await node.process.wait()
            await node.start()

    async def place(
        self, how_many: int, agent_id: str = "", *, node: int | None = None, talkers: bool = False
    ) -> set[str]:
        """Ask for calls to numbers of their own; ``node`` None: ask any that runs. ``talkers`` all pick up."""
        fresh = (f"+1555{number}" for number in self._numbers)
        numbers = set(islice((number for number in fresh if not talkers or picks_up(number)), how_many))
        running = [one for one in self.nodes if one.process and one.process.returncode is None]
        door = running[0] if node is None else self.nodes[node]
        await asyncio.gather(*(self._place_one(door, number, agent_id) for number in numbers))
        return numbers

    async def _place_one(self, node: Platform, number: str, agent_id: str) -> None:
        """The node that is asked may be struck before it answers: whether the call was accepted is then looked up."""
        no_wait = {"retry_busy": 0, "retry_not_picked": 0, "retry_failed": 0}
        with suppress(httpx.TransportError):
            self._call_ids[number] = await node.place(
                number,
                agent_id=agent_id or self._agent,
                from_number_id=self._number_id,
                callback_url=self.endpoint.url,
                call_config={"call_retry_config": {"retry_count": RETRIES, **no_wait}},
            )

    async def _adopted(self, numbers: set[str]) -> set[str]:
        found = await self.database.read(records_of, numbers)
        missing = {number for number in numbers if number in self._call_ids} - set(found)
        assert not missing, f"accepted and gone: {missing}"
        self._accepted |= set(found)
        return set(found)


def _nothing(*_: Any) -> None:
    """Nobody is to be struck from here."""


def _can_dial(node: Platform) -> bool:
    try:
        health = httpx.get(f"http://127.0.0.1:{node.port}/health", trust_env=False, timeout=5.0).json()
    except (httpx.TransportError, json.JSONDecodeError):
        return False
    return str(health["parts"]["media_workers"]).startswith("1 of 1")


async def until(true: Callable[[], bool], what: str) -> None:
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not await asyncio.to_thread(true):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"not within {PATIENCE_S:.0f} s: {what}") from None


@asynccontextmanager
async def an_arena(
    engine: str, nodes: int, folder: Path, *, wires: Sequence[int] = (), **settings: str
) -> AsyncIterator[Arena]:
    """``nodes`` platforms on one database of that engine; ``settings`` without their prefix, for each of them.

    ``wires`` are the ports through which the nodes reach their PostgreSQL server, in turn; none: straight.
    """
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(a_database_url(engine, folder))
        database = await Database.open(url)
        stack.push_async_callback(database.close)
        peer = await stack.enter_async_context(a_peer())
        endpoint = await stack.enter_async_context(an_endpoint())
        urls = [sa.make_url(url).set(port=port).render_as_string(hide_password=False) for port in wires] or [url]
        platforms = [_a_node(folder, index, urls[index % len(urls)], settings) for index in range(nodes)]
        arena = Arena(folder, platforms, database, peer, endpoint)
        stack.push_async_callback(arena.close)
        await arena.open()
        yield arena


def _a_node(folder: Path, index: int, url: str, settings: Mapping[str, str]) -> Platform:
    home = folder / f"node-{index}"
    home.mkdir()
    ours = {
        "OUTDIAL_DATABASE_URL": url,
        "OUTDIAL_SPEECH": "scripted",
        "OUTDIAL_SIMULATOR": "false",
        "OUTDIAL_LEASE_S": str(LEASE_S),
        "OUTDIAL_RING_TIMEOUT_S": "5",
        "OUTDIAL_DRAIN_S": "1",
        "OUTDIAL_REQUESTS_PER_S": "100000",
        "OUTDIAL_WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8",
        "PYTHONPATH": os.pathsep.join([_TESTS, os.environ.get("PYTHONPATH", "")]),
        "TORTURE_FOLDER": str(folder),
    } | {f"OUTDIAL_{name}": value for name, value in settings.items()}
    return Platform(home, ours, program=(_PROGRAM,))
