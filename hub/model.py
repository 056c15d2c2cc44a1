"""The hub's nouns: frozen values that pass along the line. Times are UTC milliseconds, positions degrees WGS-84."""

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from shapely import Polygon

from hub.checks import UNCHECKED, Checks, FaultKind
from hub.reasons import Candidate, Explanation, Settle

MINUTE_MS = 60_000

# A gateway is the station of its own health: stored like all others, no place on the map.
StationKind = Literal["reference", "micro_station", "lab", "vehicle", "gateway"]
AreaKind = Literal["enterprise", "road", "construction_site", "lab_building"]
DetectorKind = Literal["exceedance", "local_excess", "onset"]
# Those that compare a station with its region: what they find is laid to an area.
EXCESSES: Final[tuple[DetectorKind, ...]] = ("local_excess", "onset")
# What the checks of the minutes find.
CheckKind = Literal["clipping", "bottom", "consistency", "rendezvous", "attenuated", "rate_of_change"]
TicketKind = Literal["range", "flat_line", "gain", "gap", "fork", "silent", FaultKind, CheckKind]


@dataclass(frozen=True, slots=True)
class Station:
    """A place on the map, fixed or moving, that hosts devices; longitude and latitude are NaN when it moves.

    Attributes:
        gateway: who speaks for it: a gateway, or a third party.
        signed: False for a third party's: what it says is shown, and never evidence.
    """

    id: str
    kind: StationKind
    name: str
    name_en: str
    longitude: float
    latitude: float
    gateway: str
    signed: bool = True

    @property
    def moving(self) -> bool:
        """Whether positions come with the readings."""
        return self.kind == "vehicle"


@dataclass(frozen=True, slots=True)
class Datastream:
    """One property of one device at one station.

    Attributes:
        id: "station/device/property", unique for all time.
        row: its row in every array of the hub; given in the order of the journal, never reused.
        unit: what the wire carries; the store keeps that, the panel holds the property's canonical unit.
        period_s: between readings as the gateway plans them; 0 for a third party's, which nobody knows.
    """

    id: str
    row: int
    station: str
    device: str
    property: str
    unit: str
    period_s: float


@dataclass(frozen=True, slots=True)
class Columns:
    """Readings as arrays of one length n, as the store takes and gives them.

    Attributes:
        row: int32[n], `Datastream.row`.
        time_ms: int64[n].
        value: float64[n] in the datastream's own unit, as sent; NaN where missing.
        flag: uint8[n], QARTOD, as the gateway sent it.
        longitude, latitude: float64[n], NaN for fixed stations.
    """

    row: NDArray[np.int32]
    time_ms: NDArray[np.int64]
    value: NDArray[np.float64]
    flag: NDArray[np.uint8]
    longitude: NDArray[np.float64]
    latitude: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.row)

    def behind(self, count: int) -> "Columns":
        """Return the readings behind the first `count`."""
        return Columns(
            row=self.row[count:],
            time_ms=self.time_ms[count:],
            value=self.value[count:],
            flag=self.flag[count:],
            longitude=self.longitude[count:],
            latitude=self.latitude[count:],
        )


class Level(IntEnum):
    """How an area stands."""

    NORMAL = 0
    ATTENTION = 1
    RED = 2


class Freshness(IntEnum):
    """How well an area's level is founded: stale or no data is grey on the map, never green."""

    FRESH = 0
    STALE = 1
    NO_DATA = 2


@dataclass(frozen=True, slots=True)
class Area:
    """A polygon that can turn red.

    Attributes:
        districts: ids of the districts it lies in; two for an enterprise across a border.
        polygon: WGS-84, longitude first.
    """

    id: str
    kind: AreaKind
    name: str
    name_en: str
    districts: tuple[str, ...]
    polygon: Polygon = field(compare=False)


class Cause(NamedTuple):
    """Why an area is red: which property, found by which kind of detector."""

    property: str
    detector: DetectorKind


@dataclass(frozen=True, slots=True)
class Basis:
    """What the rule behind an anomaly says of itself; see `hub.anomaly.rule.Rule`.

    Attributes:
        version: of the rule.
        standard: "" when the rule is no standard's.
        source, source_zh: where its numbers stand; in Chinese "" where nobody has said so.
        average_min, valid_min, valid_hours: over what the value is averaged, and what such a mean needs to exist.
    """

    kind: str = ""
    version: str = ""
    standard: str = ""
    jurisdiction: str = ""
    source: str = ""
    confidence: str = ""
    average_min: int = 1
    valid_min: int = 1
    valid_hours: int = 0
    source_zh: str = ""


@dataclass(frozen=True, slots=True)
class Anomaly:
    """The world is unusual at a station, and what a person needs to recompute it.

    Attributes:
        minute_ms: start of the minute that was judged.
        station, datastream: where it was seen, by which series.
        area: the area it is attributed to, None when no candidate is near.
        level: what it asks of that area.
        value: in the property's canonical unit, averaged as the rule says; NaN where that mean does not exist now.
        background: what the region has at that time, same unit, for an onset what the station has beside it as a rule;
            NaN when the rule needs none.
        threshold: the limit that value (exceedance) or value minus background (local excess, onset) passed.
        rule: id and version of the rule.
        basis: what the rule rests on.
        candidates: who may make the excess, the likeliest first, with the ground outside of all areas; empty when it
            was not asked. Those with less than 1 % are left out.
        settle: the one observation that would say most about it, None when nobody was asked or none would say much.
        explanation: how value, background and threshold came about; None for what was kept before there was one.
    """

    minute_ms: int
    station: str
    datastream: str
    area: str | None
    cause: Cause
    level: Level
    value: float
    background: float
    threshold: float
    rule: str
    longitude: float
    latitude: float
    basis: Basis = Basis()
    candidates: tuple[Candidate, ...] = ()
    settle: Settle | None = None
    explanation: Explanation | None = None

    @property
    def alternatives(self) -> tuple[str, ...]:
        """Ids of the other areas that it could belong to, the likeliest first."""
        return tuple(one.area for one in self.candidates if one.area is not None and one.area != self.area)


@dataclass(frozen=True, slots=True)
class AreaStatus:
    """An area's level now, since when, on what evidence; one for each area."""

    area: str
    level: Level
    freshness: Freshness
    since_ms: int
    evidence: tuple[Anomaly, ...] = ()


@dataclass(frozen=True, slots=True)
class LeadOpening:
    """What opens a lead: identity (area, cause, episode start) and the evidence for a person.

    Attributes:
        opened_ms: the judge's time at which it opens, so that a replay gives the same.
        late: whether data that came after its minute had closed opened it.
        explanation, explanation_en: plain words with the numbers.
    """

    area: str
    cause: Cause
    episode_start_ms: int
    opened_ms: int
    late: bool
    evidence: tuple[Anomaly, ...]
    explanation: str
    explanation_en: str


@dataclass(frozen=True, slots=True)
class TicketOpening:
    """Maintenance work on a device or gateway: one open ticket for each (subject, kind)."""

    subject: str
    kind: TicketKind
    since_ms: int
    opened_ms: int
    explanation: str
    explanation_en: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the map shows: the judge's view after the last closed minute, immutable.

    Attributes:
        minute_ms: start of the last closed minute, 0 before the first.
        statuses: by area id.
        stations, datastreams: the catalogue; the arrays below have one element for each datastream's row.
        latest_value: float64[n] in the property's canonical unit, NaN when never seen.
        latest_ms: int64[n], 0 when never seen.
        latest_flag: uint8[n], the worse of the gateway's flag and the checks'.
        latest_longitude, latest_latitude: float64[n], NaN for fixed stations.
        checks: how the hourly checks stand.
        noticed: float64[n], the smallest excess over its background that would be found now, infinite for none.
    """

    minute_ms: int
    statuses: dict[str, AreaStatus]
    stations: tuple[Station, ...]
    datastreams: tuple[Datastream, ...]
    latest_value: NDArray[np.float64]
    latest_ms: NDArray[np.int64]
    latest_flag: NDArray[np.uint8]
    latest_longitude: NDArray[np.float64]
    latest_latitude: NDArray[np.float64]
    checks: Checks = UNCHECKED
    noticed: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
