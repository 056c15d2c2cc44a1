"""The hub's configuration: one TOML file, read once at start into frozen values.

A key that is not known, missing or of the wrong type is an error that names file, table and key.
"""

import base64
import binascii
import ipaddress
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from nacl.signing import VerifyKey

from hub.anomaly.rulebook import rule_texts, rules_of
from hub.errors import ConfigError
from hub.third_party import ThirdParty, flaws
from wire.topics import is_identifier


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A table of the file."""


class HubTable(_Table, frozen=True):
    """[hub]: the directory of journal, store and registry, relative to the configuration file."""

    directory: str


class MqttTable(_Table, frozen=True):
    """[mqtt]: the broker; beyond loopback it is spoken to over TLS only.

    Attributes:
        password_env: the name of the environment variable that holds the password.
        ca_file: the certificate authority of the broker, PEM; TLS is used when it is given.
    """

    host: str = "127.0.0.1"
    port: int = 1883
    username: str = ""
    password_env: str = ""
    ca_file: str = ""


class HttpTable(_Table, frozen=True):
    """[http]: where the map is served; beyond loopback with TLS and a password only.

    Attributes:
        port: 0 takes a free one; the hub prints it and writes it to `http.json` in its directory.
        tls_cert, tls_key: PEM files.
        username, password_env: of HTTP Basic authentication; the password stands in the named environment variable.
        hosts: names under which a browser beyond this machine asks for it; others are refused.
    """

    host: str = "127.0.0.1"
    port: int = 0
    tls_cert: str = ""
    tls_key: str = ""
    username: str = "quietwatch"
    password_env: str = ""
    hosts: tuple[str, ...] = ()


class JudgeTable(_Table, frozen=True):
    """[judge]: how it judges.

    Attributes:
        grace_s: how long after its end a minute stays open for readings on their way.
        rules: the directory of the site's own rules, relative to the configuration file; "" for none.
    """

    grace_s: float = 30.0
    rules: str = ""


class ZoneTable(_Table, frozen=True):
    """[zone]: its name and the GeoJSON files of its areas and districts, relative to the configuration file."""

    name: str
    name_en: str = ""
    areas: str = "areas.geojson"
    districts: str = "districts.geojson"


class GatewayTable(_Table, frozen=True):
    """[[gateway]]: a gateway and its Ed25519 public key, 32 bytes in base64."""

    id: str
    public_key: str


class ReceiverTable(_Table, frozen=True):
    """[[receiver]]: where leads are pushed to."""

    name: str
    url: str


class InfluxTable(_Table, frozen=True):
    """[store.influx]: a mirror of the readings in InfluxDB 2 or VictoriaMetrics."""

    url: str
    org: str = ""
    bucket: str = ""
    token_env: str = ""


@dataclass(frozen=True, slots=True)
class Config:
    """The whole file, checked; paths are whole, secrets are read from the environment.

    Attributes:
        directory: of journal, store and registry.
        areas, districts: GeoJSON files.
        rules: the texts of all rules, the program's and the site's, by name.
        keys: the public key of every gateway.
        third_parties: who may report without a signature, [[third_party]].
        mqtt_password, http_password, influx_token: empty when none is configured.
        influx: None without a mirror.
    """

    directory: Path
    mqtt: MqttTable
    http: HttpTable
    judge: JudgeTable
    zone: ZoneTable
    areas: Path
    districts: Path
    rules: Mapping[str, str]
    keys: Mapping[str, VerifyKey]
    third_parties: tuple[ThirdParty, ...]
    receivers: tuple[ReceiverTable, ...]
    influx: InfluxTable | None
    mqtt_password: str
    http_password: str
    influx_token: str


_T = TypeVar("_T")
_KEY = re.compile(r"field `([^`]+)`|at `\$\.([^`\[]+)")


class _File:
    """One TOML file and how its mistakes are named."""

    def __init__(self, path: Path, environ: Mapping[str, str]) -> None:
        self.path = path
        self._environ = environ
        try:
            self._tables: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise self.error("file", "", str(error)) from error

    def error(self, table: str, key: str, reason: str) -> ConfigError:
        return ConfigError(str(self.path), table, key, reason)

    def table(self, name: str, kind: type[_T]) -> _T:
        return self._convert(name, self._tables.pop(name, {}), kind)

    def tables(self, name: str, kind: type[_T]) -> tuple[_T, ...]:
        listed = self._tables.pop(name, [])
        if not isinstance(listed, list):
            raise self.error(name, "", f"write it as [[{name}]], once for each")
        return tuple(self._convert(f"{name}[{i}]", table, kind) for i, table in enumerate(listed, 1))

    def influx(self) -> InfluxTable | None:
        store = self._tables.pop("store", {})
        if not isinstance(store, dict) or set(store) - {"influx"}:
            raise self.error("store", "", "the only table here is [store.influx]")
        return self._convert("store.influx", store["influx"], InfluxTable) if "influx" in store else None

    def secret(self, table: str, key: str, name: str) -> str:
        if name and not self._environ.get(name):
            raise self.error(table, key, f"the environment variable {name} is not set")
        return self._environ[name] if name else ""

    def beside(self, table: str, key: str, name: str) -> Path:
        path = self.path.parent / name
        if not path.is_file():
            raise self.error(table, key, f"there is no file {path}")
        return path

    def end(self) -> None:
        for name in self._tables:
            raise self.error(name, "", "no such table")

    def _convert(self, name: str, table: object, kind: type[_T]) -> _T:
        try:
            return msgspec.convert(table, kind)
        except msgspec.ValidationError as error:
            found = _KEY.search(str(error))
            key = next(filter(None, found.groups()), "") if found else ""
            raise self.error(name, key, str(error)) from error


def load_config(path: Path, environ: Mapping[str, str] | None = None) -> Config:
    """Return the configuration of a file.

    Args:
        path: of the TOML file.
        environ: where secrets are looked up, the process's environment when None.

    Raises:
        ConfigError: it cannot be used; file, table and key are named.
    """
    file = _File(path, os.environ if environ is None else environ)
    hub = file.table("hub", HubTable)
    mqtt, http = file.table("mqtt", MqttTable), file.table("http", HttpTable)
    zone, influx = file.table("zone", ZoneTable), file.influx()
    judge = file.table("judge", JudgeTable)
    config = Config(
        directory=path.parent / hub.directory,
        mqtt=mqtt,
        http=http,
        judge=judge,
        zone=zone,
        areas=file.beside("zone", "areas", zone.areas),
        districts=file.beside("zone", "districts", zone.districts),
        rules=_rules(file, judge),
        keys=_keys(file, file.tables("gateway", GatewayTable)),
        third_parties=file.tables("third_party", ThirdParty),
        receivers=file.tables("receiver", ReceiverTable),
        influx=influx,
        mqtt_password=file.secret("mqtt", "password_env", mqtt.password_env),
        http_password=file.secret("http", "password_env", http.password_env),
        influx_token=file.secret("store.influx", "token_env", influx.token_env) if influx else "",
    )
    file.end()
    _check(file, config)
    for table, key, reason in flaws(config.third_parties, tuple(config.keys)):
        raise file.error(table, key, reason)
    return config


def all_rules(directory: Path | None) -> dict[str, str]:
    """Return the texts of the program's rules and of the *.toml of a site's directory, by name.

    Raises:
        OSError, UnicodeDecodeError: a file cannot be read.
    """
    paths = [] if directory is None else sorted(path for path in directory.iterdir() if path.suffix == ".toml")
    return rule_texts() | {f"site/{path.name}": path.read_text(encoding="utf-8") for path in paths}


def _rules(file: _File, judge: JudgeTable) -> dict[str, str]:
    try:
        texts = all_rules(file.path.parent / judge.rules if judge.rules else None)
    except (OSError, UnicodeDecodeError) as error:
        raise file.error("judge", "rules", str(error)) from error
    rules_of(texts)
    return texts


def is_loopback(host: str) -> bool:
    """Return whether a host name or address can only be this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _check(file: _File, config: Config) -> None:
    if not is_loopback(config.mqtt.host) and not config.mqtt.ca_file:
        raise file.error("mqtt", "ca_file", f"{config.mqtt.host} is beyond this machine: TLS needs the broker's CA")
    if bool(config.http.tls_cert) != bool(config.http.tls_key):
        raise file.error("http", "tls_cert", "tls_cert and tls_key go together")
    for key in ("tls_cert", "tls_key", "password_env", "hosts"):
        if not is_loopback(config.http.host) and not getattr(config.http, key):
            raise file.error(
                "http", key, f"{config.http.host} is beyond this machine: TLS, a password and its names are needed"
            )
    for table, port in (("mqtt", config.mqtt.port), ("http", config.http.port)):
        if not 0 <= port <= 65_535:
            raise file.error(table, "port", f"{port} is no port")
    if not 0 < config.judge.grace_s <= 21_600:
        raise file.error("judge", "grace_s", f"{config.judge.grace_s} s: above 0, at most 21600")


def _keys(file: _File, gateways: tuple[GatewayTable, ...]) -> dict[str, VerifyKey]:
    keys: dict[str, VerifyKey] = {}
    for i, gateway in enumerate(gateways, 1):
        table = f"gateway[{i}]"
        if not is_identifier(gateway.id) or gateway.id in keys:
            raise file.error(table, "id", f"{gateway.id!r}: a-z, 0-9 and inner hyphens, each id once")
        try:
            keys[gateway.id] = VerifyKey(base64.b64decode(gateway.public_key, validate=True))
        except (ValueError, binascii.Error) as error:
            raise file.error(table, "public_key", "not an Ed25519 public key: 32 bytes in base64") from error
    return keys
