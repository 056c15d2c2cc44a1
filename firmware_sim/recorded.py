"""The air as 12 stations recorded it, hour by hour."""

import csv
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise
from pathlib import Path
from typing import Final

HOUR_MS: Final = 3_600_000
SECTORS: Final = ("N", "NNE", "NE", "ENE", "E", "ESE", "SE", "SSE", "S", "SSW", "SW", "WSW", "W", "WNW", "NW", "NNW")
_BEIJING = timezone(timedelta(hours=8))
_SLICE = Path(__file__).parent / "air" / "beijing_2015_01.csv"
_PLAIN = ("pm2_5", "pm10", "no2", "o3", "wind_speed")


@dataclass(frozen=True)
class RecordedAir:
    """Hourly series of every station, without gaps.

    Attributes:
        start_ms: UTC milliseconds of the first hour.
        hours: how many hours each series has, at least two.
        series: by (station, property); ug/m3, m/s, and the wind's components `wind_east` and `wind_north` in m/s, which
            point to where the wind comes from.
    """

    start_ms: int
    hours: int
    series: Mapping[tuple[str, str], tuple[float, ...]]

    def stations(self) -> list[str]:
        """Return the stations' names, sorted."""
        return sorted({station for station, _ in self.series})

    def place(self, time_ms: int) -> tuple[int, float]:
        """Return (hour, share of it that has passed), hour < `hours` - 1; outside its span the record repeats."""
        hour, rest_ms = divmod(time_ms - self.start_ms, HOUR_MS)
        return hour % (self.hours - 1), rest_ms / HOUR_MS

    def at(self, station: str, property_name: str, time_ms: int) -> float:
        """Return a station's value, linear between the hours.

        Raises:
            KeyError: the station or the property was not recorded.
        """
        hour, share = self.place(time_ms)
        series = self.series[station, property_name]
        return series[hour] * (1 - share) + series[hour + 1] * share


def load_air(path: Path = _SLICE) -> RecordedAir:
    """Return the record in a CSV file: time (Asia/Shanghai, whole hours), station, pollutants, wind speed, sector."""
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    times = sorted({row["time"] for row in rows})
    raw: dict[tuple[str, str], dict[str, float]] = {}
    for row in rows:
        for name, value in _numbers(row):
            raw.setdefault((row["station"], name), {})[row["time"]] = value
    series = {key: tuple(without_gaps([known.get(time) for time in times])) for key, known in raw.items()}
    first = datetime.strptime(times[0], "%Y-%m-%dT%H").replace(tzinfo=_BEIJING).astimezone(UTC)
    return RecordedAir(int(first.timestamp() * 1000), len(times), series)


def _numbers(row: Mapping[str, str]) -> Iterable[tuple[str, float]]:
    yield from ((name, float(row[name])) for name in _PLAIN if row[name])
    if row["wind_speed"] and row["wind_sector"]:
        angle = math.tau * SECTORS.index(row["wind_sector"]) / len(SECTORS)
        # Calm hours keep a direction: a vector of length zero has none.
        speed = max(float(row["wind_speed"]), 0.1)
        yield from (("wind_east", speed * math.sin(angle)), ("wind_north", speed * math.cos(angle)))


def without_gaps(values: Sequence[float | None]) -> list[float]:
    """Return the values with gaps filled: linear between the neighbours, held at the ends.

    Raises:
        ValueError: all are missing.
    """
    known = [(index, value) for index, value in enumerate(values) if value is not None]
    if not known:
        raise ValueError("a series without any value")
    filled = [known[0][1]] * known[0][0]
    for (start, before), (end, after) in pairwise(known):
        filled += [before + (after - before) * n / (end - start) for n in range(end - start)]
    return filled + [known[-1][1]] * (len(values) - known[-1][0])
