"""The zone, its areas, stations and tracks as GeoJSON (RFC 7946) values. Pure."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from shapely.geometry import mapping, shape

from hub.lead.evidence import evidence, number
from hub.map_api.answers import (
    AreaFeature,
    AreasAnswer,
    AreaState,
    Geometry,
    Latest,
    SnapshotAnswer,
    StationFeature,
    StationsAnswer,
    StationState,
    TrackFeature,
    TracksAnswer,
)
from hub.model import Area, AreaStatus, Columns, Freshness, Level, Snapshot, Station
from wire.properties import PROPERTIES

_UNSEEN = AreaStatus("", Level.NORMAL, Freshness.NO_DATA, 0)


@dataclass(frozen=True)
class Zone:
    """What the map shows under everything else.

    Attributes:
        areas: the polygons that can turn red.
        districts: a GeoJSON feature collection whose features have the properties id, name, name_en.
    """

    name: str
    name_en: str
    areas: tuple[Area, ...]
    districts: Mapping[str, Any] = field(default_factory=lambda: {"type": "FeatureCollection", "features": []})

    def bounds(self) -> tuple[float, float, float, float]:
        """Return west, south, east, north of all areas and districts; zeros when there are none."""
        shapes = [area.polygon for area in self.areas] + [shape(f["geometry"]) for f in self.districts["features"]]
        if not shapes:
            return (0.0, 0.0, 0.0, 0.0)
        corners = np.array([one.bounds for one in shapes])
        west, south = corners[:, :2].min(axis=0).tolist()
        east, north = corners[:, 2:].max(axis=0).tolist()
        return (west, south, east, north)


def area_state(area_id: str, status: AreaStatus | None) -> AreaState:
    """Return how an area stands; one that the judge has not spoken of has no data."""
    seen = status or _UNSEEN
    return {
        "id": area_id,
        "level": seen.level.name.lower(),  # type: ignore[typeddict-item]  # the names of the enum are those of the literal
        "freshness": seen.freshness.name.lower(),  # type: ignore[typeddict-item]  # same
        "since_ms": int(seen.since_ms),
        "causes": [evidence(anomaly) for anomaly in seen.evidence],
    }


def areas(zone: Zone, snapshot: Snapshot) -> AreasAnswer:
    """Return all areas with how they stand."""
    return {
        "type": "FeatureCollection",
        "features": [_area(area, snapshot.statuses.get(area.id)) for area in zone.areas],
    }


def _area(area: Area, status: AreaStatus | None) -> AreaFeature:
    return {
        "type": "Feature",
        "id": area.id,
        "geometry": mapping(area.polygon),
        "properties": {
            **area_state(area.id, status),
            "kind": area.kind,
            "name": area.name,
            "name_en": area.name_en,
            "districts": list(area.districts),
        },
    }


def station_states(snapshot: Snapshot) -> dict[str, StationState]:
    """Return by station id where each is and what it last said; a property of two devices is the later one's.

    A station that moves is where its latest reading with a position was taken. What gateways say of themselves and of
    how their devices answer is kept off the map.
    """
    states = {station.id: _standing(station) for station in snapshot.stations if station.kind != "gateway"}
    placed_ms = dict.fromkeys(states, 0)
    values, flags, times, longitudes, latitudes = (
        column.tolist()
        for column in (
            snapshot.latest_value,
            snapshot.latest_flag,
            snapshot.latest_ms,
            snapshot.latest_longitude,
            snapshot.latest_latitude,
        )
    )
    for stream in snapshot.datastreams:
        state, time_ms = states.get(stream.station), times[stream.row]
        if state is None or time_ms == 0 or PROPERTIES[stream.property].subject == "gateway":
            continue
        known = state["values"].get(stream.property)
        if known is None or time_ms >= known["time_ms"]:
            state["values"][stream.property] = _latest(stream.property, values[stream.row], time_ms, flags[stream.row])
        if time_ms >= placed_ms[stream.station] and math.isfinite(longitudes[stream.row]):
            placed_ms[stream.station] = time_ms
            state["longitude"], state["latitude"] = longitudes[stream.row], latitudes[stream.row]
    return states


def _standing(station: Station) -> StationState:
    return {
        "id": station.id,
        "longitude": number(station.longitude),
        "latitude": number(station.latitude),
        "values": {},
    }


def _latest(property_name: str, value: float, time_ms: int, flag: int) -> Latest:
    return {"value": number(value), "unit": PROPERTIES[property_name].unit, "time_ms": time_ms, "flag": flag}


def stations(snapshot: Snapshot) -> StationsAnswer:
    """Return all stations as points with their latest values."""
    states = station_states(snapshot)
    return {
        "type": "FeatureCollection",
        "features": [_station(station, states[station.id]) for station in snapshot.stations if station.id in states],
    }


def _station(station: Station, state: StationState) -> StationFeature:
    return {
        "type": "Feature",
        "id": station.id,
        "geometry": _point(state["longitude"], state["latitude"]),
        "properties": {
            "id": station.id,
            "kind": station.kind,
            "name": station.name,
            "name_en": station.name_en,
            "gateway": station.gateway,
            "signed": station.signed,
            "moving": station.moving,
            "values": state["values"],
        },
    }


def _point(longitude: float | None, latitude: float | None) -> Geometry | None:
    if longitude is None or latitude is None:
        return None
    return {"type": "Point", "coordinates": [longitude, latitude]}


def snapshot_answer(zone: Zone, snapshot: Snapshot, now_ms: int) -> SnapshotAnswer:
    """Return everything on the map that changes."""
    return {
        "minute_ms": int(snapshot.minute_ms),
        "now_ms": now_ms,
        "areas": [area_state(area.id, snapshot.statuses.get(area.id)) for area in zone.areas],
        "stations": list(station_states(snapshot).values()),
    }


def tracks(paths: Iterable[tuple[str, Columns]]) -> TracksAnswer:
    """Return where stations drove, oldest first; one with fewer than two positions has no line.

    Args:
        paths: station id and its readings with positions, in any order.
    """
    found = [(station, _line(columns)) for station, columns in paths]
    return {
        "type": "FeatureCollection",
        "features": [_track(station, line) for station, line in found if len(line) > 1],
    }


def _line(columns: Columns) -> list[list[float]]:
    placed = np.flatnonzero(np.isfinite(columns.longitude) & np.isfinite(columns.latitude))
    _, first = np.unique(columns.time_ms[placed], return_index=True)
    at = placed[first]
    return np.column_stack([columns.longitude[at], columns.latitude[at]]).tolist()  # type: ignore[no-any-return]  # floats


def _track(station: str, line: list[list[float]]) -> TrackFeature:
    return {
        "type": "Feature",
        "id": station,
        "geometry": {"type": "LineString", "coordinates": line},
        "properties": {"id": station, "station": station},
    }
