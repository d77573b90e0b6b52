"""What a process's SIP stack is told at its start, and the text the native stack reads it from."""

from __future__ import annotations

import ipaddress
import re
import socket
from dataclasses import dataclass
from typing import Final

from outdial.domain.errors import Fault, Unreachable, must_be_sound

HARD_CALL_LIMIT: Final = 256
"""Audio slots compiled into the native stack."""
HANDLE_LIMIT: Final = 1023
"""Native handles, shared by calls and caller identities."""

_INTERFACE: Final = re.compile(r"[A-Za-z0-9_.:@-]{1,64}")


@dataclass(frozen=True)
class SipSettings:
    """Where a process listens and how many calls it holds.

    ``listen_port`` 0 picks free ports; with a fixed port TLS listens one higher. ``net_interface`` is an interface
    name or a local address; empty (or 0.0.0.0) means every interface except loopback, so trunks on 127.0.0.1 need it
    pinned to 127.0.0.1 (and a process pinned so reaches nothing else). ``rtp_timeout_s`` ends a call whose far side
    sends no sound for so long; 0 never does. ``ca_files`` are PEM files trusted for TLS besides the system's.

    Raises:
        Invalid: a setting is out of range; the fault names it.
    """

    listen_host: str = "0.0.0.0"
    listen_port: int = 0
    net_interface: str = ""
    rtp_port_min: int = 10000
    rtp_port_max: int = 19999
    jitter_min_ms: int = 20
    jitter_max_ms: int = 200
    rtp_timeout_s: int = 30
    max_calls: int = 150
    ca_files: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        faults = [Fault((name,), message) for name, message in _faults(self)]
        must_be_sound(faults)

    @property
    def max_identities(self) -> int:
        """Caller identities that fit beside the calls."""
        return HANDLE_LIMIT - HARD_CALL_LIMIT


def _faults(settings: SipSettings) -> list[tuple[str, str]]:
    s = settings
    checks = (
        (_is_ipv4(s.listen_host), "listen_host", "listen_host must be an IPv4 address"),
        (0 <= s.listen_port <= 65534, "listen_port", "listen_port must be 0 to 65534"),
        (
            not s.net_interface or _INTERFACE.fullmatch(s.net_interface) is not None,
            "net_interface",
            "net_interface must be the name of an interface or a local address",
        ),
        (
            1024 <= s.rtp_port_min < s.rtp_port_max <= 65535,
            "rtp_port_min",
            "rtp_port_min and rtp_port_max must be 1024 to 65535, the smaller first",
        ),
        (
            0 < s.jitter_min_ms <= s.jitter_max_ms <= 1000,
            "jitter_min_ms",
            "jitter_min_ms and jitter_max_ms must be 1 to 1000, the smaller first",
        ),
        (s.rtp_timeout_s >= 0, "rtp_timeout_s", "rtp_timeout_s must not be negative"),
        (0 < s.max_calls <= HARD_CALL_LIMIT, "max_calls", f"max_calls must be 1 to {HARD_CALL_LIMIT}"),
    )
    return [(name, message) for holds, name, message in checks if not holds]


def _is_ipv4(text: str) -> bool:
    try:
        ipaddress.IPv4Address(text)
    except ValueError:
        return False
    return True


def check_port_free(settings: SipSettings) -> None:
    """The native stack says nothing when its port is taken, and then sends from nowhere.

    Raises:
        Unreachable: another program holds the SIP port.
    """
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM) if settings.listen_port else ():
        with socket.socket(socket.AF_INET, kind) as probe:
            # As the native stack does: a connection that has just been closed does not hold the port.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, int(kind is socket.SOCK_STREAM))
            try:
                probe.bind((settings.listen_host, settings.listen_port))
            except OSError as failure:
                where = f"{settings.listen_host}:{settings.listen_port}"
                raise Unreachable(f"the SIP port {where} cannot be used: {failure.strerror}") from None


def native_lines(settings: SipSettings, ca_bundle: str) -> str:
    """The settings the binding has no field for, in the native ``key value`` form.

    ``ca_bundle`` is always given: without one the stack would accept any certificate. What we send is 8 kHz mono
    whatever the codec (``ausrc_*``); names are looked up as the machine does it (``/etc/hosts`` too).
    """
    return "\n".join(
        (
            f"sip_listen {settings.listen_host}:{settings.listen_port}",
            "sip_transports udp,tcp,tls",
            "sip_verify_server yes",
            f"sip_cafile {ca_bundle}",
            "dns_getaddrinfo yes",
            f"rtp_ports {settings.rtp_port_min}-{settings.rtp_port_max}",
            "audio_jitter_buffer_type adaptive",
            f"audio_jitter_buffer_ms {settings.jitter_min_ms}-{settings.jitter_max_ms}",
            "ausrc_srate 8000",
            "ausrc_channels 1",
            "call_hold_other_calls no",
            "",
        )
    )
