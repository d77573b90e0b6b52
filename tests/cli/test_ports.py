"""Sockets the node listens on."""

from __future__ import annotations

import asyncio
import socket

import pytest

from outdial.bootstrap.ports import listen


class TestAConnectionThatIsAccepted:
    @pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
    async def test_sends_each_answer_at_once(self, host: str) -> None:
        accepted: asyncio.Future[socket.socket] = asyncio.get_running_loop().create_future()

        class Seen(asyncio.Protocol):
            def connection_made(self, transport: asyncio.BaseTransport) -> None:
                accepted.set_result(transport.get_extra_info("socket"))

        server = await asyncio.get_running_loop().create_server(Seen, sock=listen(host, 0, setting="OUTDIAL_HTTP_PORT"))
        async with server:
            address = server.sockets[0].getsockname()
            _, writer = await asyncio.open_connection(*address[:2])
            without_delay = (await accepted).getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
            writer.close()

        assert without_delay
