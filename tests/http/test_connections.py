"""Real sockets on loopback: who is let in when there are too many."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from http_builders import a_server, echo
from outdial.bootstrap.connections import Limits

PATIENCE_S = 30.0
HALF = b"POST / HTTP/1.1\r\nHost: outdial.test\r\nContent-Length: 9\r\n\r\nhalf"
WHOLE = b"GET / HTTP/1.1\r\nHost: outdial.test\r\n\r\n"


class Busy:
    """Answers nobody before it is ``done``."""

    def __init__(self) -> None:
        self.done = asyncio.Event()
        self.asked = asyncio.Semaphore(0)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.asked.release()
        await self.done.wait()
        await echo(scope, receive, send)


async def opened(port: int, sent: bytes = b"", *, own: str = "127.0.0.1") -> tuple[asyncio.StreamReader, socket.socket]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(own, 0))
    writer.write(sent)
    await writer.drain()
    _KEPT.append(writer)
    return reader, writer.get_extra_info("socket")


_KEPT: list[asyncio.StreamWriter] = []


@pytest.fixture(autouse=True)
async def hung_up() -> AsyncIterator[None]:
    yield
    for writer in _KEPT:
        writer.close()
    _KEPT.clear()


async def answer(port: int, own: str = "127.0.0.1", **headers: str) -> str:
    transport = httpx.AsyncHTTPTransport(local_address=own)
    async with httpx.AsyncClient(transport=transport, timeout=PATIENCE_S) as http:
        return (await http.get(f"http://127.0.0.1:{port}/", headers=headers)).text


@asynccontextmanager
async def all_busy(most: int) -> AsyncIterator[tuple[int, Busy]]:
    """A server whose places for one address are all taken by requests under way."""
    busy = Busy()
    async with a_server(busy, limits=Limits(most_per_address=most)) as (_, port):
        for _ in range(most):
            await opened(port, WHOLE)
            await asyncio.wait_for(busy.asked.acquire(), PATIENCE_S)
        try:
            yield port, busy
        finally:
            busy.done.set()


class TestConnectionsThatSayHalfARequest:
    @pytest.mark.parametrize("sent", [b"", b"GET / HT", HALF])
    async def test_keep_nobody_out_not_even_at_their_own_address(self, sent: bytes) -> None:
        async with a_server(limits=Limits(most=40, most_per_address=10)) as (server, port):
            for _ in range(50):
                await opened(port, sent)
            same, other = await answer(port), await answer(port, "127.0.0.2")

            assert len(server.connections) <= 12
        assert (same, other) == ("127.0.0.1 sent 0", "127.0.0.2 sent 0")

    async def test_keep_nobody_out_from_many_addresses(self) -> None:
        async with a_server(limits=Limits(most=20, most_per_address=10)) as (server, port):
            for place in range(60):
                await opened(port, HALF, own=f"127.0.1.{place + 1}")

            assert await answer(port) == "127.0.0.1 sent 0"
            assert len(server.connections) <= 21

    async def test_are_hung_up_oldest_first(self) -> None:
        async with a_server(limits=Limits(most_per_address=2)) as (_, port):
            first, second, _third = [(await opened(port))[0] for _ in range(3)]

            assert await asyncio.wait_for(first.read(), PATIENCE_S) == b""
            assert not second.at_eof()


class TestRequestsUnderWay:
    async def test_are_never_cut_for_a_new_one_which_is_turned_away(self) -> None:
        async with all_busy(3) as (port, busy):
            reader, _ = await opened(port, WHOLE)
            turned_away = await asyncio.wait_for(reader.readline(), PATIENCE_S)
            elsewhere = asyncio.create_task(answer(port, "127.0.0.2"))
            await asyncio.wait_for(busy.asked.acquire(), PATIENCE_S)
            busy.done.set()

            assert turned_away.startswith(b"HTTP/1.1 503 ")
            assert await elsewhere == "127.0.0.2 sent 0"

    async def test_give_their_places_back(self) -> None:
        async with a_server(limits=Limits(most_per_address=3)) as (server, port):
            for _ in range(20):
                assert await answer(port) == "127.0.0.1 sent 0"
            async with asyncio.timeout(PATIENCE_S):
                while len(server.connections):  # noqa: ASYNC110 - the operating system tells nobody
                    await asyncio.sleep(0.01)


class TestAProxyThatIsTrusted:
    LIMITS = Limits(most_per_address=2, proxies=(ipaddress.ip_network("127.0.0.1/32"),))

    async def test_may_have_many_connections_and_names_its_clients(self) -> None:
        busy = Busy()
        async with a_server(busy, limits=self.LIMITS) as (_, port):
            asked = [
                asyncio.create_task(answer(port, **{"X-Forwarded-For": f"203.0.113.{place}"})) for place in range(9)
            ]
            for _ in asked:
                await asyncio.wait_for(busy.asked.acquire(), PATIENCE_S)
            busy.done.set()
            said = await asyncio.gather(*asked)

        assert said == [f"203.0.113.{place} sent 0" for place in range(9)]

    async def test_is_asked_for_the_last_address_only_which_it_saw_itself(self) -> None:
        async with a_server(limits=self.LIMITS) as (_, port):
            said = await answer(port, **{"X-Forwarded-For": "10.0.0.1, 203.0.113.7"})

        assert said == "203.0.113.7 sent 0"

    async def test_is_the_only_one_believed(self) -> None:
        async with a_server(limits=self.LIMITS) as (_, port):
            said = await answer(port, "127.0.0.2", **{"X-Forwarded-For": "203.0.113.7"})

        assert said == "127.0.0.2 sent 0"

    async def test_is_nobody_unless_named(self) -> None:
        async with a_server() as (_, port):
            said = await answer(port, **{"X-Forwarded-For": "203.0.113.7"})

        assert said == "127.0.0.1 sent 0"
