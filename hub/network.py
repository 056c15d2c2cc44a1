"""The network of stations as arrays: what every datastream measures, where it stands, who its neighbours are."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from hub.area.geometry import NOWHERE, Plane, homes, nearest, plane_of, shapes_m
from hub.model import Area, Datastream, Station
from hub.panel import ARITHMETIC, ENERGY, NEVER, VECTOR
from wire.properties import PROPERTIES, ObservedProperty, to_canonical

Floats = NDArray[np.float64]
PROPERTY_NAMES: Final = tuple(PROPERTIES)
PROPERTY_INDEX: Final = {name: index for index, name in enumerate(PROPERTY_NAMES)}
# One beam of light counts them all, so they share its faults.
_OPTICAL: Final = frozenset({"pm1", "pm2_5", "pm10"})
_AVERAGING: Final = {"arithmetic": ARITHMETIC, "energy": ENERGY, "vector": VECTOR}

# Neighbours: so many, not farther than this; a station's own streams do not count.
NEIGHBOURS: Final = 16
REACH_M: Final = 6_000.0
# Who has spoken and then said nothing for so long makes room for the next nearest: a month, as by then nothing is left
# of what the hourly checks remember.
SILENT_MIN: Final = 30 * 1_440
# Streams whose neighbours' values are looked at together.
_BLOCK: Final = 8_192
_NO_PLACE: Final = (np.nan, np.nan)
# A station speaks for an area without one of its own from up to this far.
COVER_M: Final = 2_500.0


class Cover(NamedTuple):
    """The streams that speak for each area, by area.

    Attributes:
        row: int64[pairs].
        area: int64[k], areas for which somebody speaks, ascending.
        start: int64[k], where the rows of each begin.
    """

    row: NDArray[np.int64]
    area: NDArray[np.int64]
    start: NDArray[np.int64]

    def of(self, area: int) -> NDArray[np.int64]:
        """Return the rows of those that speak for an area."""
        begin, end = np.searchsorted(self.area, (area, area + 1)).tolist()
        bounds = np.append(self.start, len(self.row))
        return self.row[bounds[begin] : bounds[end]]


@dataclass(frozen=True, eq=False)
class Network:
    """What the catalogue and the zone say, one element for each of n datastreams unless said otherwise.

    Attributes:
        stations, datastreams: the catalogue; datastream i has row i.
        areas: the zone's.
        shapes: their polygons in metres on `plane`.
        property: int64[n], index into PROPERTY_NAMES.
        station: int64[n], index into `stations`.
        east_m, north_m: float64[n], NaN when moving, and for a third party's.
        moving, ambient: bool[n]; ambient streams stand still in the open air: signed reference and micro-stations.
            What a gateway says of itself or its devices, and what people do, is never ambient.
        period_ms: int64[n], between readings as the gateway plans them.
        scale, offset: float64[n]: canonical value = raw * scale + offset.
        low, high: float64[n], plausible range; without bounds for what a gateway says of itself or its devices.
        averaging: int8[n], as the panel takes it.
        silent: bool[n], nobody's neighbour, as it has said nothing for long; see `long_silent`.
        neighbours: int64[n, NEIGHBOURS], rows of the same property nearby, n where there is none.
        cell: int64[n], equal for streams that one measuring cell gives: the particulates of one device.
        home: int64[n], index of the smallest area that the station stands in, -1 for none.
        cover_row, cover_area: int64[pairs]: fixed streams of the environment that speak for an area: in it, or else the
            nearest station's.
    """

    stations: tuple[Station, ...]
    datastreams: tuple[Datastream, ...]
    areas: tuple[Area, ...]
    plane: Plane
    shapes: NDArray[np.object_]
    property: NDArray[np.int64]
    station: NDArray[np.int64]
    east_m: Floats
    north_m: Floats
    moving: NDArray[np.bool_]
    ambient: NDArray[np.bool_]
    period_ms: NDArray[np.int64]
    scale: Floats
    offset: Floats
    low: Floats
    high: Floats
    averaging: NDArray[np.int8]
    silent: NDArray[np.bool_]
    neighbours: NDArray[np.int64]
    cell: NDArray[np.int64]
    home: NDArray[np.int64]
    cover_row: NDArray[np.int64]
    cover_area: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.datastreams)

    def without(self, silent: NDArray[np.bool_]) -> "Network":
        """Return the network in which bool[n] are nobody's neighbours."""
        heard = self.ambient & ~silent
        near = _neighbours(self.property, (self.ambient, heard), self.east_m, self.north_m)
        return replace(self, silent=silent, neighbours=near)

    @cached_property
    def beside(self) -> tuple[tuple[NDArray[np.intp], NDArray[np.int64]], ...]:
        """Streams that have neighbours, and int64[NEIGHBOURS, k] those neighbours, in blocks that fit a cache."""
        rows = np.flatnonzero(self.neighbours[:, 0] < len(self))
        blocks = [rows[at : at + _BLOCK] for at in range(0, len(rows), _BLOCK)]
        return tuple((block, np.ascontiguousarray(self.neighbours[block].T)) for block in blocks)

    @cached_property
    def alike(self) -> tuple[tuple[int, NDArray[np.intp]], ...]:
        """Each property that streams with neighbours have, and the rows of those streams."""
        company = self.neighbours[:, 0] < len(self)
        return tuple(
            (prop, np.flatnonzero(company & (self.property == prop)))
            for prop in np.unique(self.property[company]).tolist()
        )

    @cached_property
    def cover(self) -> Cover:
        """The streams that speak for each area, by area."""
        order = np.argsort(self.cover_area, kind="stable")
        area, start = np.unique(self.cover_area[order], return_index=True)
        return Cover(self.cover_row[order], area, start)

    @cached_property
    def placed(self) -> dict[int, NDArray[np.intp]]:
        """Rows of the fixed streams that stand somewhere, by property."""
        placed = np.flatnonzero(~self.moving & np.isfinite(self.east_m))
        properties = self.property[placed]
        return {prop: placed[properties == prop] for prop in np.unique(properties).tolist()}

    @cached_property
    def rows(self) -> dict[str, int]:
        """The row of each datastream by its id."""
        return {stream.id: row for row, stream in enumerate(self.datastreams)}

    @cached_property
    def vehicles(self) -> NDArray[np.intp]:
        """Rows of moving streams."""
        return np.flatnonzero(self.moving)


def build_network(stations: Sequence[Station], datastreams: Sequence[Datastream], areas: Sequence[Area]) -> Network:
    """Return the network of a catalogue in a zone; made anew when the catalogue changes."""
    plane, n = plane_of(areas), len(datastreams)
    shapes = shapes_m(areas, plane)
    index = {station.id: i for i, station in enumerate(stations)}
    of_stream = _ints([index[stream.station] for stream in datastreams])
    moving = np.array([station.moving for station in stations], np.bool_)[of_stream]
    known = [PROPERTIES[stream.property] for stream in datastreams]
    environment = np.array([prop.subject == "environment" for prop in known], np.bool_)
    ambient = _ambient(stations)[of_stream] & environment
    low, high = _bounds(known)
    east, north = plane.metres(*_degrees(stations))
    scale = _floats([to_canonical(stream.property, stream.unit) for stream in datastreams]).reshape(n, 2)
    measured = _ints([PROPERTY_INDEX[stream.property] for stream in datastreams])
    row, area = _cover(nearest(shapes, east, north, COVER_M), of_stream, environment)
    return Network(
        stations=tuple(stations),
        datastreams=tuple(datastreams),
        areas=tuple(areas),
        plane=plane,
        shapes=shapes,
        property=measured,
        station=of_stream,
        east_m=east[of_stream],
        north_m=north[of_stream],
        moving=moving,
        ambient=ambient,
        period_ms=_ints([int(stream.period_s * 1000) for stream in datastreams]),
        scale=scale[:, 0],
        offset=scale[:, 1],
        low=low,
        high=high,
        averaging=np.array([_AVERAGING[prop.averaging] for prop in known], np.int8),
        silent=np.zeros(n, np.bool_),
        neighbours=_neighbours(measured, (ambient, ambient), east[of_stream], north[of_stream]),
        cell=_cells(datastreams),
        home=_ints(homes(shapes, east, north)[of_stream]),
        cover_row=row,
        cover_area=area,
    )


def long_silent(newest: NDArray[np.int64], minute: int) -> NDArray[np.bool_]:
    """Return bool[n]: who had spoken and has said nothing for SILENT_MIN; who never has is still awaited.

    Args:
        newest: int64[n], minute of the newest value, NEVER for none.
        minute: now.
    """
    return np.asarray((newest < minute - SILENT_MIN) & (newest != NEVER), np.bool_)


def _degrees(stations: Sequence[Station]) -> Floats:
    """Return longitudes and latitudes: what is not signed stands nowhere, speaks for no area, is nobody's neighbour."""
    placed = [(s.longitude, s.latitude) if s.signed else _NO_PLACE for s in stations]
    return _floats(placed).reshape(-1, 2).T


def _ambient(stations: Sequence[Station]) -> NDArray[np.bool_]:
    return np.array([s.signed and s.kind in ("reference", "micro_station") for s in stations], np.bool_)


def _bounds(known: Sequence[ObservedProperty]) -> tuple[Floats, Floats]:
    """Return the plausible ranges; what a gateway says of itself has none: no device lies there."""
    own = [prop.subject == "gateway" for prop in known]
    low, high = _floats([prop.low for prop in known]), _floats([prop.high for prop in known])
    return np.where(own, -np.inf, low), np.where(own, np.inf, high)


def _cells(datastreams: Sequence[Datastream]) -> NDArray[np.int64]:
    first: dict[tuple[str, str], int] = {}
    keys = [(s.device, "particulates" if s.property in _OPTICAL else s.property) for s in datastreams]
    return _ints([first.setdefault(key, row) for row, key in enumerate(keys)])


def _ints(values: object) -> NDArray[np.int64]:
    return np.asarray(values, np.int64).reshape(-1)


def _floats(values: object) -> Floats:
    return np.asarray(values, np.float64)


def _neighbours(
    measured: NDArray[np.int64], who: tuple[NDArray[np.bool_], NDArray[np.bool_]], east: Floats, north: Floats
) -> NDArray[np.int64]:
    """Return the neighbours of the first of two sets of streams among the second."""
    (ambient, heard), n = who, len(measured)
    result = np.full((n, NEIGHBOURS), n)
    for prop in np.unique(measured[ambient]).tolist():
        alike = (measured == prop) & np.isfinite(east)
        rows, near = np.flatnonzero(ambient & alike), np.flatnonzero(heard & alike)
        if not near.size:
            continue
        places, there = (np.column_stack([east[which], north[which]]) for which in (rows, near))
        _, found = cKDTree(there).query(places, k=NEIGHBOURS + 1, distance_upper_bound=REACH_M)
        padded = np.append(near, n)[found]
        # The stream itself is one of its nearest; devices on one pole are neighbours like others.
        own = padded == rows[:, None]
        order = np.argsort(own, axis=1, kind="stable")
        result[rows] = np.take_along_axis(np.where(own, n, padded), order, axis=1)[:, :NEIGHBOURS]
    return result


def _cover(
    pairs: tuple[NDArray[np.intp], NDArray[np.intp]], of_stream: NDArray[np.int64], speaks: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return (row, area) for the streams that speak, of the stations of (station, area) pairs."""
    station, area = pairs
    if not station.size:
        return _ints([]), _ints([])
    pair, row = _pairs(_ints(station), of_stream)
    return row[speaks[row]], _ints(area)[pair[speaks[row]]]


def _pairs(station: NDArray[np.int64], of_stream: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return (pair, row) for every stream of the station of every pair."""
    order = np.argsort(of_stream, kind="stable")
    first = np.searchsorted(of_stream[order], station)
    count = np.searchsorted(of_stream[order], station, side="right") - first
    pair = np.repeat(np.arange(len(station)), count)
    within = np.arange(len(pair)) - np.repeat(np.cumsum(count) - count, count)
    return _ints(pair), _ints(order[first[pair] + within]) if len(pair) else _ints([])


__all__ = ["NEIGHBOURS", "NOWHERE", "PROPERTY_INDEX", "PROPERTY_NAMES", "Network", "build_network"]
