"""Looking up names that customers chose: in threads of its own, so that a slow name server stops no other work."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Final

Resolve = Callable[[str], Awaitable[Sequence[str]]]
"""The addresses of a host name, as text, best first. Raises OSError when it has none."""

_THREADS: Final = 64


class Resolver:
    """As the system resolves names, ``/etc/hosts`` and every way of writing an IP address included.

    Those who ask for one name at the same time share one look-up: whoever owns a slow name takes one thread with it.
    """

    def __init__(self, threads: int = _THREADS) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="names")
        self._under_way: dict[str, asyncio.Future[Sequence[str]]] = {}

    async def __call__(self, host: str) -> Sequence[str]:
        """Its addresses as text, best first.

        Raises:
            OSError: it has none.
            UnicodeError: it is no name.
        """
        with suppress(ValueError):
            return [str(ipaddress.ip_address(host))]
        asked = self._under_way.get(host)
        if asked is None:
            asked = asyncio.get_running_loop().run_in_executor(self._pool, _addresses, host)
            self._under_way[host] = asked
            asked.add_done_callback(lambda done: self._forget(host, done))
        # Whoever gives up waiting leaves it to the others.
        return await asyncio.shield(asked)

    def _forget(self, host: str, done: asyncio.Future[Sequence[str]]) -> None:
        del self._under_way[host]
        if not done.cancelled():
            # Nobody may be waiting any more.
            done.exception()


def _addresses(host: str) -> Sequence[str]:
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))
