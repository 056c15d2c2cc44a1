"""GET /api/aqi: the air quality index of the last hour and of the last day at every station."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

import anyio.to_thread
import numpy as np
from anyio import CapacityLimiter
from fastapi import APIRouter, Response
from numpy.typing import NDArray
from typing_extensions import TypedDict

from hub.anomaly.air_report import DAY_H, Report, day_of, day_report, hour_report, valid
from hub.anomaly.aqi import POLLUTANTS
from hub.anomaly.rulebook import beijing_day
from hub.anomaly.standard import AirIndex, default_standards
from hub.hourly import HOUR_MS, Judged
from hub.map_api.broadcast import Sources
from hub.map_api.routes import JsonAnswer
from hub.model import MINUTE_MS, Snapshot, StationKind
from hub.store.hours import History
from wire.properties import PROPERTIES
from wire.reading import Flag

_STANDARD: Final = "HJ 633-2026"


class ClassAnswer(TypedDict):
    """A class of the index: up to which value, its names and its colour in the standard."""

    up_to: int
    chinese: str
    english: str
    colour: str


class PollutantAnswer(TypedDict):
    """One pollutant; mean and iaqi are null where too little was measured, `of` says of how much it is.

    `of`: minutes of the hour (45 are needed), hours of the day (20), for ozone's day windows of eight hours (1).
    """

    property: str
    unit: str
    averaging: str
    mean: float | None
    iaqi: int | None
    of: int


class IndexAnswer(TypedDict):
    """An index; null while a pollutant is missing and none of the others is above 100."""

    aqi: int | None
    level: ClassAnswer | None
    primary: list[str]
    missing: list[str]
    pollutants: list[PollutantAnswer]


class StationAqiAnswer(TypedDict):
    """The index at a station; what a micro-station's devices say is screening: no method of the standard."""

    station: str
    screening: bool
    hour: IndexAnswer
    day: IndexAnswer


class AqiAnswer(TypedDict):
    """The index of the hour that began at hour_ms and of the day (Asia/Shanghai) that began at day_ms, both over.

    `in_force`: whether the standard held on those days; before, its numbers are no index of anybody's.
    """

    standard: str
    version: str
    source: str
    in_force: bool
    hour_ms: int
    day_ms: int
    classes: list[ClassAnswer]
    stations: list[StationAqiAnswer]


def aqi_router(sources: Sources) -> APIRouter:
    """Return the endpoint; it reads its file off the event loop, once for each minute that the judge closes."""
    thread, index = CapacityLimiter(1), air_index()
    kept: dict[int, AqiAnswer] = {}

    def read() -> AqiAnswer:
        snapshot = sources.live.latest()
        if snapshot.minute_ms not in kept:
            kept.clear()
            last = (snapshot.minute_ms + MINUTE_MS) // HOUR_MS - 1
            first, there = min(day_of(last), last), sources.hours.exists()
            hours = sources.hours.history(first, last) if there else History.nothing(first)
            streams = sources.hours.streams() if there else ()
            kept[snapshot.minute_ms] = aqi_answer(index, snapshot, streams, hours, last)
        return kept[snapshot.minute_ms]

    async def aqi() -> Response:
        """Return the index of the last hour and the last day at every station that measures part of it."""
        return JsonAnswer(await anyio.to_thread.run_sync(read, limiter=thread))

    routes = APIRouter()
    routes.get("/api/aqi", response_model=AqiAnswer)(aqi)
    return routes


def air_index() -> AirIndex:
    """Return the index that comes with the program."""
    found = default_standards()[_STANDARD]
    assert isinstance(found, AirIndex)
    return found


def aqi_answer(index: AirIndex, snapshot: Snapshot, streams: Sequence[Judged], hours: History, last: int) -> AqiAnswer:
    """Return the index of every station.

    Args:
        index: the standard.
        snapshot: as the judge sees it now: what a check doubts has no part in an index.
        streams: whose hours are kept.
        hours: from the day's first to `last`.
        last: the last hour that is over, since 1970.
    """
    day, kinds = day_of(last), {station.id: station.kind for station in snapshot.stations}
    rows = _rows(streams, snapshot)
    return {
        "standard": index.standard,
        "version": index.version,
        "source": index.source,
        "in_force": index.valid_from <= _day(day) and _day(last) <= index.valid_to,
        "hour_ms": last * HOUR_MS,
        "day_ms": day * HOUR_MS,
        "classes": [_class(index, level.up_to) for level in index.level],
        "stations": [_station(index, kinds.get(one, "reference"), (one, of), hours, last) for one, of in rows.items()],
    }


def _day(hour: int) -> date:
    return beijing_day(hour * 60)


def _rows(streams: Sequence[Judged], snapshot: Snapshot) -> dict[str, dict[str, int]]:
    """Return by station and pollutant the row of the first device that is not doubted, -1 where all are."""
    flags, rows = snapshot.latest_flag, dict[str, dict[str, int]]()
    for stream in sorted(streams, key=lambda one: (one.station, one.row)):
        if stream.property in POLLUTANTS:
            doubted = stream.row < len(flags) and flags[stream.row] in (Flag.SUSPECT, Flag.FAIL)
            known = rows.setdefault(stream.station, {})
            if known.get(stream.property, -1) < 0:
                known[stream.property] = -1 if doubted else stream.row
    return rows


def _station(
    index: AirIndex, kind: StationKind, of: tuple[str, Mapping[str, int]], hours: History, last: int
) -> StationAqiAnswer:
    means = {name: _hours(hours, row) for name, row in of[1].items()}
    at, begin = last - hours.first, day_of(last) - hours.first
    now = {name: (float(mean[at]), int(count[at])) for name, (mean, count) in means.items() if 0 <= at < len(mean)}
    whole = {name: valid(mean, count)[begin : begin + DAY_H] for name, (mean, count) in means.items()}
    there = {name: values for name, values in whole.items() if len(values) == DAY_H}
    return {
        "station": of[0],
        "screening": kind != "reference",
        "hour": _index(index, hour_report(index, now)),
        "day": _index(index, day_report(index, there)),
    }


def _hours(hours: History, row: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the means and counts of one stream, nothing for a row that is not there."""
    if not 0 <= row < hours.means.shape[1]:
        nothing = np.full(len(hours.means), np.nan)
        return nothing, np.zeros(len(nothing), np.int64)
    return hours.means[:, row].astype(np.float64), hours.counts[:, row].astype(np.int64)


def _index(index: AirIndex, report: Report) -> IndexAnswer:
    known = {one.property for one in report.pollutants if one.iaqi is not None}
    return {
        "aqi": report.air.value,
        "level": None if report.air.level is None else _class(index, report.air.level.up_to),
        "primary": list(report.air.primary),
        "missing": [name for name in POLLUTANTS if name not in known],
        "pollutants": [
            {
                "property": one.property,
                "unit": PROPERTIES[one.property].unit,
                "averaging": one.averaging,
                "mean": None if one.mean is None else float(one.mean),
                "iaqi": one.iaqi,
                "of": one.of,
            }
            for one in report.pollutants
        ],
    }


def _class(index: AirIndex, up_to: int) -> ClassAnswer:
    level = next(level for level in index.level if level.up_to == up_to)
    return {"up_to": up_to, "chinese": level.chinese, "english": level.english, "colour": level.colour}
