"""The scenes that the field can play: which hours of the record, and what is injected into them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal

from firmware_sim.layout import DUST_CENTRE, HIDDEN_CENTRE
from firmware_sim.plane import Point
from firmware_sim.plume import Source
from firmware_sim.zone import Device, Zone

FaultKind = Literal["stuck", "gain", "checksum", "noise_bytes", "silence"]

MINUTE_MS: Final = 60_000
SCENES: Final = ("none", "haze", "dust", "stuck", "full")
SCENE_HOURS: Final = 12
# 06:00 to 18:00 in Beijing: clean air. 12:00 to midnight: six clean hours, then haze.
_CLEAN: Final = int(datetime(2015, 1, 8, 22, tzinfo=UTC).timestamp() * 1000)
_HAZE: Final = int(datetime(2015, 1, 9, 4, tzinfo=UTC).timestamp() * 1000)

_DUST_SITE: Final = "site-01"
_HIDDEN_FIRM: Final = "ent-07"
_HOT_LAB: Final = "lab-09"


@dataclass(frozen=True)
class Fault:
    """A device that lies or stutters.

    Attributes:
        kind: stuck (holds the value of its onset), gain (PM reads `factor` times too high), checksum (some frames do
            not add up), noise_bytes (line noise before some headers), silence (no byte).
        onset_ms, end_ms: from the first to before the second.
    """

    kind: FaultKind
    device: str
    onset_ms: int
    end_ms: int
    factor: float = 1.0

    def active(self, time_ms: int) -> bool:
        """Return whether it is at work."""
        return self.onset_ms <= time_ms < self.end_ms


@dataclass(frozen=True)
class Heat:
    """A lab that overheats: within minutes of its onset it nears `target_c`."""

    station: str
    target_c: float
    onset_ms: int
    end_ms: int


@dataclass(frozen=True)
class Scene:
    """What happens in the field.

    Attributes:
        start_ms: where the scene's 12 hours begin.
        sources: by the id of the area that emits.
    """

    name: str
    start_ms: int
    sources: dict[str, Source]
    heats: tuple[Heat, ...]
    faults: tuple[Fault, ...]

    @property
    def end_ms(self) -> int:
        """Where the scene's 12 hours end."""
        return self.start_ms + SCENE_HOURS * 3_600_000


def scene_start_ms(scene: str) -> int:
    """Return where a scene's 12 hours begin; three days of the record lie before.

    Raises:
        ValueError: no such scene.
    """
    if scene not in SCENES:
        raise ValueError(f"scene {scene!r}: use one of {', '.join(SCENES)}")
    return _CLEAN if scene in ("none", "dust") else _HAZE


def build_scene(name: str, zone: Zone) -> Scene:
    """Return what a scene injects into a zone.

    Raises:
        ValueError: no such scene.
    """
    start_ms = scene_start_ms(name)
    sources: dict[str, Source] = {}
    if name in ("dust", "full"):
        sources[_DUST_SITE] = _dust(start_ms)
    if name == "full":
        sources[_HIDDEN_FIRM] = _hidden(start_ms)
    heats = (Heat(_HOT_LAB, 38.0, _after(start_ms, 300), _after(start_ms, 390)),) if name == "full" else ()
    faults = _lies(zone, start_ms) if name in ("stuck", "full") else ()
    garbles = _garbles(zone, start_ms) if name == "full" else ()
    return Scene(name, start_ms, sources, heats, (*faults, *garbles))


def _after(start_ms: int, minutes: int) -> int:
    return start_ms + minutes * MINUTE_MS


def _dust(start_ms: int) -> Source:
    strength = {"pm10": 1_100.0, "pm2_5": 45.0}
    return Source(DUST_CENTRE, 250.0, 20.0, strength, _after(start_ms, 120), _after(start_ms, 300))


def _hidden(start_ms: int) -> Source:
    strength = {"nox": 800.0, "no2": 110.0, "pm2_5": 40.0, "pm10": 60.0}
    return Source(HIDDEN_CENTRE, 200.0, 15.0, strength, _after(start_ms, 170), _after(start_ms, 350))


def _lies(zone: Zone, start_ms: int) -> tuple[Fault, ...]:
    """Return one Plantower that sticks and one AQT that reads 40 % high, far from each other and from every source."""
    end_ms = start_ms + SCENE_HOURS * 3_600_000
    stuck = _nearest(zone, "pms5003", Point(-2_200, -5_000))
    high = _nearest(zone, "aqt530", Point(4_300, -4_600))
    return (
        Fault("stuck", stuck, _after(start_ms, 20), end_ms),
        Fault("gain", high, _after(start_ms, 40), end_ms, 1.4),
    )


def _garbles(zone: Zone, start_ms: int) -> tuple[Fault, ...]:
    end_ms = start_ms + SCENE_HOURS * 3_600_000
    return (
        Fault("noise_bytes", _nearest(zone, "pms5003", Point(5_500, 5_500)), start_ms, end_ms),
        Fault("checksum", _nearest(zone, "pms5003", Point(-5_500, -2_500)), start_ms, end_ms),
    )


def _nearest(zone: Zone, model: str, point: Point) -> str:
    places = {s.id: s.place for s in zone.stations}

    def distance_m(device: Device) -> float:
        place = places[device.station]
        return place.distance_m(point) if place is not None else float("inf")

    fitted = [d for d in zone.devices if d.model == model and "pm2_5" in d.properties]
    return min(fitted, key=distance_m).id


def faults_of(faults: Iterable[Fault], device: str) -> tuple[Fault, ...]:
    """Return the faults of one device."""
    return tuple(f for f in faults if f.device == device)
