"""What the gateways say that they have, accumulated in the order of the journal; and readings decoded by it."""

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, get_args

import numpy as np
from numpy.typing import NDArray

from hub.errors import Unusable
from hub.model import Columns, Datastream, Station, StationKind
from wire.batch import CatalogueBody, CatalogueDatastream, CatalogueStation, Payload, read_catalogue, read_readings
from wire.errors import UnusablePayload
from wire.properties import UnitMismatchError, to_canonical
from wire.reading import Flag
from wire.topics import is_identifier

_KINDS: Final = frozenset(get_args(StationKind))
_IS_FLAG: Final = np.isin(np.arange(256), [int(flag) for flag in Flag])


class Catalogue:
    """Stations, datastreams with their rows, and for each (gateway, epoch) the row of every index.

    The same entries in the same order always give the same rows; adding a catalogue a second time changes nothing.
    """

    def __init__(self) -> None:
        self._stations: dict[str, Station] = {}
        self._datastreams: dict[str, Datastream] = {}
        self._rows: dict[tuple[str, int], NDArray[np.int32]] = {}
        self._shown: tuple[tuple[Station, ...], tuple[Datastream, ...]] = ((), ())

    @property
    def stations(self) -> tuple[Station, ...]:
        """All stations in the order in which they were first listed."""
        return self._shown[0]

    @property
    def datastreams(self) -> tuple[Datastream, ...]:
        """All datastreams; the one at position i has row i."""
        return self._shown[1]

    @property
    def by_station(self) -> Mapping[str, Station]:
        """All stations by id, read-only."""
        return MappingProxyType(self._stations)

    def add(self, payload: Payload) -> None:
        """Take over what a catalogue payload lists; all of it or, when it is unusable, nothing.

        Raises:
            Unusable: not a catalogue, or something in it that the hub cannot take: the reason names it.
        """
        body = _read_catalogue(payload)
        station_of = {device.id: device.station for device in body.devices}
        stations = [_station(payload.gateway, station) for station in body.stations]
        for listed in body.datastreams:
            self._check(payload.gateway, station_of[listed.device], listed)
        self._stations |= {station.id: station for station in stations}
        rows = np.full(1 + max((listed.index for listed in body.datastreams), default=-1), -1, np.int32)
        for listed in body.datastreams:
            rows[listed.index] = self._row(station_of[listed.device], listed)
        self._rows[payload.gateway, payload.epoch] = rows
        self._shown = (tuple(self._stations.values()), tuple(self._datastreams.values()))

    def columns(self, payload: Payload) -> Columns:
        """Return the readings of a payload as arrays, in the units in which they were sent.

        Readings whose date is an estimate (`is_dated` is False) are stored, never judged: GOOD becomes UNKNOWN.
        A NaN is MISSING and an infinite value FAIL, whatever the gateway says.

        Raises:
            Unusable: not readings, a flag that QARTOD does not have, or an index that this epoch's catalogue does not list.
        """
        try:
            block = read_readings(payload.body).columns
        except UnusablePayload as error:
            raise Unusable(payload.gateway, error.reason) from error
        row = self._lookup(payload, np.frombuffer(block.stream, "<u2"))
        value = np.frombuffer(block.value, "<f8")
        return Columns(
            row=row,
            time_ms=payload.t0 + np.frombuffer(block.offset_ms, "<u4").astype(np.int64),
            value=value,
            flag=_flags(payload, np.frombuffer(block.flag, "u1"), value),
            longitude=_degrees(block.longitude, len(row)),
            latitude=_degrees(block.latitude, len(row)),
        )

    def _lookup(self, payload: Payload, index: NDArray[np.uint16]) -> NDArray[np.int32]:
        rows = self._rows.get((payload.gateway, payload.epoch))
        if rows is None:
            raise Unusable(payload.gateway, f"epoch {payload.epoch} has brought no catalogue")
        if index.size and int(index.max()) >= len(rows):
            raise Unusable(payload.gateway, f"datastream index {index.max()} is not in the catalogue")
        row = rows[index]
        if row.size and int(row.min()) < 0:
            raise Unusable(payload.gateway, f"datastream index {index[row.argmin()]} is not in the catalogue")
        return row

    def _check(self, gateway: str, station: str, listed: CatalogueDatastream) -> None:
        identity = f"{station}/{listed.device}/{listed.property}"
        if not is_identifier(listed.device) or not (math.isfinite(listed.period_s) and listed.period_s > 0):
            raise Unusable(gateway, f"datastream {identity}: not an id, or a period of {listed.period_s} s")
        try:
            to_canonical(listed.property, listed.unit)
        except (KeyError, UnitMismatchError) as error:
            raise Unusable(gateway, f"datastream {identity} in {listed.unit!r}: {error}") from error
        known = self._datastreams.get(identity)
        if known is not None and known.unit != listed.unit:
            reason = f"datastream {identity} was in {known.unit!r}, now {listed.unit!r}: give the device a new id"
            raise Unusable(gateway, reason)

    def _row(self, station: str, listed: CatalogueDatastream) -> int:
        identity = f"{station}/{listed.device}/{listed.property}"
        known = self._datastreams.get(identity)
        row = len(self._datastreams) if known is None else known.row
        self._datastreams[identity] = Datastream(
            identity, row, station, listed.device, listed.property, listed.unit, listed.period_s
        )
        return row


def is_dated(payload: Payload) -> bool:
    """Return whether the readings' times are known, not estimated: only then are they judged."""
    return payload.clock != "estimated"


def _read_catalogue(payload: Payload) -> CatalogueBody:
    try:
        return read_catalogue(payload.body)
    except UnusablePayload as error:
        raise Unusable(payload.gateway, error.reason) from error


def _station(gateway: str, listed: CatalogueStation) -> Station:
    if not is_identifier(listed.id) or listed.kind not in _KINDS:
        raise Unusable(gateway, f"station {listed.id!r} of kind {listed.kind!r}: kinds are {', '.join(sorted(_KINDS))}")
    longitude = math.nan if listed.longitude is None else listed.longitude
    latitude = math.nan if listed.latitude is None else listed.latitude
    placed = abs(longitude) <= 180 and abs(latitude) <= 90
    if not placed and listed.kind != "vehicle":
        raise Unusable(gateway, f"station {listed.id} is nowhere: longitude {longitude}, latitude {latitude}")
    kind: StationKind = listed.kind  # type: ignore[assignment]  # one of _KINDS
    return Station(listed.id, kind, listed.name, listed.name_en, longitude, latitude, gateway)


def _flags(payload: Payload, flag: NDArray[np.uint8], value: NDArray[np.float64]) -> NDArray[np.uint8]:
    if not _IS_FLAG[flag].all():
        raise Unusable(payload.gateway, "a flag is not of QARTOD's")
    if not is_dated(payload):
        flag = np.where(flag == Flag.GOOD, np.uint8(Flag.UNKNOWN), flag)
    if not np.isfinite(value).all():
        flag = np.where(np.isinf(value), np.uint8(Flag.FAIL), flag)
        flag = np.where(np.isnan(value), np.uint8(Flag.MISSING), flag)
    return flag


def _degrees(column: bytes, count: int) -> NDArray[np.float64]:
    return np.frombuffer(column, "<f8") if column else np.full(count, np.nan)
