"""One node of Outdial: the HTTP doors, the store, the dialer, webhooks, and the processes that carry the calls."""

from __future__ import annotations

import asyncio
import ipaddress
import secrets
import signal
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import Final

import structlog

from outdial.api.parts import Health, Parts
from outdial.api.rate import HourlyLimits, RateLimit, WrongKeys
from outdial.api.recordings import RecordingLinks
from outdial.api.root import root
from outdial.bootstrap import private_files
from outdial.bootstrap.background import Background
from outdial.bootstrap.children import command
from outdial.bootstrap.database import open_database
from outdial.bootstrap.ports import free_sip_port, listen
from outdial.bootstrap.simulated import ToSimulatedNetwork
from outdial.bootstrap.voices import voices_of
from outdial.bootstrap.web import web_server
from outdial.dialer.dialer import Dialer, DialerSettings
from outdial.dialer.ports import Operator
from outdial.dialer.steps import Watch, unwatched
from outdial.domain.agent import Voice
from outdial.domain.clock import utc_now
from outdial.domain.errors import Unreachable
from outdial.outgoing.trunk_targets import TrunkTargets
from outdial.settings import Settings
from outdial.store.calls.orders import Ground
from outdial.store.database import Connection, Database
from outdial.store.equipment.trunks import trunk_ca_files
from outdial.store.inventory import model_agents
from outdial.store.secrets.key_watch import watched_keys
from outdial.workers.child import ChildState
from outdial.workers.garbage import spare_what_is_loaded
from outdial.workers.supervisor import MediaWorkers, media_workers

_HEALTH_S: Final = 2.0
_LAST_REQUESTS_S: Final = 8.0
"""How long answers to customers, and from their endpoints, are waited for at the end."""
_log = structlog.get_logger(__name__)


async def serve(settings: Settings, *, announce: Callable[[str], None], watch: Watch = unwatched) -> None:
    """Run until SIGTERM or SIGINT: then dial no more, let talks end for ``drain_s``, and stop. Twice: at once.

    Raises:
        Unreachable: a port is occupied or the database cannot be used; the message is one line.
    """
    async with AsyncExitStack() as stack:
        sock = stack.enter_context(listen(settings.http_host, settings.http_port, setting="OUTDIAL_HTTP_PORT"))
        phones_port = _sip_ports(settings) if settings.media_workers else 0
        database = await stack.enter_async_context(open_database(settings))
        # A port belongs to one process at a time, and with it the name.
        name = f"{socket.gethostname()}:{sock.getsockname()[1]}"
        await stack.enter_async_context(watched_keys(database, name, utc_now))
        workers = phones = None
        if settings.media_workers:
            media = media_workers(await database.read(_media_command), settings.media_workers, utc_now)
            workers = await stack.enter_async_context(media)
        if phones_port:
            phones_command = command("outdial.bootstrap.phones", "--port", str(phones_port))
            phones = await stack.enter_async_context(media_workers(phones_command, 1, utc_now))
        dialer = None
        if workers:
            operator = ToSimulatedNetwork(workers, settings.sip_host, phones_port, utc_now)
            dialer = _dialer(settings, name, database, operator, watch)
            await _warn_of_silent_agents(settings, database)
        node = _Node(settings, database, workers, phones, dialer)
        spare_what_is_loaded()
        await node.run(sock, announce)


class _Node:
    """The parts of a running node, and the order in which they start and stop."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        workers: MediaWorkers | None,
        phones: MediaWorkers | None,
        dialer: Dialer | None,
    ) -> None:
        self._settings = settings
        self._database = database
        self._workers = workers
        self._phones = phones
        self._dialer = dialer
        links = RecordingLinks(secret=_secret(settings), base_url=settings.public_url, now=utc_now)
        seconds = asyncio.get_running_loop().time
        self._background = Background(settings, database, links)
        self._web = web_server(
            root(
                Parts(
                    database=database,
                    voices=_voices(settings),
                    now=utc_now,
                    rate=RateLimit(settings.requests_per_s, seconds),
                    workspace_rate=RateLimit(settings.workspace_requests_per_s, seconds),
                    wrong_keys=WrongKeys(settings.wrong_keys_per_minute, seconds),
                    hourly=HourlyLimits(seconds),
                    links=links,
                    recordings_dir=settings.recordings_dir,
                    health=self._health,
                    placed=self._placed,
                    trunk_targets=TrunkTargets(settings.trunks_allowed),
                    new_job=self._background.jobs.nudge,
                    language_models=settings.language_models,
                )
            ),
            settings,
        )

    async def run(self, sock: socket.socket, announce: Callable[[str], None]) -> None:
        async with asyncio.TaskGroup() as group:
            dialing = group.create_task(self._dial(), name="dialer")
            background = group.create_task(self._background.run(), name="background")
            web = group.create_task(self._web.run_on(sock), name="web")
            mending = group.create_task(_close_files(self._settings), name="file modes")
            with _asked_to_stop() as (stop, stop_now):
                self._announce(sock, announce)
                await stop.wait()
                announce("stopping: no new calls are dialled, talks may end (again: stop at once)")
                self._dial_no_more()
                await _first_of(dialing, stop_now)
            self._background.stop()
            self._web.stop()
            await asyncio.wait([background, web], timeout=_LAST_REQUESTS_S)
            # An endpoint that hangs is told again by whoever runs next.
            background.cancel()
            mending.cancel()

    async def _dial(self) -> None:
        if self._dialer:
            await self._dialer.run()

    def _dial_no_more(self) -> None:
        """Also not what is claimed already: the doors close first, so that it goes back as if it had never been."""
        if self._workers:
            self._workers.close_doors()
        if self._dialer:
            self._dialer.stop()

    def _placed(self) -> None:
        if self._dialer:
            self._dialer.nudge()
        self._background.webhooks.nudge()

    async def _health(self) -> Health:
        """Calls are accepted as long as the database answers; without a media worker they wait."""
        parts = {"media_workers": _ready(self._workers), "simulated_network": _ready(self._phones)}
        try:
            async with asyncio.timeout(_HEALTH_S):
                await self._database.ping()
        except (TimeoutError, Unreachable):
            # Anybody may ask: where it lies, and why it is silent, is in the log and said by outdial doctor.
            return Health(ready=False, parts=parts | {"database": "does not answer"})
        return Health(ready=True, parts=parts | {"database": "ready"})

    def _announce(self, sock: socket.socket, announce: Callable[[str], None]) -> None:
        host, port = sock.getsockname()[:2]
        scheme = "https" if self._settings.tls_cert else "http"
        announce(f"Outdial is ready at {scheme}://{host}:{port}  (state in {self._settings.home})")
        announce("  next: outdial init              keys, an agent and a number to start with")
        if self._dialer:
            announce("        outdial call +15550001111  ring somebody on the simulated phone network")
        else:
            announce("  it dials nothing (OUTDIAL_MEDIA_WORKERS is 0): nodes with media workers ring the phones")
        announce("        outdial doctor             check ports, trunks, voices and the database")


async def _close_files(settings: Settings) -> None:
    """What an older version, or another umask, left open under the home."""
    left = await asyncio.to_thread(private_files.mend, settings)
    if left.foreign or left.open:
        _log.warning(
            "others can reach files of this installation: see outdial doctor", files=len(left.foreign + left.open)
        )


def _dialer(settings: Settings, name: str, database: Database, operator: Operator, watch: Watch) -> Dialer:
    return Dialer(
        database,
        operator,
        Ground(
            _voices(settings),
            settings.recordings_dir,
            settings.ring_timeout_s,
            settings.knowledge_dir,
            settings.language_models.why_silent,
        ),
        utc_now,
        settings=DialerSettings(
            name=name,
            lease_s=settings.lease_s,
            # Often enough that several failures in a row cost nothing.
            heartbeat_s=settings.lease_s / 6,
            stop_limit_s=settings.drain_s,
        ),
        watch=watch,
    )


async def _warn_of_silent_agents(settings: Settings, database: Database) -> None:
    """Agents that cannot talk are better found at the start than by their first campaign."""
    models = settings.language_models
    reasons = [models.lacking(one.name, one.model) for one in await database.read(model_agents)]
    if silent := [reason for reason in reasons if reason]:
        _log.warning(
            "agents cannot talk: their calls will fail before anybody is rung", agents=len(silent), first=silent[0]
        )


def _voices(settings: Settings) -> Mapping[str, Voice]:
    return {voice.id: voice for voice in voices_of(settings)}


def _ready(workers: MediaWorkers | None) -> str:
    if workers is None:
        return "off"
    states = workers.status()
    ready = sum(status.state is ChildState.READY for status in states)
    # Anybody may ask: what troubles the others, which names addresses and files of ours, is in the log.
    return f"{ready} of {len(states)} ready"


def _media_command(conn: Connection) -> list[str]:
    """Media workers know no database: what their TLS trusts, trunk by trunk, is handed to them."""
    ca_files = trunk_ca_files(conn)
    return command("outdial.bootstrap.media", *(word for file in ca_files for word in ("--ca-file", file)))


def _sip_ports(settings: Settings) -> int:
    """Where the simulated network will listen; 0: nowhere. It never leaves loopback.

    Raises:
        Unreachable: its port or the one of the media workers is taken.
    """
    free_sip_port(settings.sip_host, settings.sip_port, setting="OUTDIAL_SIP_PORT")
    if not settings.simulator:
        return 0
    if not ipaddress.ip_address(settings.sip_host).is_loopback:
        _log.warning("the simulated phone network is off: OUTDIAL_SIP_HOST is not a loopback address")
        return 0
    return free_sip_port(settings.sip_host, settings.simulator_sip_port, setting="OUTDIAL_SIMULATOR_SIP_PORT")


def _secret(settings: Settings) -> bytes:
    """The key that recording links are signed with, made once."""
    file: Path = settings.secrets_dir / "recording-links.key"
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        file.touch(mode=0o600)
        file.write_bytes(secrets.token_bytes(32))
    return file.read_bytes()


async def _first_of(dialing: asyncio.Task[None], stop_now: asyncio.Event) -> None:
    """Until the dialer has ended by itself; asked to stop at once, it hangs up and writes down what it knows."""
    impatient = asyncio.create_task(stop_now.wait())
    await asyncio.wait([dialing, impatient], return_when=asyncio.FIRST_COMPLETED)
    impatient.cancel()
    dialing.cancel()
    await asyncio.wait([dialing])


@contextmanager
def _asked_to_stop() -> Iterator[tuple[asyncio.Event, asyncio.Event]]:
    """Two events: set by the first and by the second SIGTERM or SIGINT."""
    first, second = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def asked() -> None:
        (second if first.is_set() else first).set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked)
    try:
        yield first, second
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
