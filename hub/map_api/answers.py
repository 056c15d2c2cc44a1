"""What the interface says. Times are UTC milliseconds, positions degrees WGS-84, values in canonical units."""

from typing import Any, Literal

from typing_extensions import TypedDict

from hub.map_api.account import Evidence, LevelName
from hub.map_api.label_answers import LabelAnswer
from hub.model import AreaKind, DetectorKind, StationKind, TicketKind

FreshnessName = Literal["fresh", "stale", "no_data"]


class ZoneAnswer(TypedDict):
    """The zone; bounds are west, south, east, north."""

    name: str
    name_en: str
    bounds: list[float]


class Geometry(TypedDict):
    """A GeoJSON geometry (RFC 7946)."""

    type: str
    coordinates: Any


class AreaState(TypedDict):
    """How an area stands."""

    id: str
    level: LevelName
    freshness: FreshnessName
    since_ms: int
    causes: list[dict[str, Any]]


class AreaProperties(AreaState):
    """An area and how it stands."""

    kind: AreaKind
    name: str
    name_en: str
    districts: list[str]


class Latest(TypedDict):
    """The latest value of a property at a station."""

    value: float | None
    unit: str
    time_ms: int
    flag: int


class StationState(TypedDict):
    """Where a station is and what it says."""

    id: str
    longitude: float | None
    latitude: float | None
    values: dict[str, Latest]


class StationProperties(TypedDict):
    """A station and what it says; `gateway` is a third party when it is not signed."""

    id: str
    kind: StationKind
    name: str
    name_en: str
    gateway: str
    signed: bool
    moving: bool
    values: dict[str, Latest]


class TrackProperties(TypedDict):
    """Whose track it is."""

    id: str
    station: str


class AreaFeature(TypedDict):
    """A GeoJSON feature."""

    type: Literal["Feature"]
    id: str
    geometry: Geometry
    properties: AreaProperties


class StationFeature(TypedDict):
    """A GeoJSON feature; the geometry is null for a vehicle whose position is not known yet."""

    type: Literal["Feature"]
    id: str
    geometry: Geometry | None
    properties: StationProperties


class TrackFeature(TypedDict):
    """A GeoJSON feature."""

    type: Literal["Feature"]
    id: str
    geometry: Geometry
    properties: TrackProperties


class AreasAnswer(TypedDict):
    """A GeoJSON feature collection."""

    type: Literal["FeatureCollection"]
    features: list[AreaFeature]


class StationsAnswer(TypedDict):
    """A GeoJSON feature collection."""

    type: Literal["FeatureCollection"]
    features: list[StationFeature]


class TracksAnswer(TypedDict):
    """A GeoJSON feature collection."""

    type: Literal["FeatureCollection"]
    features: list[TrackFeature]


class SnapshotAnswer(TypedDict):
    """The judge's view after the last closed minute; now_ms is the field's clock."""

    minute_ms: int
    now_ms: int
    areas: list[AreaState]
    stations: list[StationState]


class SeriesAnswer(TypedDict):
    """The readings of one property at one station, by time; arrays of one length, null where a value is missing."""

    property: str
    unit: str
    time_ms: list[int]
    value: list[float | None]
    flag: list[int]


class CauseAnswer(TypedDict):
    """Which property, found by which kind of detector."""

    property: str
    detector: DetectorKind


class LeadAnswer(TypedDict):
    """A matter for a person to follow up; closed_ms is null while it is open."""

    id: int
    revision: int
    area: str
    cause: CauseAnswer
    episode_start_ms: int
    opened_ms: int
    late: bool
    closed_ms: int | None
    explanation: str
    explanation_en: str


class EpisodeAnswer(TypedDict):
    """One spell of the anomaly."""

    start_ms: int
    opened_ms: int
    late: bool
    evidence: list[Evidence]
    explanation: str
    explanation_en: str


class PushAnswer(TypedDict):
    """One delivery to one receiver; delivered_ms is null until it has confirmed."""

    receiver: str
    created_ms: int
    attempts: int
    delivered_ms: int | None
    problem: str


class LeadDetail(LeadAnswer):
    """A lead with everything that is known of it; evidence is that of all its episodes, label null until people say."""

    label: LabelAnswer | None
    evidence: list[Evidence]
    episodes: list[EpisodeAnswer]
    pushes: list[PushAnswer]


class TicketAnswer(TypedDict):
    """Maintenance work on a device or gateway; closed_ms is null while it is open, label until people say."""

    label: LabelAnswer | None
    id: int
    revision: int
    subject: str
    kind: TicketKind
    since_ms: int
    opened_ms: int
    closed_ms: int | None
    explanation: str
    explanation_en: str


class LevelAnswer(TypedDict):
    """An area began to stand so at since_ms; the hub knew it at judged_ms."""

    area: str
    level: LevelName
    freshness: FreshnessName
    since_ms: int
    judged_ms: int


class GatewayAnswer(TypedDict):
    """A gateway as it last said; online is null when it has said nothing since the hub started."""

    id: str
    stations: int
    online: bool | None
    seen_ms: int | None
    version: str
    clock: str
    epoch: int
    seq: int
    outbox_blocks: int
    dropped: int
    config: str
    config_version: int
    config_seen: int
    config_fault: str


class PropertyAnswer(TypedDict):
    """An observed property and its canonical unit."""

    name: str
    unit: str
    low: float
    high: float
    chinese: str
    english: str


class HealthAnswer(TypedDict):
    """The hub answers; minute_ms is the last minute that it judged, 0 before the first; unjudged entries wait."""

    status: Literal["ok"]
    minute_ms: int
    unjudged: int
