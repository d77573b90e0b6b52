"""Pages that are fetched: from where they may be, as much of them as was asked for, and no step further."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from outdial.domain.errors import Refused, Unreachable
from outdial.outgoing.fetching import Fetched, Fetcher
from outdial.outgoing.targets import Targets
from webhook_builders import LOOPBACK

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


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
            with pytest.raises(Refused, match="leads to the internal address"):
                await Fetcher(Targets())(url, 1000)
