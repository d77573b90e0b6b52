"""Ports: taken before anything else starts, so that an occupied one is said in one clear line."""

from __future__ import annotations

import errno
import socket
from contextlib import closing
from typing import Final

from outdial.domain.errors import Unreachable

_TAKEN: Final = frozenset({errno.EADDRINUSE, errno.EACCES})


def listen(host: str, port: int, *, setting: str) -> socket.socket:
    """A TCP socket that listens; port 0 takes any free one.

    Raises:
        Unreachable: it cannot be had; the message names the setting to change.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Only on sockets that name their protocol does asyncio set TCP_NODELAY; without it each answer on a connection that
    # is kept waits some 40 ms for the client's delayed acknowledgement.
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
        sock.listen(2048)
    except OSError as error:
        sock.close()
        mend = (
            f"{setting} to a free one" if error.errno in _TAKEN else "OUTDIAL_HTTP_HOST to an address of this machine"
        )
        raise Unreachable(f"cannot listen on {host}:{port}: {error.strerror}; set {mend}") from error
    sock.setblocking(False)
    return sock


def free_sip_port(host: str, port: int, *, setting: str) -> int:
    """``port`` if both UDP and TCP are free there, or any such port when it is 0.

    Raises:
        Unreachable: it is occupied, or ``host`` is not ours; the message names the setting to change.
    """
    for _ in range(20):
        with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as udp:
            try:
                udp.bind((host, port))
                chosen: int = udp.getsockname()[1]
                with closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as tcp:
                    tcp.bind((host, chosen))
            except OSError as error:
                if error.errno not in _TAKEN:
                    raise Unreachable(
                        f"SIP cannot use {host}: {error.strerror}; set OUTDIAL_SIP_HOST to an address of this machine"
                    ) from error
                if port:
                    raise Unreachable(
                        f"SIP port {host}:{port} is occupied ({error.strerror}); set {setting} to a free one"
                    ) from error
                continue
        return chosen
    raise Unreachable(f"no port of {host} is free for both UDP and TCP")
