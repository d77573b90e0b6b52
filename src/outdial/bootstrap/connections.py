"""How many HTTP connections may be open, from one address and in all; counted as sockets, from accept to close.

Counted are sockets and not requests, so that a TLS handshake which never ends is counted as well. At a limit the oldest
connection that waits for its client (none of its requests is whole) makes room for the new one: holding connections
open keeps nobody out. Only where all are being answered is a new one turned away.
"""

from __future__ import annotations

import ipaddress
import socket
from collections import Counter, defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from typing import Any, Final

from outdial.domain.addresses import address_group

Peer = tuple[Any, ...]
"""What a socket says of its other end: host and port, and two more on IPv6."""
_UNSENT_LIMIT_MS: Final = 60_000
"""A client that takes nothing of an answer for so long is gone, or means to keep what waits for it in our memory."""
_TURNED_AWAY: Final = (
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: close\r\nContent-Length: 0\r\n"
    b"Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n\r\n"
)


@dataclass(frozen=True)
class Limits:
    """``most`` connections in all and ``most_per_address`` from one address (an IPv6 /64 counts as one).

    ``proxies`` are trusted networks whose addresses stand for many clients: only ``most`` applies to them.
    """

    most: int = 2000
    most_per_address: int = 200
    proxies: Sequence[IPv4Network | IPv6Network] = ()


class Connections:
    """All that are open, and among them, oldest first, those that wait for their client."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._open: dict[Peer, _Accepted] = {}
        self._waiting: dict[Peer, None] = {}
        self._waiting_of: defaultdict[str, dict[Peer, None]] = defaultdict(dict)
        self._count_of: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._open)

    def admit(self, accepted: socket.socket, peer: Peer) -> socket.socket | None:
        """The socket, counted until it is closed; None: turned away and closed."""
        group = address_group(str(peer[0]))
        if not (self._has_room(group) or self._make_room(group)):
            _turn_away(accepted)
            return None
        held = _Accepted(accepted, self, peer, group)
        self._open[peer] = held
        self._count_of[group] += 1
        self.waits(peer)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            held.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _UNSENT_LIMIT_MS)
        return held

    def waits(self, peer: Peer) -> None:
        """This connection waits for its client from now on."""
        if held := self._open.get(peer):
            self._waiting[peer] = None
            self._waiting_of[held.group][peer] = None

    def works(self, peer: Peer) -> None:
        """A request of this connection is whole."""
        if held := self._open.get(peer):
            self._no_longer_waits(peer, held.group)

    def closed(self, held: _Accepted) -> None:
        if self._open.get(held.peer) is held:
            del self._open[held.peer]
            self._no_longer_waits(held.peer, held.group)
            self._count_of[held.group] -= 1
            if not self._count_of[held.group]:
                del self._count_of[held.group]

    def _no_longer_waits(self, peer: Peer, group: str) -> None:
        self._waiting.pop(peer, None)
        if mine := self._waiting_of.get(group):
            mine.pop(peer, None)
            if not mine:
                del self._waiting_of[group]

    def _has_room(self, group: str) -> bool:
        return len(self._open) < self._limits.most and not self._is_full(group)

    def _is_full(self, group: str) -> bool:
        return self._count_of[group] >= self._limits.most_per_address and not self._is_proxy(group)

    def _is_proxy(self, group: str) -> bool:
        network = ipaddress.ip_network(group)
        return any(network.version == proxy.version and network.overlaps(proxy) for proxy in self._limits.proxies)

    def _make_room(self, group: str) -> bool:
        """Whether one was closed: of the same address, when it is at its own limit."""
        waiting = self._waiting_of.get(group, {}) if self._is_full(group) else self._waiting
        oldest = next(iter(waiting), None)
        if oldest is None:
            return False
        held = self._open[oldest]
        # Its transport finds the end and closes it in the next turn of the loop; until then it is one too many.
        self.closed(held)
        with suppress(OSError):
            held.shutdown(socket.SHUT_RDWR)
        return True


class Listener(socket.socket):
    """A listening TCP socket whose accepted sockets are counted; takes over the descriptor of ``listening``."""

    def __init__(self, listening: socket.socket, connections: Connections) -> None:
        # With its protocol named, asyncio sends answers at once (TCP_NODELAY).
        super().__init__(listening.family, listening.type, socket.IPPROTO_TCP, fileno=listening.detach())
        self.setblocking(False)
        self._connections = connections

    def accept(self) -> tuple[socket.socket, Any]:
        """
        Raises:
            ConnectionAbortedError: one was turned away; asyncio looks again in the next turn of its loop.
        """
        accepted, peer = super().accept()
        held = self._connections.admit(accepted, peer)
        if held is None:
            raise ConnectionAbortedError("turned away")
        return held, peer


class _Accepted(socket.socket):
    def __init__(self, accepted: socket.socket, connections: Connections, peer: Peer, group: str) -> None:
        super().__init__(accepted.family, accepted.type, accepted.proto, fileno=accepted.detach())
        self._connections = connections
        self.peer = peer
        self.group = group

    def close(self) -> None:
        self._connections.closed(self)
        super().close()


def _turn_away(accepted: socket.socket) -> None:
    with accepted, suppress(OSError):
        accepted.setblocking(False)
        accepted.send(_TURNED_AWAY)
