"""What ``outdial doctor`` looks at: each check says how one thing stands and, when it is ill, what mends it."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncGenerator, Awaitable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx

from outdial.bootstrap.children import command
from outdial.bootstrap.database import open_database
from outdial.bootstrap.installation import installation
from outdial.bootstrap.ports import free_sip_port, listen
from outdial.bootstrap.private_files import exposed
from outdial.bootstrap.tls import Certificate, trusting
from outdial.carriers.sip.probe import probe
from outdial.domain.errors import OutdialError, Unreachable
from outdial.domain.webhook_endpoint import origin_of
from outdial.settings import Settings
from outdial.store.database import Database
from outdial.store.equipment.trunks import load_trunk
from outdial.store.inventory import ModelAgent, TrunkRow, model_agents, trunks
from outdial.store.webhooks.endpoints import ill_endpoints

_SPEECH_S: Final = 60.0
_LEAST_DISK_MB: Final = 500
_ENDPOINTS_NAMED: Final = 3
_MODEL: Final = "language model"
_MOST_MODELS: Final = 5


@dataclass(frozen=True)
class Finding:
    what: str
    well: bool
    note: str


async def examine(settings: Settings) -> AsyncGenerator[Finding, None]:
    """One finding after the other, as soon as each is known."""
    yield _home(settings)
    yield _files(settings)
    database = await _found("database", _database(settings))
    yield database
    if database.well:
        yield Finding("secrets", True, _keys(settings))
    running = await _running(settings)
    yield await _found("HTTP port", _http_port(settings, running))
    if settings.tls_cert:
        yield await _found("TLS", _tls(settings.tls_cert, settings.tls_key))
    if settings.media_workers:
        yield await _found("SIP ports", _sip_ports(settings, running))
        yield await _found(f"speech ({settings.speech})", _speech())
        async for finding in _models(settings, await _model_agents(settings) if database.well else []):
            yield finding
    else:
        yield Finding("media workers", True, "none: this node dials nothing (OUTDIAL_MEDIA_WORKERS is 0)")
    if database.well:
        try:
            async with aclosing(_trunks(settings)) as findings:
                async for finding in findings:
                    yield finding
        except OutdialError as error:
            yield Finding("workspace", False, str(error))
        yield await _found("webhooks", _webhooks(settings))


async def _found(what: str, check: Awaitable[str]) -> Finding:
    """The check's note; an error on purpose is a finding, too."""
    try:
        return Finding(what, True, await check)
    except OutdialError as error:
        return Finding(what, False, str(error))


def _home(settings: Settings) -> Finding:
    free_mb = shutil.disk_usage(settings.home).free // 1_000_000
    if not os.access(settings.home, os.W_OK):
        return Finding("home", False, f"{settings.home} cannot be written: choose another with OUTDIAL_HOME")
    if free_mb < _LEAST_DISK_MB:
        return Finding(
            "home", False, f"{settings.home} has only {free_mb} MB left: recordings need about 2 MB a minute"
        )
    return Finding("home", True, f"{settings.home}, {free_mb // 1000} GB free")


def _files(settings: Settings) -> Finding:
    found = exposed(settings)
    if found.foreign:
        # Chiefly what a command run as root left behind.
        note = f"{_some(found.foreign)} belongs to another user: chown it to the one Outdial runs as"
        return Finding("files", False, note)
    if found.open:
        return Finding("files", False, f"others can read {_some(found.open)}: chmod go-rwx")
    return Finding("files", True, "nobody else can read them")


def _some(paths: Sequence[Path]) -> str:
    return str(paths[0]) + (f" (and {len(paths) - 1} more)" if len(paths) > 1 else "")


async def _database(settings: Settings) -> str:
    async with open_database(settings) as database:
        return f"{database.url.render_as_string()} answers"


def _keys(settings: Settings) -> str:
    return f"sealed with the key in {settings.keys_path}: keep a copy, apart from the database's"


async def _running(settings: Settings) -> dict[str, Any]:
    """What the server that runs already says of its health; empty: none does, or it is another program."""
    async with local_client(settings, timeout_s=5.0) as http:
        try:
            health = (await http.get("/health")).json()
        except (httpx.HTTPError, ValueError):
            return {}
    return health if isinstance(health, dict) and health.get("service") == "outdial" else {}


def local_client(settings: Settings, *, timeout_s: float) -> httpx.AsyncClient:
    """An HTTP client for this installation's own server; proxies of the environment are not asked.

    Raises:
        Unreachable: the TLS certificate cannot be read.
    """
    trusted = trusting(settings.tls_cert) if settings.tls_cert else True
    return httpx.AsyncClient(base_url=settings.local_url, timeout=timeout_s, trust_env=False, verify=trusted)


async def _http_port(settings: Settings, running: dict[str, Any]) -> str:
    if running:
        return f"Outdial runs at {settings.local_url}: {running['parts']}"
    listen(settings.http_host, settings.http_port, setting="OUTDIAL_HTTP_PORT").close()
    return f"{settings.local_url} is free"


async def _tls(cert: Path, key: Path | None) -> str:
    Certificate(cert, key)
    return f"{cert} is served"


async def _sip_ports(settings: Settings, running: dict[str, Any]) -> str:
    if running and settings.sip_port:
        return f"{settings.sip_host}:{settings.sip_port} is in use by the server that runs"
    free_sip_port(settings.sip_host, settings.sip_port, setting="OUTDIAL_SIP_PORT")
    if not settings.sip_port:
        return f"any free ones of {settings.sip_host}"
    return f"{settings.sip_host}:{settings.sip_port} is free; let only your trunks reach it (docs/sip.md)"


async def _speech() -> str:
    check = await asyncio.create_subprocess_exec(
        *command("outdial.bootstrap.speech_check"), stdin=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
    )
    try:
        async with asyncio.timeout(_SPEECH_S):
            _, said = await check.communicate()
    except TimeoutError as error:
        check.kill()
        raise Unreachable(f"not loaded after {_SPEECH_S:.0f} s; the machine is too busy") from error
    if check.returncode:
        lines = said.decode(errors="replace").strip().splitlines()
        raise Unreachable(lines[-1] if lines else f"loading it ended with status {check.returncode}")
    return "ears and voice load"


async def _models(settings: Settings, agents: Sequence[ModelAgent]) -> AsyncGenerator[Finding, None]:
    """Whether each agent without a flow has a model, and each model in use answers as in a call."""
    models = settings.language_models
    if silent := [reason for one in agents if (reason := models.lacking(one.name, one.model))]:
        more = f" ({len(silent) - 1} more like it)" if len(silent) > 1 else ""
        yield Finding(_MODEL, False, f"{silent[0]}{more}")
    elif not settings.chat_base_url:
        yield Finding(_MODEL, True, "none; agents with a flow need none (OUTDIAL_CHAT_BASE_URL)")
    if not settings.chat_base_url:
        return
    named = dict.fromkeys(model for one in agents if (model := one.model))
    asked = [*dict.fromkeys([settings.chat_model, *named])] if settings.chat_model else [*named]
    if not asked and not silent:
        yield Finding(_MODEL, True, f"{settings.chat_base_url}; no model is named (OUTDIAL_CHAT_MODEL)")
    for model in asked[:_MOST_MODELS]:
        yield await _found(_MODEL, _tried(settings, model))


async def _tried(settings: Settings, model: str) -> str:
    from outdial.bootstrap.chat import try_model  # noqa: PLC0415

    return await try_model(settings, model)


async def _model_agents(settings: Settings) -> list[ModelAgent]:
    async with open_database(settings) as database:
        return await database.read(model_agents)


async def _webhooks(settings: Settings) -> str:
    async with open_database(settings) as database:
        ill = await database.read(ill_endpoints)
    if ill:
        told = "; ".join(
            f"{origin_of(one.url)} is {one.state}"
            + (f" since {one.failing_since:%Y-%m-%d %H:%M} UTC" if one.failing_since else "")
            + f" ({one.last_error})"
            for one in ill[:_ENDPOINTS_NAMED]
        )
        more = f"; and {len(ill) - _ENDPOINTS_NAMED} more" if len(ill) > _ENDPOINTS_NAMED else ""
        raise Unreachable(f"{told}{more}: see outdial webhooks list")
    return "no endpoint keeps failing"


async def _trunks(settings: Settings) -> AsyncGenerator[Finding, None]:
    mine = await installation(settings)
    async with open_database(settings) as database:
        for row in await database.read(trunks, mine.workspace_id):
            yield await _found(f"trunk {row.name}", _trunk(database, row))


async def _trunk(database: Database, row: TrunkRow) -> str:
    trunk = await database.read(load_trunk, row.id)
    if trunk is None or trunk.kind == "simulator":
        return "the simulated phone network; it comes up with outdial serve"
    reason = await probe(trunk)
    if reason:
        raise Unreachable(reason)
    return f"{trunk.host}:{trunk.port} answers over {trunk.transport}"
