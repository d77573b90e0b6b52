"""Pages that are fetched: from where they may be, as much of them as was asked for, and no step further."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from outdial.domain.errors import Refused, Unreachable
from outdial.outgoing.fetching import Fetched, Fetcher
from outdial.outgoing.targets import Targets
from webhook_builders import LOOPBACK

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]
RawAnswer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def a_site(answer: Answer) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/page?x=1"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def raw_server(
    answer: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
) -> AsyncIterator[str]:
    """Answers with bytes of its own."""
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"


def always(response: web.Response) -> Answer:
    async def answer(_request: web.Request) -> web.StreamResponse:
        return response

    return answer


async def fetched(answer: Answer, limit_bytes: int = 1000, *, limit_s: float = 20.0) -> Fetched:
    async with a_site(answer) as url:
        return await Fetcher(LOOPBACK, limit_s=limit_s)(url, limit_bytes)


class TestAPage:
    async def test_comes_with_its_type(self) -> None:
        page = await fetched(always(web.Response(body=b"Hello", content_type="text/plain", charset="utf-8")))

        assert page == Fetched(200, "text/plain; charset=utf-8", b"Hello")

    async def test_is_asked_for_by_a_request_without_a_body_or_a_credential(self) -> None:
        seen: list[web.Request] = []

        async def answer(request: web.Request) -> web.StreamResponse:
            seen.append(request)
            return web.Response()

        await fetched(answer)

        [request] = seen
        assert request.path_qs == "/page?x=1"
        assert request.headers["User-Agent"] == "Outdial-Fetch/1"
        assert not {"Content-Type", "Authorization", "Cookie"} & set(request.headers)

    async def test_is_unpacked(self) -> None:
        packed = web.Response(body=gzip.compress(b"Hello"), headers={"Content-Encoding": "gzip"})

        assert (await fetched(always(packed))).body == b"Hello"

    @pytest.mark.parametrize("status", [301, 404, 500])
    async def test_that_is_none_is_for_the_caller_to_judge(self, status: int) -> None:
        page = await fetched(always(web.Response(status=status, headers={"Location": "http://127.0.0.1:1/next"})))

        assert (page.status, page.location) == (status, "http://127.0.0.1:1/next")

    @pytest.mark.parametrize(
        "response",
        [
            web.Response(body=bytes(1001)),
            web.Response(body=gzip.compress(bytes(10_000_000)), headers={"Content-Encoding": "gzip"}),
        ],
        ids=["as it is", "packed"],
    )
    async def test_that_is_too_long_is_refused(self, response: web.Response) -> None:
        with pytest.raises(Refused, match=r"larger than 0\.001 MB"):
            await fetched(always(response))

    @pytest.mark.parametrize("packing", ["br", "gzip"])
    async def test_packed_otherwise_than_asked_for_is_refused(self, packing: str) -> None:
        response = web.Response(body=b"no archive of any kind", headers={"Content-Encoding": packing})

        with pytest.raises(Refused, match="packed as"):
            await fetched(always(response))

    @pytest.mark.parametrize("garbage", [b"garbage", bytes(900), gzip.compress(b"another member", mtime=0)])
    async def test_ends_where_its_gzip_stream_ends(self, garbage: bytes) -> None:
        response = web.Response(body=gzip.compress(b"Hello") + garbage, headers={"Content-Encoding": "gzip"})

        assert (await fetched(always(response))).body == b"Hello"

    async def test_that_never_ends_behind_its_gzip_stream_is_left(self) -> None:
        async def answer(request: web.Request) -> web.StreamResponse:
            response = web.StreamResponse(headers={"Content-Encoding": "gzip"})
            await response.prepare(request)
            await response.write(gzip.compress(b"Hello"))
            while True:
                await response.write(bytes(65536))

        assert (await fetched(answer, limit_s=5.0)).body == b"Hello"

    async def test_whose_gzip_stream_unpacks_to_nothing_for_ever_is_refused(self) -> None:
        """Empty stored blocks (RFC 1951): nothing is ever unpacked, so only what comes in can be counted."""

        async def answer(request: web.Request) -> web.StreamResponse:
            response = web.StreamResponse(headers={"Content-Encoding": "gzip"})
            await response.prepare(request)
            await response.write(zlib.compressobj(wbits=31).compress(b""))
            while True:
                await response.write(b"\x00\x00\x00\xff\xff" * 100)

        with pytest.raises(Refused, match="larger than"):
            await fetched(answer, limit_s=5.0)

    async def test_whose_gzip_stream_breaks_off_is_refused(self) -> None:
        packed = gzip.compress(bytes(range(256)))[:-20]

        with pytest.raises(Refused, match="breaks off"):
            await fetched(always(web.Response(body=packed, headers={"Content-Encoding": "gzip"})))

    async def test_in_crumbs_leaves_the_loop_its_turns(self) -> None:
        """A chunk of one byte costs as much as one of thousands: the loop goes on between them."""

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 30_000)
            writer.write(b"0\r\n\r\n")
            await writer.drain()
            writer.close()

        turns = 0

        async def count() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        async with raw_server(answer) as url, asyncio.TaskGroup() as group:
            counting = group.create_task(count())
            page = await Fetcher(LOOPBACK)(url, 200_000)
            counting.cancel()

        assert page.body == b"x" * 30_000
        assert turns >= 30_000 / 64

    async def test_that_does_not_come_in_time_is_unreachable(self) -> None:
        async def answer(request: web.Request) -> web.StreamResponse:
            response = web.StreamResponse()
            await response.prepare(request)
            await response.write(b"a little")
            await asyncio.Event().wait()
            return response

        with pytest.raises(Unreachable, match=r"did not come within 0\.5 s"):
            await fetched(answer, limit_s=0.5)

    async def test_nobody_serves_is_unreachable(self) -> None:
        async with a_site(always(web.Response())) as url:
            pass

        with pytest.raises(Unreachable, match="the page cannot be fetched"):
            await Fetcher(LOOPBACK)(url, 1000)

    async def test_inside_our_own_network_is_refused(self) -> None:
        async with a_site(always(web.Response())) as url:
            with pytest.raises(Refused, match="leads to an internal address"):
                await Fetcher(Targets())(url, 1000)
