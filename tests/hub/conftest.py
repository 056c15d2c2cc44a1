"""A small town with instruments, whose air a test decides minute by minute."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pytest
import shapely
from nacl.signing import SigningKey

from hub.area.geometry import Plane
from hub.ingest.entry import Entry, EntryKind
from hub.model import MINUTE_MS, Area, AreaKind
from wire.batch import (
    NO_HASH,
    CatalogueBody,
    CatalogueDatastream,
    CatalogueDevice,
    CatalogueStation,
    Payload,
    ReadingsBody,
    encode_body,
    sha256,
)
from wire.columns import Columns
from wire.envelope import encode_envelope

PLANE = Plane(116.5, 39.8)
DEGREE_M = [float(metres[0]) for metres in PLANE.metres(np.array([117.5]), np.array([40.8]))]
KEY = SigningKey(bytes(range(32)))
# 2015-01-09 12:00 in Beijing: a whole hour.
NOON = int(1_420_776_000 / 60)
AIR = ("pm2_5", "pm10")
Air = Callable[[str, str, int], float]


def place(east_m: float, north_m: float) -> tuple[float, float]:
    """Return degrees of metres east and north of the town's middle."""
    return 116.5 + east_m / DEGREE_M[0], 39.8 + north_m / DEGREE_M[1]


def square(area_id: str, kind: AreaKind, east_m: float, north_m: float) -> Area:
    """Return an area of 500 m."""
    low, high = place(east_m - 250, north_m - 250), place(east_m + 250, north_m + 250)
    return Area(area_id, kind, area_id, area_id, ("d",), shapely.box(*low, *high))


@dataclass
class Town:
    """25 micro-stations a kilometre apart, a lab, a weather station far away and a vehicle.

    Attributes:
        air: what a device measures, by station, property and minutes since noon.
        drive: where the vehicle is, metres, by minutes since noon.
    """

    air: Air = lambda _station, _property, _minute: 40.0
    drive: Callable[[int], tuple[float, float]] = lambda _minute: (2600.0, 2600.0)
    areas: tuple[Area, ...] = (
        square("site", "construction_site", -1000, -1000),
        square("works", "enterprise", 1500, 1500),
        square("laboratory", "enterprise", 0, 2000),
    )
    streams: list[tuple[str, str]] = field(init=False)
    _sealed: int = 0

    def __post_init__(self) -> None:
        """List the datastreams in the order of their indices."""
        self.streams = [(f"m{i:02}", name) for i in range(25) for name in AIR]
        self.streams += [
            ("lab", "temperature"),
            ("car", "nox"),
            ("car", "pm10"),
            ("far", "wind_speed"),
            ("far", "wind_direction"),
        ]

    def stations(self) -> tuple[CatalogueStation, ...]:
        """Return the stations as a gateway lists them."""
        grid = [place(1000.0 * (i % 5 - 2), 1000.0 * (i // 5 - 2)) for i in range(25)]
        micro = [CatalogueStation(f"m{i:02}", "micro_station", f"m{i:02}", *at) for i, at in enumerate(grid)]
        return (
            *micro,
            CatalogueStation("lab", "lab", "lab", *place(0, 2000)),
            CatalogueStation("far", "reference", "far", *place(0, 15000)),
            CatalogueStation("car", "vehicle", "car"),
        )

    def catalogue(self) -> Payload:
        """Return the catalogue as a gateway sends it."""
        devices = tuple(CatalogueDevice(f"{s.id}-d", s.id, "modbus") for s in self.stations())
        units = {"temperature": "degC", "wind_speed": "m/s", "wind_direction": "deg", "noise": "dB(A)"}
        listed = tuple(
            CatalogueDatastream(i, f"{station}-d", name, units.get(name, "ug/m3"), 60)
            for i, (station, name) in enumerate(self.streams)
        )
        return self._payload(
            "catalogue", 0, encode_body(CatalogueBody(bytes(16), 0, "t", self.stations(), devices, listed))
        )

    def minute(self, minute: int, only: Callable[[str], bool] = lambda _station: True) -> Payload:
        """Return one reading of every datastream at a minute since noon, twenty seconds into it."""
        index = [i for i, (station, _) in enumerate(self.streams) if only(station)]
        values = [self.air(*self.streams[i], minute) for i in index]
        at = [place(*self.drive(minute)) if self.streams[i][0] == "car" else (np.nan, np.nan) for i in index]
        columns = Columns(
            np.array(index, "<u2").tobytes(),
            np.full(len(index), 20_000, "<u4").tobytes(),
            np.array(values, "<f8").tobytes(),
            bytes([2] * len(index)),
            np.array([longitude for longitude, _ in at], "<f8").tobytes(),
            np.array([latitude for _, latitude in at], "<f8").tobytes(),
        )
        body = encode_body(ReadingsBody(bytes(16), self._sealed + 1, 0, columns))
        return self._payload("readings", (NOON + minute) * MINUTE_MS, body)

    def _payload(self, kind: str, t0: int, body: bytes) -> Payload:
        self._sealed += 1
        return Payload("gw", 1, self._sealed, 1, NO_HASH, kind, t0, "ntp", body)  # type: ignore[arg-type]  # a kind

    @staticmethod
    def sealed(payload: Payload) -> bytes:
        """Return the envelope."""
        return encode_envelope(payload, KEY)


@pytest.fixture(scope="session")
def new_town() -> Callable[[], Town]:
    """Return what makes a town in clean, still air."""
    return Town


@pytest.fixture
def town() -> Town:
    """Return a town in clean, still air."""
    return Town()


class Book:
    """A journal in memory."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.entries: list[Entry] = []
        self.write("catalogue", town.sealed(town.catalogue()), NOON * MINUTE_MS)

    def write(self, kind: EntryKind, envelope: bytes, received_ms: int, seq: int = 0, *, fresh: bool = True) -> None:
        """Append an entry."""
        body_hash = sha256(envelope)
        self.entries.append(Entry(len(self.entries) + 1, received_ms, kind, "gw", 1, seq, envelope, body_hash, fresh))

    def batch(self, payload: Payload, received_ms: int, *, fresh: bool = True) -> None:
        """Append a batch."""
        self.write("batch", self.town.sealed(payload), received_ms, payload.seq, fresh=fresh)

    def tick(self, minute: int) -> None:
        """Append the tick that closes a minute after noon."""
        start_ms = (NOON + minute) * MINUTE_MS
        self.write("tick", b"", start_ms + 90_000, start_ms)

    def day(self, minutes: range, cut: range | None = None, gone: str = "m") -> None:
        """Append minutes; the stations of `gone` stay away during `cut` and then deliver what they held."""
        held = []
        for minute in minutes:
            sent_ms = (NOON + minute) * MINUTE_MS + 50_000
            if cut and minute in cut:
                held.append(self.town.minute(minute, lambda s: s.startswith(gone)))
                self.batch(self.town.minute(minute, lambda s: not s.startswith(gone)), sent_ms)
            else:
                while held:
                    self.batch(held.pop(0), sent_ms)
                self.batch(self.town.minute(minute), sent_ms)
            self.tick(minute)


def dusty(_station: str, name: str, minute: int) -> float:
    """Return clean air with dust around m06 from 13:00 to 13:40."""
    if name.startswith("wind"):
        return 2.0 if name == "wind_speed" else 225.0
    if name == "temperature":
        return 22.0 + 0.1 * (minute % 3)
    return 30.0 + minute % 3 + (400.0 if _station == "m06" and name == "pm10" and 60 <= minute < 100 else 0.0)


@pytest.fixture
def book(town: Town) -> Book:
    """Return an empty journal of a dusty town."""
    town.air = dusty
    return Book(town)
