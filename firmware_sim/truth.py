"""What a scene injected, for whoever judges the judge."""

from typing import Any, Final

from firmware_sim.plume import Source
from firmware_sim.scenes import MINUTE_MS, Scene
from firmware_sim.world import World
from firmware_sim.zone import Zone

# From here on a vehicle that drives past cannot miss a source.
SEEN_UG_M3: Final = 150.0


def truth(scene: Scene, zone: Zone, world: World) -> list[dict[str, Any]]:
    """Return one row a source, an overheating lab and a fault.

    Keys: kind, area, station, device, property, onset_ms, end_ms (None where it does not apply) and seen_ms, the first
    minute in which an instrument can see it.
    """
    return [*_sources(scene, zone, world), *_heats(scene, zone), *_faults(scene, zone)]


def exposed_minutes(source: Source, world: World, vehicle: str) -> list[int]:
    """Return the minutes (UTC ms) throughout which a vehicle is in more than 150 ug/m3 of a source's NOx."""

    def seen(time_ms: int) -> bool:
        return world.excess("nox", world.position(vehicle, time_ms), time_ms) > SEEN_UG_M3

    minutes = range(source.onset_ms, source.end_ms, MINUTE_MS)
    return [m for m in minutes if all(seen(m + part * MINUTE_MS // 4) for part in range(4))]


def _sources(scene: Scene, zone: Zone, world: World) -> list[dict[str, Any]]:
    rows = []
    for area, source in scene.sources.items():
        hidden = "nox" in source.strength
        minutes = sorted(m for v in zone.routes for m in exposed_minutes(source, world, v)) if hidden else []
        rows.append(
            {
                "kind": "vehicle_source" if hidden else "dust",
                "area": area,
                "station": None,
                "device": None,
                "property": "nox" if hidden else "pm10",
                "onset_ms": source.onset_ms,
                "end_ms": source.end_ms,
                "seen_ms": minutes[0] if minutes else source.onset_ms,
            }
        )
    return rows


def _heats(scene: Scene, zone: Zone) -> list[dict[str, Any]]:
    return [
        {
            "kind": "lab",
            "area": zone.host_of(heat.station),
            "station": heat.station,
            "device": f"{heat.station}-air",
            "property": "temperature",
            "onset_ms": heat.onset_ms,
            "end_ms": heat.end_ms,
            "seen_ms": heat.onset_ms,
        }
        for heat in scene.heats
    ]


def _faults(scene: Scene, zone: Zone) -> list[dict[str, Any]]:
    stations = {d.id: d.station for d in zone.devices}
    return [
        {
            "kind": fault.kind,
            "area": None,
            "station": stations[fault.device],
            "device": fault.device,
            "property": "pm2_5",
            "onset_ms": fault.onset_ms,
            "end_ms": fault.end_ms,
            "seen_ms": fault.onset_ms,
        }
        for fault in scene.faults
    ]
