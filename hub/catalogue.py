"""What the gateways say that they have, accumulated in the order of the journal; and readings decoded by it."""

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from hub.errors import Unusable
from hub.ingest.rows import read_rows
from hub.model import Columns, Datastream, Station, StationKind
from hub.third_party import Report, Reported, ThirdParty, ThirdPartyStation, read_report
from wire.batch import CatalogueBody, CatalogueDatastream, CatalogueStation, Payload, read_catalogue
from wire.errors import UnusablePayload
from wire.properties import UnitMismatchError, to_canonical
from wire.reading import Flag
from wire.topics import is_identifier

# A third party names its devices itself: so many datastreams at most it may make at one station.
STREAMS_MOST: Final = 256
_KINDS: Final = frozenset(get_args(StationKind))
_IS_FLAG: Final = np.isin(np.arange(256), [int(flag) for flag in Flag])


class _Indices(NamedTuple):
    """What the indices of one epoch mean: arrays with an element for each index, row -1 for one that is not listed.

    value in the datastream's unit = value as sent * scale + offset; `converts` is False when all are 1 and 0.
    """

    row: NDArray[np.int32]
    scale: NDArray[np.float64]
    offset: NDArray[np.float64]
    converts: bool


class Catalogue:
    """Stations, datastreams with their rows, and for each (gateway, epoch) the row of every index.

    The same entries in the same order always give the same rows; adding a catalogue a second time changes nothing.
    """

    def __init__(self) -> None:
        self._stations: dict[str, Station] = {}
        self._datastreams: dict[str, Datastream] = {}
        self._indices: dict[tuple[str, int], _Indices] = {}
        self._parties: dict[str, frozenset[str]] = {}
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
        for station in stations:
            if not self._stations.get(station.id, station).signed:
                raise Unusable(payload.gateway, f"station {station.id} is a third party's in the hub's configuration")
        for listed in body.datastreams:
            self._check(payload.gateway, station_of[listed.device], listed)
        self._stations |= {station.id: station for station in stations}
        self._indices[payload.gateway, payload.epoch] = self._index(body, station_of)
        self._show()

    def admit(self, parties: Sequence[ThirdParty]) -> None:
        """Have these and no other third parties report from here on; a station that a gateway has listed stays its."""
        self._parties = {party.id: frozenset(station.id for station in party.station) for party in parties}
        for party in parties:
            for listed in party.station:
                if listed.id not in self._stations or not self._stations[listed.id].signed:
                    self._stations[listed.id] = _unsigned(party.id, listed)
        self._show()

    def report(self, party: str, body: bytes, received_ms: int) -> Report:
        """Return what a third party reports, checked, nothing changed.

        Raises:
            Unusable: unreadable, or of a third party or a station that was not admitted; see `read_report`.
        """
        if party not in self._parties:
            raise Unusable(party, "this third party is not in the hub's configuration")
        report = read_report(party, body, received_ms)
        if report.station not in self._parties[party]:
            raise Unusable(party, f"station {report.station!r} is not its in the hub's configuration")
        station = self._stations[report.station]
        if station.signed:
            raise Unusable(party, f"station {station.id} is of gateway {station.gateway}")
        return report

    def reported(self, party: str, body: bytes, received_ms: int) -> Columns:
        """Return what a third party reports as arrays, each reading of one stream and time once; UNKNOWN throughout.

        Raises:
            Unusable: see `report`, or more datastreams than a station may have; nothing is changed then.
        """
        report = self.report(party, body, received_ms)
        identities = {f"{report.station}/{report.device}/{reading.property}" for reading in report.readings}
        self._check_room(party, report.station, len(identities - self._datastreams.keys()))
        readings = report.distinct()
        streams = [self._reported(report, reading) for reading in readings]
        if len(self._datastreams) > len(self._shown[1]):
            self._show()
        nowhere = np.full(len(readings), np.nan)
        return Columns(
            row=np.array([stream.row for stream in streams], np.int32),
            time_ms=np.array([reading.time_ms() for reading in readings], np.int64),
            value=np.array([_valued(*pair) for pair in zip(readings, streams, strict=True)], np.float64),
            flag=np.full(len(readings), Flag.UNKNOWN, np.uint8),
            longitude=nowhere,
            latitude=nowhere,
        )

    def _check_room(self, party: str, station: str, new: int) -> None:
        if new and new + sum(stream.station == station for stream in self._datastreams.values()) > STREAMS_MOST:
            raise Unusable(party, f"station {station} would have more than {STREAMS_MOST} datastreams")

    def _reported(self, report: Report, reading: Reported) -> Datastream:
        """Return the datastream of a reading; the unit in which it first came is its unit for all time."""
        identity = f"{report.station}/{report.device}/{reading.property}"
        row = len(self._datastreams)
        stream = Datastream(identity, row, report.station, report.device, reading.property, reading.unit, 0.0)
        return self._datastreams.setdefault(identity, stream)

    def _show(self) -> None:
        self._shown = (tuple(self._stations.values()), tuple(self._datastreams.values()))

    def columns(self, payload: Payload) -> Columns:
        """Return the readings of a payload as arrays, each in its datastream's unit: as sent, unless that has changed.

        Readings whose date is an estimate (`is_dated` is False) are stored, never judged: GOOD becomes UNKNOWN.
        A NaN is MISSING and an infinite value FAIL, whatever the gateway says.

        Raises:
            Unusable: not readings, a flag that QARTOD does not have, or an index that this epoch has not listed.
        """
        try:
            _, rows = read_rows(payload.body)
        except UnusablePayload as error:
            raise Unusable(payload.gateway, error.reason) from error
        index = rows.stream
        means = self._meaning(payload, index)
        row, value = means.row[index], rows.value
        if means.converts:
            value = value * means.scale[index] + means.offset[index]
        return Columns(
            row=row,
            time_ms=payload.t0 + rows.offset_ms.astype(np.int64),
            value=value,
            flag=_flags(payload, rows.flag, value),
            longitude=_degrees(rows.longitude, len(row)),
            latitude=_degrees(rows.latitude, len(row)),
        )

    def _meaning(self, payload: Payload, index: NDArray[np.uint16]) -> _Indices:
        means = self._indices.get((payload.gateway, payload.epoch))
        if means is None:
            raise Unusable(payload.gateway, f"epoch {payload.epoch} has brought no catalogue")
        if index.size and int(index.max()) >= len(means.row):
            raise Unusable(payload.gateway, f"datastream index {index.max()} is not in the catalogue")
        row = means.row[index]
        if row.size and int(row.min()) < 0:
            raise Unusable(payload.gateway, f"datastream index {index[row.argmin()]} is not in the catalogue")
        return means

    def _index(self, body: CatalogueBody, station_of: Mapping[str, str]) -> _Indices:
        count = 1 + max((listed.index for listed in body.datastreams), default=-1)
        means = _Indices(np.full(count, -1, np.int32), np.ones(count), np.zeros(count), converts=False)
        for listed in body.datastreams:
            stream = self._datastream(station_of[listed.device], listed)
            means.row[listed.index] = stream.row
            if stream.unit != listed.unit:
                means.scale[listed.index], means.offset[listed.index] = _conversion(listed, stream.unit)
                means = means._replace(converts=True)
        return means

    @staticmethod
    def _check(gateway: str, station: str, listed: CatalogueDatastream) -> None:
        identity = f"{station}/{listed.device}/{listed.property}"
        if not is_identifier(listed.device) or not (math.isfinite(listed.period_s) and listed.period_s > 0):
            raise Unusable(gateway, f"datastream {identity}: not an id, or a period of {listed.period_s} s")
        try:
            to_canonical(listed.property, listed.unit)
        except (KeyError, UnitMismatchError) as error:
            raise Unusable(gateway, f"datastream {identity} in {listed.unit!r}: {error}") from error

    def _datastream(self, station: str, listed: CatalogueDatastream) -> Datastream:
        """Return the datastream of a listed index; the unit in which it first came is its unit for all time."""
        identity = f"{station}/{listed.device}/{listed.property}"
        known = self._datastreams.get(identity)
        row, unit = (len(self._datastreams), listed.unit) if known is None else (known.row, known.unit)
        stream = Datastream(identity, row, station, listed.device, listed.property, unit, listed.period_s)
        self._datastreams[identity] = stream
        return stream


def is_dated(payload: Payload) -> bool:
    """Return whether the readings' times are known, not estimated: only then are they judged."""
    return payload.clock != "estimated"


def _read_catalogue(payload: Payload) -> CatalogueBody:
    try:
        return read_catalogue(payload.body)
    except UnusablePayload as error:
        raise Unusable(payload.gateway, error.reason) from error


def _conversion(listed: CatalogueDatastream | Reported, unit: str) -> tuple[float, float]:
    """Return (scale, offset) from the unit in which an index comes to the unit of its datastream."""
    scale, offset = to_canonical(listed.property, listed.unit)
    own_scale, own_offset = to_canonical(listed.property, unit)
    return scale / own_scale, (offset - own_offset) / own_scale


def _station(gateway: str, listed: CatalogueStation) -> Station:
    if not is_identifier(listed.id) or listed.kind not in _KINDS:
        raise Unusable(gateway, f"station {listed.id!r} of kind {listed.kind!r}: kinds are {', '.join(sorted(_KINDS))}")
    longitude = math.nan if listed.longitude is None else listed.longitude
    latitude = math.nan if listed.latitude is None else listed.latitude
    placed = abs(longitude) <= 180 and abs(latitude) <= 90
    if not placed and listed.kind not in {"vehicle", "gateway"}:
        raise Unusable(gateway, f"station {listed.id} is nowhere: longitude {longitude}, latitude {latitude}")
    kind: StationKind = listed.kind  # type: ignore[assignment]  # one of _KINDS
    return Station(listed.id, kind, listed.name, listed.name_en, longitude, latitude, gateway)


def _unsigned(party: str, listed: ThirdPartyStation) -> Station:
    name_en, place = listed.name_en, (listed.longitude, listed.latitude)
    return Station(listed.id, listed.kind, listed.name, name_en, *place, party, signed=False)


def _valued(reading: Reported, stream: Datastream) -> float:
    """Return a value in its datastream's unit: as sent, unless that has changed."""
    if reading.unit == stream.unit:
        return reading.value
    scale, offset = _conversion(reading, stream.unit)
    return reading.value * scale + offset


def _flags(payload: Payload, flag: NDArray[np.uint8], value: NDArray[np.float64]) -> NDArray[np.uint8]:
    if not _IS_FLAG[flag].all():
        raise Unusable(payload.gateway, "a flag is not of QARTOD's")
    if not is_dated(payload):
        flag = np.where(flag == Flag.GOOD, np.uint8(Flag.UNKNOWN), flag)
    if not np.isfinite(value).all():
        flag = np.where(np.isinf(value), np.uint8(Flag.FAIL), flag)
        flag = np.where(np.isnan(value), np.uint8(Flag.MISSING), flag)
    return flag


def _degrees(column: NDArray[np.float64] | None, count: int) -> NDArray[np.float64]:
    return np.full(count, np.nan) if column is None else column
