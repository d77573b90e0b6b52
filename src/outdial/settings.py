"""Typed settings: environment ``OUTDIAL_*``, then one file, then these defaults.

``docs/settings.md`` lists them all; a test keeps it in step. Nothing here reads the process's environment: ``load``
looks only at what it is handed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import fields as dataclass_fields
from ipaddress import IPv4Address, IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

import yaml
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    DirectoryPath,
    Field,
    FilePath,
    JsonValue,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from outdial.domain.addresses import Allowed
from outdial.domain.errors import Fault, Invalid
from outdial.domain.language_models import LanguageModels
from outdial.domain.quotas import Quotas
from outdial.store.engines import DRIVERS

PREFIX: Final = "OUTDIAL_"
FILE_NAME: Final = "outdial.yaml"


def _networks(value: object) -> object:
    """An environment variable holds a list as ``a, b``."""
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, (list, tuple)):
        raise ValueError("write a list of networks, for example 10.1.0.0/16, ::1/128")  # noqa: TRY004
    return tuple(ip_network(str(part).strip()) for part in parts if str(part).strip())


def _trunk_networks(value: object) -> str:
    """Checked, and spelled one way."""
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, (list, tuple)):
        raise ValueError("write a list, for example public, 10.1.0.0/16")  # noqa: TRY004
    words = [str(part).strip() for part in parts if str(part).strip()]
    return ", ".join(word if word in _KINDS_OF_NETWORKS else str(ip_network(word)) for word in words)


_KINDS_OF_NETWORKS: Final = ("public", "private")


def _parsed(value: object) -> object:
    """An environment variable holds a mapping as a JSON object."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise ValueError('write it as a JSON object, for example {"model": "nova-3"}') from None


def _database_under_home(fields: dict[str, Any]) -> str:
    return f"sqlite:///{fields['home']}/outdial.db"


def _own_address(fields: dict[str, Any]) -> str:
    host, port = fields["http_host"], fields["http_port"]
    reachable = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
    return f"{'https' if fields.get('tls_cert') else 'http'}://{reachable}:{port}"


def _four_keys(fields: dict[str, Any]) -> float:
    return float(4 * fields["requests_per_s"])


_Port = Annotated[int, Field(ge=0, le=65535)]
_Host = Annotated[str, Field(min_length=1)]
_Networks = Annotated[tuple[IPv4Network | IPv6Network, ...], BeforeValidator(_networks)]
_TrunkNetworks = Annotated[str, BeforeValidator(_trunk_networks)]
_Quota = Annotated[int, Field(ge=0)]
_Options = Annotated[dict[str, JsonValue], BeforeValidator(_parsed)]


_PATHS: Final = ("home", "models_dir", "sip_ca_file", "secrets_key_file", "tls_cert", "tls_key")


class Settings(BaseModel):
    """Everything an operator can choose. ``load`` makes one; tests may make one by hand with ``Settings(home=…)``."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, use_attribute_docstrings=True)

    home: Path
    """Folder all state lives in: database, recordings, secrets"""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """Least serious log line shown: debug, info, warning or error"""
    log_format: Literal["console", "json"] = "console"
    """Logs for a person (console) or for a machine (json)"""

    http_host: _Host = "127.0.0.1"
    """Address the HTTP server listens on"""
    http_port: _Port = 8600
    """Port the HTTP server listens on; 0: any free one"""
    tls_cert: FilePath | None = None
    """PEM file with the certificate chain for HTTPS, read again when it changes. Default: plain HTTP (docs/https.md)"""
    tls_key: FilePath | None = None
    """PEM file with its private key, not encrypted. Default: it stands in the certificate's file"""
    trusted_proxies: _Networks = ()
    """Networks of reverse proxies, whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed. Default: none"""
    http_connections: Annotated[int, Field(ge=10, le=100_000)] = 2000
    """HTTP connections open at the same moment, at most"""
    http_connections_per_address: Annotated[int, Field(ge=1, le=100_000)] = 200
    """Those of them from one address (an IPv6 /64 counts as one), at most; trusted proxies may have all"""
    public_url: str = Field(default_factory=_own_address)
    """Where customers reach this server; links to recordings begin with it. Default: the listener's address"""
    requests_per_s: Annotated[float, Field(gt=0)] = 50
    """Requests a second each API key may make; what is more gets a 429"""
    workspace_requests_per_s: Annotated[float, Field(gt=0)] = Field(default_factory=_four_keys)
    """Requests a second all API keys of one workspace may make together. Default: four times requests_per_s"""
    wrong_keys_per_minute: Annotated[int, Field(ge=1)] = 60
    """Requests with a wrong API key one address may make a minute; what is more gets a 429. Right keys are let in"""
    quota_numbers: _Quota = Quotas.numbers
    """Caller numbers a workspace may have"""
    quota_number_pools: _Quota = Quotas.number_pools
    """Number pools a workspace may have"""
    quota_trunks: _Quota = Quotas.trunks
    """Trunks a workspace may have"""
    quota_keys: _Quota = Quotas.keys
    """API keys a workspace may have that are not withdrawn"""
    quota_agents: _Quota = Quotas.agents
    """Agents a workspace may have that are not archived"""
    quota_lists: _Quota = Quotas.lists
    """Contact lists a workspace may have, campaigns included"""
    quota_knowledge_bases: _Quota = Quotas.knowledge_bases
    """Knowledge bases a workspace may have, of 25 MB each at most"""
    drain_s: Annotated[float, Field(ge=0, le=3600)] = 30
    """At shutdown, how long calls that are up may go on before they are hung up"""

    database_url: str = Field(default_factory=_database_under_home, repr=False)
    """`sqlite:///FILE` or `postgresql://USER:PASSWORD@HOST/NAME`. Default: outdial.db under home"""

    secrets_key_file: Path | None = None
    """Keys that secrets in the database are sealed with, the same on every node. Default: database.key in secrets"""

    lease_s: Annotated[float, Field(ge=1, le=600)] = 30
    """How long this node may be out of reach of the database before others may end its calls as lost"""

    media_workers: Annotated[int, Field(ge=0, le=64)] = 1
    """Processes that carry calls; one core each. 0: this node answers requests and sends webhooks, but dials nothing"""
    calls_per_worker: Annotated[int, Field(ge=1, le=256)] = 150
    """Calls one media worker carries at most; 256 is as many as its SIP stack can"""
    ring_timeout_s: Annotated[float, Field(gt=0, le=3600)] = 45
    """How long a phone rings before the dial is given up"""
    sip_host: str = "127.0.0.1"
    """IPv4 address SIP and sound use; for real trunks this machine's own, or 0.0.0.0. 127.0.0.1: loopback only"""
    sip_port: _Port = 0
    """The first media worker's SIP port; each takes two, the upper one for TLS. 0: any free ones"""
    rtp_port_first: Annotated[int, Field(ge=1024, le=65535)] = 10000
    """First UDP port used for sound"""
    rtp_port_last: Annotated[int, Field(ge=1024, le=65535)] = 19999
    """Last UDP port used for sound"""
    trunk_networks: _TrunkNetworks = "public"
    """Where trunks added over HTTP may lead: `public`, `private`, networks as CIDR. Those added by command: anywhere"""
    sip_ca_file: FilePath | None = None
    """PEM file that trunks' TLS certificates are checked against. Default: the system's"""
    simulator: bool = True
    """Run the simulated phone network on loopback"""
    simulator_sip_port: _Port = 0
    """SIP port of the simulated network; 0: any free one"""

    speech: Literal["local", "scripted", "livekit"] = "local"
    """Speech parts: local (on this machine), scripted (for tests), livekit (a plug-in for each direction)"""
    models_dir: DirectoryPath | None = None
    """Folder of your own local speech models. Default: those in the installed packages"""
    local_speech_threads: Annotated[int, Field(ge=1, le=64)] = 1
    """Processes that hold the local speech models, beside each media worker; each does one job at a time"""
    livekit_stt: str = ""
    """LiveKit plug-in that hears, for example deepgram"""
    livekit_stt_options: _Options = Field(default_factory=dict, repr=False)
    """Arguments of its STT class, as a JSON object"""
    livekit_tts: str = ""
    """LiveKit plug-in that speaks, for example elevenlabs"""
    livekit_tts_options: _Options = Field(default_factory=dict, repr=False)
    """Arguments of its TTS class, as a JSON object"""
    chat_base_url: str = ""
    """OpenAI-compatible endpoint of the language model, up to and with /v1"""
    chat_api_key: SecretStr = SecretStr("")
    """Its key; empty for a server that needs none"""
    chat_model: str = ""
    """Model of agents that name none"""
    chat_tool_mode: Literal["native", "json_schema", "none"] = "native"
    """How a model ends a call or takes notes: tool calls (native), one JSON object (json_schema), not at all (none)"""

    analysis: Literal["auto", "rules"] = "auto"
    """Who analyses finished talks: the language model if there is one, else rules (auto), or always rules"""
    analysis_model: str = ""
    """Model that analyses finished talks. Default: the agent's own, then chat_model"""

    callback_body: Literal["superset", "envelope", "events"] = "superset"
    """Shape of a Ringg call's own callback: both documented forms in one (superset), or only one of them"""
    webhook_concurrency: Annotated[int, Field(ge=1, le=1000)] = 64
    """Webhooks under way at the same moment, at most; one workspace alone gets half of them"""
    webhook_secret: SecretStr = SecretStr("")
    """Secret webhooks are signed with (Standard Webhooks): `whsec_` and base64 of 24 to 64 bytes. Empty: unsigned"""
    webhook_https_only: bool = False
    """Deliver webhooks to https endpoints only"""
    webhook_allowed_networks: _Networks = ()
    """Internal networks webhooks may go to, as CIDR, for example `10.1.0.0/16, ::1/128`"""

    @property
    def local_url(self) -> str:
        """Where programs on this machine reach the HTTP server."""
        return _own_address({"http_host": self.http_host, "http_port": self.http_port, "tls_cert": self.tls_cert})

    @property
    def recordings_dir(self) -> Path:
        return self.home / "recordings"

    @property
    def knowledge_dir(self) -> Path:
        return self.home / "knowledge"

    @property
    def secrets_dir(self) -> Path:
        return self.home / "secrets"

    @property
    def trunks_allowed(self) -> Allowed:
        """Where trunks may lead that were added over HTTP."""
        words = [word.strip() for word in self.trunk_networks.split(",") if word.strip()]
        networks = tuple(ip_network(word) for word in words if word not in _KINDS_OF_NETWORKS)
        return Allowed("public" in words, "private" in words, networks)

    @property
    def language_models(self) -> LanguageModels:
        """What agents without a flow have to talk with."""
        return LanguageModels(endpoint=bool(self.chat_base_url), default=bool(self.chat_model))

    @property
    def quotas(self) -> Quotas:
        """What each workspace may have."""
        return Quotas(**{kind.name: getattr(self, f"quota_{kind.name}") for kind in dataclass_fields(Quotas)})

    @property
    def keys_path(self) -> Path:
        """Where the keys lie that secrets in the database are sealed with."""
        return self.secrets_key_file or self.secrets_dir / "database.key"

    @field_validator(*_PATHS)
    @classmethod
    def _full_path(cls, path: Path | None) -> Path | None:
        return None if path is None else path.absolute()

    @field_validator("public_url", "chat_base_url")
    @classmethod
    def _web_address(cls, url: str) -> str:
        parts = urlsplit(url)
        if url and (parts.scheme not in {"http", "https"} or not parts.hostname):
            raise ValueError("write it as http://HOST or https://HOST, with a port and path if needed")
        return url.rstrip("/")

    @field_validator("tls_key")
    @classmethod
    def _needs_a_certificate(cls, key: Path | None, info: ValidationInfo) -> Path | None:
        if key and not info.data.get("tls_cert"):
            raise ValueError("it belongs to a certificate: set tls_cert as well")
        return key

    @field_validator("sip_host")
    @classmethod
    def _ipv4(cls, host: str) -> str:
        try:
            return str(IPv4Address(host))
        except ValueError:
            raise ValueError("write it as an IPv4 address, for example 127.0.0.1") from None

    @field_validator("database_url")
    @classmethod
    def _known_engine(cls, url: str) -> str:
        scheme, separator, rest = url.partition("://")
        if not separator or scheme not in DRIVERS:
            raise ValueError("begin it with sqlite:/// or postgresql://")
        return f"{DRIVERS[scheme]}://{rest}"

    @field_validator("rtp_port_last")
    @classmethod
    def _room_for_all_calls(cls, last: int, info: ValidationInfo) -> int:
        room = (last - info.data.get("rtp_port_first", last) + 1) // 2
        calls = info.data.get("media_workers", 0) * info.data.get("calls_per_worker", 0)
        if room < max(calls, 1):
            raise ValueError(
                f"ports from rtp_port_first to here carry {max(room, 0)} calls (two ports each), but media_workers x "
                f"calls_per_worker is {calls}: widen the range, or allow fewer calls"
            )
        return last

    @field_validator("simulator_sip_port")
    @classmethod
    def _not_a_workers_port(cls, port: int, info: ValidationInfo) -> int:
        first = info.data.get("sip_port", 0)
        last = first + 2 * info.data.get("media_workers", 0) - 1
        if port and first and first <= port <= last:
            raise ValueError(f"media workers take {first} to {last} (two each from sip_port): choose another")
        return port

    @field_validator("livekit_stt", "livekit_tts")
    @classmethod
    def _needed_by_livekit(cls, plugin: str, info: ValidationInfo) -> str:
        if not plugin and info.data.get("speech") == "livekit":
            raise ValueError("needed because speech is livekit: name a plug-in, for example deepgram or elevenlabs")
        return plugin


def load(environ: Mapping[str, str]) -> Settings:
    """The settings an environment and its file ask for. Empty variables count as unset.

    The file is ``OUTDIAL_SETTINGS_FILE``, which must then exist, or else ``outdial.yaml`` under home, if there.
    ``~`` stands for the environment's ``HOME``.

    Raises:
        Invalid: one fault for each wrong setting; each message is a whole line that names the variable or the file.
    """
    fields = {name: _variable(name) for name in Settings.model_fields}
    given = {name: environ[variable] for name, variable in fields.items() if environ.get(variable)}
    homes = {"home": given.get("home", "~/.outdial")} if "home" in given or environ.get("HOME") else {}
    chosen = environ.get(f"{PREFIX}SETTINGS_FILE", "")
    file = _expanded(chosen or f"{homes.get('home', '')}/{FILE_NAME}", environ)
    written = _read(file) if chosen or (homes and file.is_file()) else {}
    values: dict[str, object] = homes | written | given
    for name in _PATHS:
        if isinstance(path := values.get(name), str):
            values[name] = _expanded(path, environ)
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        where = {name: f"{name} in {file}" for name in written} | {name: fields[name] for name in given}
        raise Invalid(*_faults(error, where)) from None


def unknown_variables(environ: Mapping[str, str]) -> list[str]:
    """Names that look like settings and are none: worth a warning, not a refusal.

    Kubernetes puts ``OUTDIAL_PORT`` and the like into the environment of every container beside a service of that name.
    """
    known = {_variable(name) for name in Settings.model_fields} | {f"{PREFIX}SETTINGS_FILE"}
    return sorted(name for name in environ if name.startswith(PREFIX) and name not in known)


def _variable(name: str) -> str:
    return PREFIX + name.upper()


def _expanded(path: str, environ: Mapping[str, str]) -> Path:
    return Path(environ["HOME"] + path[1:] if path.startswith("~/") and environ.get("HOME") else path)


def _invalid(name: str, message: str) -> Invalid:
    return Invalid(Fault((name,), f"{name}: {message}"))


def _read(file: Path) -> dict[str, object]:
    try:
        content = yaml.safe_load(file.read_text("utf-8"))
    except OSError as error:
        raise _invalid(str(file), f"cannot be read: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise _invalid(str(file), "is not YAML: " + " ".join(str(error).split())) from None
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise _invalid(str(file), "must hold lines like http_port: 8600")
    return {str(name): value for name, value in content.items()}


def _faults(error: ValidationError, where: Mapping[str, str]) -> Iterator[Fault]:
    for fault in error.errors(include_url=False, include_context=False):
        if fault["type"] == "default_factory_not_called":
            continue  # another fault stands before it
        name = str(fault["loc"][0])
        source = where.get(name, _variable(name))
        message = fault["msg"].removeprefix("Value error, ")
        if fault["type"] == "missing":
            message = "set it: without HOME there is no default folder"
        elif fault["type"] == "extra_forbidden":
            message = "there is no such setting"
        elif fault["input"] != "" and name not in _UNSHOWN:
            message += f" (got {str(fault['input'])!r})"
        yield Fault((source,), f"{source}: {message}", fault["type"])


# Their values may hold passwords.
_UNSHOWN: Final = {
    name for name, field in Settings.model_fields.items() if not field.repr or field.annotation is SecretStr
}
