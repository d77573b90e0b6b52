"""The customer's server: counts each last webhook, and says when one comes, before it answers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from aiohttp import web


class Endpoint:
    """``on_last`` is called with a call's id and the port the sender speaks from; it may be set at any time."""

    def __init__(self) -> None:
        self.port = 0
        self.last: defaultdict[str, set[bytes]] = defaultdict(set)
        """The bodies of the last webhook of each call; repeated, it is the same one."""
        self.nonsense: list[bytes] = []
        """Bodies no customer could read."""
        self.on_last: Callable[[str, int], None] = lambda call_id, port: None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    async def take(self, request: web.Request) -> web.Response:
        body = await request.read()
        told = await request.json()
        if not isinstance(told, dict):
            self.nonsense.append(body)
        elif told.get("event_type") == "all_processing_completed":
            call_id = told["data"]["call_id"]
            self.last[call_id].add(body)
            peer = request.transport.get_extra_info("peername") if request.transport else None
            self.on_last(call_id, peer[1] if peer else 0)
        return web.Response(status=204)


@asynccontextmanager
async def an_endpoint() -> AsyncIterator[Endpoint]:
    endpoint = Endpoint()
    app = web.Application()
    app.router.add_post("/hook", endpoint.take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    endpoint.port = runner.addresses[0][1]
    try:
        yield endpoint
    finally:
        await runner.cleanup()
