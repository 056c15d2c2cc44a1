"""The synthetic zone that is judged again: stations on a square, an enterprise at every fourth, haze and plumes."""

from typing import Any, Final

import numpy as np
import shapely

from hub.model import MINUTE_MS, Area
from wire.batch import (
    NO_HASH,
    CatalogueBody,
    CatalogueDatastream,
    CatalogueDevice,
    CatalogueStation,
    Payload,
    ReadingsBody,
    encode_body,
)
from wire.columns import Columns

# 2026-06-01 00:00 in Beijing.
FIRST: Final = 29_670_720
DAY: Final = 1440
PROPERTIES: Final = (("pm2_5", "ug/m3"), ("pm10", "ug/m3"), ("no2", "ug/m3"), ("o3", "ug/m3"), ("noise", "dB(A)"))
WIND: Final = (("wind_speed", "m/s"), ("wind_direction", "deg"))
# What they are on a calm day, and how much of that the haze adds and takes.
CALM: Final = np.array([35.0, 60.0, 30.0, 60.0, 45.0])
HAZE: Final = np.array([0.4, 0.4, 0.2, 0.2, 0.0])


class Zone:
    """Stations on a square, an enterprise around every fourth."""

    def __init__(self, streams: int) -> None:
        chance = np.random.default_rng(1)
        self.streams = streams
        self.places = np.array([116.3, 39.6]) + 0.4 * chance.random((streams // len(PROPERTIES), 2))
        self.posts = self.places[: 50 * 20 : 20][:10] + 0.001
        self.areas = tuple(
            Area(f"a{i}", "enterprise", f"企业{i}", f"Works {i}", (), shapely.box(x, y, x + 0.005, y + 0.005))
            for i, (x, y) in enumerate(self.places[::4])
        )
        self._chance = np.random.default_rng(2)
        self._bodies = [self._minute(minute) for minute in range(DAY)]

    def catalogue(self, first: int = 0, count: int | None = None) -> Payload:
        """Return the catalogue of the streams from one on, as a gateway that hosts just these sends it."""
        stations = range(first // 5, (first + (count or self.streams)) // 5)
        listed = [CatalogueStation(f"s{i}", "micro_station", f"s{i}", *self.places[i].tolist()) for i in stations]
        devices = tuple(CatalogueDevice(f"s{i}-d", f"s{i}", "modbus") for i in stations)
        streams = tuple(
            CatalogueDatastream(5 * k + j, f"s{i}-d", name, unit, 60.0)
            for k, i in enumerate(stations)
            for j, (name, unit) in enumerate(PROPERTIES)
        )
        if count is None:
            listed += [
                CatalogueStation(f"w{i}", "micro_station", f"w{i}", *xy) for i, xy in enumerate(self.posts.tolist())
            ]
            devices += tuple(CatalogueDevice(f"w{i}-d", f"w{i}", "modbus") for i in range(len(self.posts)))
            streams += tuple(
                CatalogueDatastream(self.streams + len(WIND) * i + j, f"w{i}-d", name, unit, 60.0)
                for i in range(len(self.posts))
                for j, (name, unit) in enumerate(WIND)
            )
        body = encode_body(CatalogueBody(bytes(16), 0, "bench", tuple(listed), devices, streams))
        return Payload(f"gw{first}", 1, 1, 1, NO_HASH, "catalogue", 0, "ntp", body)

    def values(self, minute: int) -> Any:
        """Return float64[n]: haze with 5 % of noise; every three hours a plume of half an hour at a station."""
        level = np.tile(CALM * (1 + HAZE * np.sin(2 * np.pi * minute / DAY)), self.streams // 5)
        value = level * (1 + 0.05 * self._chance.standard_normal(self.streams))
        if minute % 180 < 30:
            station = 5 * (minute // 180 * 37 % (self.streams // 5))
            value[station : station + 2] += (70, 100)
        return np.round(value, 1)

    def wind(self, minute: int) -> Any:
        """Return float64[posts * 2]: a light wind that turns once a day."""
        turned = 360 * minute / DAY + 15 * self._chance.standard_normal(len(self.posts))
        speed = 2 + 0.3 * self._chance.standard_normal(len(self.posts))
        return np.round(np.column_stack([speed, turned % 360]).ravel(), 1)

    def _minute(self, minute: int) -> bytes:
        return body_of(np.concatenate([self.values(minute), self.wind(minute)]), minute)

    def payload(self, minute: int) -> Payload:
        """Return all readings of a minute since the beginning in one batch."""
        t0 = (FIRST + minute) * MINUTE_MS
        return Payload("gw0", 1, minute + 2, 1, NO_HASH, "readings", t0, "ntp", self._bodies[minute % DAY])


def body_of(values: Any, number: int, first: int = 0) -> bytes:
    """Return one reading of each stream, twenty seconds into the minute."""
    n = len(values)
    index = np.arange(first, first + n, dtype="<u2").tobytes()
    columns = Columns(index, np.full(n, 20_000, "<u4").tobytes(), values.astype("<f8").tobytes(), bytes([2]) * n)
    return encode_body(ReadingsBody(bytes(16), number + 1, 0, columns))
