"""The gateway's configuration: one TOML file, read once at start into frozen values.

A key that is not known, missing, of the wrong type or in a wrong unit is an error that names file, table and key.
Paths are relative to the file.
"""

import difflib
import ipaddress
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from edge.drivers import DRIVERS, DriverKind
from edge.drivers.driver import DeviceSettings
from edge.errors import ConfigError
from edge.tables import GatewayTable, HubTable, PageTable, StationTable
from wire.properties import UnitMismatchError, to_canonical
from wire.topics import is_identifier


@dataclass(frozen=True, slots=True)
class Config:
    """The whole file, checked; paths are whole.

    Attributes:
        page: None when none is wanted.
        socket: None when none is wanted.
        path: of the file.
        text: of the file.
    """

    gateway: GatewayTable
    hub: HubTable
    page: PageTable | None
    stations: tuple[StationTable, ...]
    devices: tuple[DeviceSettings, ...]
    key_file: Path
    outbox_dir: Path
    ca_file: Path | None
    socket: Path | None
    path: Path
    text: str


_T = TypeVar("_T")
_UNKNOWN: Final = re.compile(r"unknown field `([^`]+)`")
_NAMED: Final = re.compile(r"field `([^`]+)`|at `\$\.([^`\[.]+)")
_BEGINS: Final = re.compile(r"([a-z_]+): ")
_TABLES: Final = ("gateway", "hub", "page", "station", "device")


def load(path: Path) -> Config:
    """Return the configuration of a file.

    Raises:
        ConfigError: it cannot be used; says which file, table and key, and what would do.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ConfigError(str(path), "file", "", str(error)) from error
    return read(path, content)


def read(path: Path, content: bytes, exists: Callable[[Path], bool] = Path.is_file) -> Config:
    """Return the configuration of a text that stands, or would stand, in a file.

    Args:
        path: of the file.
        content: the text, in UTF-8.
        exists: whether a file that it names is there; on another machine than the gateway nobody knows.

    Raises:
        ConfigError: as `load`.
    """
    return _File(path, content, exists).config()


class _File:
    """One TOML file and how its mistakes are named."""

    def __init__(self, path: Path, content: bytes, exists: Callable[[Path], bool]) -> None:
        self._path = path
        self._exists = exists
        try:
            self._text = content.decode()
            self._tables: Mapping[str, Any] = tomllib.loads(self._text)
        except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise self._error("file", "", str(error)) from error

    def config(self) -> Config:
        for name in self._tables:
            if name not in _TABLES:
                raise self._error(name, "", f"unknown table{_near(name, _TABLES)}")
        gateway = self._convert(self._table("gateway"), GatewayTable, "gateway")
        hub = self._convert(self._table("hub"), HubTable, "hub")
        stations = tuple(self._station(i, table) for i, table in enumerate(self._list("station"), 1))
        known = frozenset(station.id for station in stations)
        devices = tuple(self._device(i, table, known) for i, table in enumerate(self._list("device"), 1))
        self._identifiers(gateway, stations, devices)
        ca_file = self._beside(hub.ca_file) if hub.ca_file else None
        self._guard(hub, ca_file)
        return Config(
            gateway=gateway,
            hub=hub,
            page=self._page(),
            stations=stations,
            devices=devices,
            key_file=self._beside(gateway.key_file),
            outbox_dir=self._beside(gateway.outbox_dir),
            ca_file=ca_file,
            socket=self._beside(gateway.socket) if gateway.socket else None,
            path=self._path.absolute(),
            text=self._text,
        )

    def _error(self, table: str, key: str, reason: str) -> ConfigError:
        return ConfigError(str(self._path), table, key, reason)

    def _beside(self, name: str) -> Path:
        return (self._path.parent / name).absolute()

    def _table(self, name: str) -> Mapping[str, Any]:
        table = self._tables.get(name)
        if not isinstance(table, dict):
            raise self._error(name, "", "this table is missing" if table is None else "write it as [" + name + "]")
        return table

    def _list(self, name: str) -> Sequence[Mapping[str, Any]]:
        tables = self._tables.get(name, [])
        if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
            raise self._error(name, "", f"write each as [[{name}]]")
        return tables

    def _station(self, position: int, table: Mapping[str, Any]) -> StationTable:
        place = _place("station", position, table)
        station = self._convert(table, StationTable, place)
        if (station.longitude is None) != (station.latitude is None):
            missing = "longitude" if station.longitude is None else "latitude"
            raise self._error(place, missing, "a fixed station has both longitude and latitude, a moving one neither")
        if station.moving and station.kind != "vehicle":
            raise self._error(place, "longitude", f"a station of kind {station.kind!r} stands somewhere: say where")
        return station

    def _device(self, position: int, table: Mapping[str, Any], stations: frozenset[str]) -> DeviceSettings:
        place = _place("device", position, table)
        kind = DRIVERS.get(str(table.get("driver")))
        if kind is None:
            wanted = f"{table['driver']!r} is no driver" if "driver" in table else "is missing"
            raise self._error(place, "driver", f"{wanted}: use one of {', '.join(DRIVERS)}")
        settings = self._convert(table, kind.settings, place)
        if settings.station not in stations:
            near = _near(settings.station, stations)
            raise self._error(place, "station", f"no [[station]] has the id {settings.station!r}{near}")
        self._units(place, kind, settings)
        return settings

    def _units(self, place: str, kind: DriverKind, settings: DeviceSettings) -> None:
        for name, unit in self._name(place, lambda: kind.datastreams(settings)):
            try:
                to_canonical(name, unit)
            except UnitMismatchError as error:
                raise self._error(place, "unit", str(error)) from error
            except KeyError as error:
                raise self._error(place, "properties", f"{name!r} is not in the catalogue of properties") from error

    def _identifiers(
        self, gateway: GatewayTable, stations: Sequence[StationTable], devices: Sequence[DeviceSettings]
    ) -> None:
        if not is_identifier(gateway.id):
            raise self._error("gateway", "id", f"{gateway.id!r}: {_RULE}")
        for name, ids in (("station", [s.id for s in stations]), ("device", [d.id for d in devices])):
            for position, each in enumerate(ids, 1):
                if not is_identifier(each):
                    raise self._error(f"{name}[{position}] ({each})", "id", _RULE)
                if each == gateway.id:
                    raise self._error(f"{name}[{position}] ({each})", "id", "the gateway itself has this id")
                if each in ids[: position - 1]:
                    raise self._error(f"{name}[{position}] ({each})", "id", f"another {name} has it already")

    def _guard(self, hub: HubTable, ca_file: Path | None) -> None:
        if ca_file is None and not _is_loopback(hub.host):
            raise self._error("hub", "ca_file", f"{hub.host} is not this machine: only TLS goes there, name its CA")
        if ca_file is not None and not self._exists(ca_file):
            raise self._error("hub", "ca_file", f"{ca_file}: no such file")

    def _page(self) -> PageTable | None:
        """Return the page's table with whole paths; the page shows what the gateway knows to whoever reaches it."""
        if "page" not in self._tables:
            return None
        page = self._convert(self._table("page"), PageTable, "page")
        for key in ("tls_cert", "tls_key"):
            if getattr(page, key) and not self._exists(self._beside(getattr(page, key))):
                raise self._error("page", key, f"{self._beside(getattr(page, key))}: no such file")
        if bool(page.tls_cert) != bool(page.tls_key):
            raise self._error("page", "tls_key" if page.tls_cert else "tls_cert", "TLS needs certificate and key")
        for key in ("tls_cert", "password_env"):
            if not (getattr(page, key) or _is_loopback(page.host)):
                reason = f"{page.host} can be reached from elsewhere: only with TLS and a password"
                raise self._error("page", key, reason)
        paths = {key: str(self._beside(getattr(page, key))) for key in ("tls_cert", "tls_key") if page.tls_cert}
        return msgspec.structs.replace(page, **paths)

    def _convert(self, table: Mapping[str, Any], kind: type[_T], place: str) -> _T:
        return self._name(place, lambda: msgspec.convert(table, kind), kind)

    def _name(self, place: str, attempt: Callable[[], _T], kind: type | None = None) -> _T:
        """Return what `attempt` gives, or name the key that its complaint is about."""
        try:
            return attempt()
        except (ValueError, KeyError) as error:  # msgspec.ValidationError is a ValueError
            text = str(error)
            unknown, named, begins = _UNKNOWN.search(text), _NAMED.search(text), _BEGINS.match(text)
            if unknown:
                keys = getattr(kind, "__struct_fields__", ())
                raise self._error(place, unknown[1], f"unknown key{_near(unknown[1], keys)}") from error
            if begins:
                raise self._error(place, begins[1], text[begins.end() :]) from error
            raise self._error(place, (named[1] or named[2]) if named else "", text) from error


_RULE: Final = "an id is 1 to 64 of a-z, 0-9 and inner hyphens"


def _place(name: str, position: int, table: Mapping[str, Any]) -> str:
    return f"{name}[{position}] ({table['id']})" if "id" in table else f"{name}[{position}]"


def _near(word: str, words: Sequence[str] | frozenset[str]) -> str:
    near = difflib.get_close_matches(word, list(words), 1)
    return f": did you mean {near[0]!r}?" if near else f": use one of {', '.join(sorted(words))}"


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
