"""GET /api/blind_spots: by cell of a grid over the zone, the smallest source that would be seen now."""

import math
from collections.abc import Sequence
from typing import Annotated, Any, Final, Literal, NamedTuple

import anyio.to_thread
import numpy as np
from anyio import CapacityLimiter
from fastapi import APIRouter, HTTPException, Query, Response
from numpy.typing import NDArray
from typing_extensions import TypedDict

from hub.anomaly.wind import RECENT_MIN, blended
from hub.area.blind_spots import PROBABILITY, BlindSpots, Cells, Eyes, Reason, beside, blind_spots, worth_of
from hub.area.geometry import Plane, plane_of
from hub.area.status import FRESH_MS
from hub.map_api.answers import Geometry
from hub.map_api.broadcast import Sources
from hub.map_api.geojson import Zone
from hub.map_api.routes import JsonAnswer
from hub.model import MINUTE_MS, Columns, Datastream, Snapshot
from hub.store import SeriesReader
from wire.properties import PROPERTIES
from wire.reading import Flag

Floats = NDArray[np.float64]

# A cell is so wide at least, and wider where the zone would have more cells than this.
SIDE_M: Final = 250.0
MOST: Final = 1_000
MARGIN_M: Final = 500.0
# Older passes are worth next to nothing.
PASSES_MS: Final = 90 * MINUTE_MS
NEAR_M: Final = 100.0
_MICROGRAMS: Final = {"ug/m3": 1.0, "mg/m3": 1000.0}
ReasonName = Literal["distance", "no_station", "calm", "silent", "doubted", "old_pass", "alone"]
WORDS: Final[dict[ReasonName, tuple[str, str]]] = {
    "distance": ("下风向最近的监测点较远", "the nearest station downwind is far"),
    "no_station": ("下风向没有监测点", "no station stands downwind"),
    "calm": ("静风或风向未知", "calm, or the wind is not known"),
    "silent": ("监测点无数据", "a station is silent"),
    "doubted": ("监测点数据存疑", "a station's device is doubted"),
    "old_pass": ("巡查车经过已久", "the last pass of a vehicle is too long ago"),
    "alone": ("监测点缺少可比的邻站", "a station has too few neighbours to be compared with"),
}


class WordsAnswer(TypedDict):
    """A reason in words."""

    chinese: str
    english: str


class CellProperties(TypedDict):
    """What would be missed in a cell: strength_g_s is null where nothing that a zone has would be seen.

    `near_ug_m3`: what a source of that strength adds 100 m downwind. `station`: that the reason is about.
    """

    strength_g_s: float | None
    near_ug_m3: float | None
    reason: ReasonName
    station: str | None


class CellFeature(TypedDict):
    """A GeoJSON feature."""

    type: Literal["Feature"]
    id: int
    geometry: Geometry
    properties: CellProperties


class BlindSpotsAnswer(TypedDict):
    """A GeoJSON feature collection; the wind is that in the middle, null when unknown."""

    type: Literal["FeatureCollection"]
    minute_ms: int
    property: str
    probability: float
    cell_m: float
    wind_speed_m_s: float | None
    wind_direction_deg: float | None
    words: dict[ReasonName, WordsAnswer]
    features: list[CellFeature]


class View(NamedTuple):
    """What is known at a minute: the snapshot, and where vehicles measured the property before."""

    snapshot: Snapshot
    property: str
    passes: Columns


def blind_spots_router(sources: Sources, store: SeriesReader) -> APIRouter:
    """Return the endpoint; it computes off the event loop, once for each property and minute."""
    thread = CapacityLimiter(1)
    kept: dict[str, BlindSpotsAnswer] = {}

    def read(name: str) -> BlindSpotsAnswer:
        snapshot = sources.live.latest()
        if name not in kept or kept[name]["minute_ms"] != snapshot.minute_ms:
            rows = [stream.row for stream in _moving(snapshot, name)]
            until = snapshot.minute_ms + MINUTE_MS
            kept[name] = blind_spots_answer(
                sources.zone, View(snapshot, name, store.series(rows, until - PASSES_MS, until))
            )
        return kept[name]

    async def answer(property_name: Annotated[str, Query(alias="property", max_length=32)] = "pm2_5") -> Response:
        """Return by cell the smallest source of a pollutant that would be seen now, and why no smaller one."""
        if property_name not in PROPERTIES or PROPERTIES[property_name].unit not in _MICROGRAMS:
            raise HTTPException(404, "no such pollutant")
        return JsonAnswer(await anyio.to_thread.run_sync(read, property_name, limiter=thread))

    routes = APIRouter()
    missing: dict[int | str, dict[str, Any]] = {404: {"description": "There is no such pollutant"}}
    routes.get("/api/blind_spots", response_model=BlindSpotsAnswer, responses=missing)(answer)
    return routes


def blind_spots_answer(zone: Zone, view: View) -> BlindSpotsAnswer:
    """Return what would be missed in a zone."""
    plane, wind = plane_of(zone.areas), _wind(plane_of(zone.areas), view.snapshot)
    cells = _grid(zone, plane, wind)
    eyes, names = _eyes(plane, view, wind)
    found = blind_spots(cells, eyes)
    speed = np.hypot(cells.upwind_east, cells.upwind_north)
    near = beside(found.strength, np.nan_to_num(speed), NEAR_M)
    middle = blended(wind, np.zeros(1), np.zeros(1))
    east, north = float(middle[0][0]), float(middle[1][0])
    known = math.isfinite(east)
    return {
        "type": "FeatureCollection",
        "minute_ms": int(view.snapshot.minute_ms),
        "property": view.property,
        "probability": PROBABILITY,
        "cell_m": cells.side_m,
        "wind_speed_m_s": round(math.hypot(east, north), 2) if known else None,
        "wind_direction_deg": round(math.degrees(math.atan2(east, north)) % 360, 1) if known else None,
        "words": {name: {"chinese": words[0], "english": words[1]} for name, words in WORDS.items()},
        "features": [
            _feature(number, corners, _cell(found, near, number, names))
            for number, corners in enumerate(_corners(plane, cells).tolist())
        ],
    }


def _moving(snapshot: Snapshot, name: str) -> list[Datastream]:
    moving = {station.id for station in snapshot.stations if station.moving and station.signed}
    return [stream for stream in snapshot.datastreams if stream.property == name and stream.station in moving]


def _wind(plane: Plane, snapshot: Snapshot) -> Floats:
    """Return float64[4, m] as `blended` takes it: what fixed stations measured lately."""
    measured: dict[str, dict[str, float]] = {}
    for stream in snapshot.datastreams:
        recent = snapshot.minute_ms - snapshot.latest_ms[stream.row] <= RECENT_MIN * MINUTE_MS
        if stream.property in ("wind_speed", "wind_direction") and recent:
            measured.setdefault(stream.station, {})[stream.property] = float(snapshot.latest_value[stream.row])
    at = {station.id: station for station in snapshot.stations if station.signed and not station.moving}
    both = [(at[name], of) for name, of in measured.items() if len(of) == 2 and name in at]
    east, north = plane.metres(
        np.array([station.longitude for station, _ in both]), np.array([station.latitude for station, _ in both])
    )
    speed, direction = ([of[name] for _, of in both] for name in ("wind_speed", "wind_direction"))
    return np.array([speed, east, north, direction], np.float64)


def _grid(zone: Zone, plane: Plane, wind: Floats) -> Cells:
    west, south, east, north = zone.bounds()
    x, y = plane.metres(np.array([west, east]), np.array([south, north]))
    wide, high = float(np.ptp(x)) + 2 * MARGIN_M, float(np.ptp(y)) + 2 * MARGIN_M
    side = max(SIDE_M, math.sqrt(wide * high / MOST))
    columns, rows = (np.arange(math.ceil(span / side)) * side + side / 2 - MARGIN_M for span in (wide, high))
    at_east, at_north = (axis.ravel() for axis in np.meshgrid(x[0] + columns, y[0] + rows))
    return Cells(at_east, at_north, *blended(wind, at_east, at_north), side)


def _eyes(plane: Plane, view: View, wind: Floats) -> tuple[Eyes, list[str]]:
    """Return who could see the property, and the stations' names."""
    fixed = _fixed(plane, view)
    passes, names = _passes(plane, view), fixed[1]
    east, north, needed, worth, why = (np.concatenate(pair) for pair in zip(fixed[0], passes, strict=True))
    upwind_east, upwind_north = blended(wind, east, north)
    scale = _MICROGRAMS[PROPERTIES[view.property].unit]
    return Eyes(east, north, upwind_east, upwind_north, needed * scale, worth, why.astype(np.int64)), names


def _fixed(plane: Plane, view: View) -> tuple[Sequence[Floats], list[str]]:
    snapshot = view.snapshot
    at = {s.id: s for s in snapshot.stations if s.signed and s.kind in ("reference", "micro_station")}
    streams = [one for one in snapshot.datastreams if one.property == view.property and one.station in at]
    row = np.array([one.row for one in streams], np.intp)
    slack_ms = np.maximum([3000.0 * one.period_s for one in streams], FRESH_MS) if streams else np.zeros(0)
    places = np.array([(at[one.station].longitude, at[one.station].latitude) for one in streams]).reshape(-1, 2)
    east, north = plane.metres(places[:, 0], places[:, 1])
    flags, needed = snapshot.latest_flag[row], _noticed(snapshot)[row]
    known = needed[np.isfinite(needed)]
    why = np.where(np.isinf(needed), Reason.ALONE, -1)
    why = np.where((flags == Flag.SUSPECT) | (flags == Flag.FAIL), Reason.DOUBTED, why)
    why = np.where(snapshot.minute_ms - snapshot.latest_ms[row] > slack_ms, Reason.SILENT, why)
    # What a station would need that cannot be judged now is what the others need.
    needed = np.where(np.isfinite(needed), needed, np.median(known) if len(known) else np.inf)
    return (east, north, needed, (why < 0).astype(np.float64), why.astype(np.float64)), [one.station for one in streams]


def _passes(plane: Plane, view: View) -> Sequence[Floats]:
    """Return the newest pass at each spot of 200 m."""
    columns, noticed = view.passes, _noticed(view.snapshot)
    placed = np.flatnonzero(np.isfinite(columns.longitude) & np.isfinite(noticed[columns.row]))
    placed = placed[np.argsort(-columns.time_ms[placed], kind="stable")]
    east, north = plane.metres(columns.longitude[placed], columns.latitude[placed])
    spots = np.stack([east // 200, north // 200]).astype(np.int64)
    _, first = np.unique(spots, axis=1, return_index=True)
    age = (view.snapshot.minute_ms + MINUTE_MS - columns.time_ms[placed][first]) / MINUTE_MS
    needed = noticed[columns.row[placed][first]]
    return east[first], north[first], needed, worth_of(age), np.full(len(first), -1.0)


def _noticed(snapshot: Snapshot) -> Floats:
    """Return float64[n]; infinite before the judge has said."""
    n = len(snapshot.datastreams)
    return snapshot.noticed if len(snapshot.noticed) == n else np.full(n, np.inf)


def _cell(found: BlindSpots, near: Floats, number: int, names: Sequence[str]) -> CellProperties:
    strength, eye = float(found.strength[number]), int(found.eye[number])
    reason: ReasonName = Reason(int(found.reason[number])).name.lower()  # type: ignore[assignment]  # the enum's names
    seen = math.isfinite(strength)
    return {
        "strength_g_s": float(f"{strength:.3g}") if seen else None,
        "near_ug_m3": float(f"{near[number]:.3g}") if seen else None,
        "reason": reason,
        "station": names[eye] if 0 <= eye < len(names) else None,
    }


def _corners(plane: Plane, cells: Cells) -> Floats:
    """Return float64[c, 5, 2], degrees: the closed outline of each cell."""
    half = cells.side_m / 2
    x = cells.east_m[:, None] + half * np.array([-1, 1, 1, -1, -1])
    y = cells.north_m[:, None] + half * np.array([-1, -1, 1, 1, -1])
    one_east, one_north = plane.metres(np.array([plane.longitude + 1]), np.array([plane.latitude + 1]))
    degrees = np.stack([plane.longitude + x / one_east, plane.latitude + y / one_north], axis=2)
    return np.asarray(degrees.round(6), np.float64)


def _feature(number: int, corners: list[list[float]], properties: CellProperties) -> CellFeature:
    return {
        "type": "Feature",
        "id": number,
        "geometry": {"type": "Polygon", "coordinates": [corners]},
        "properties": properties,
    }
