"""The hub in front of a simulated zone: told every minute what the instruments say, until it names an area."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from field import Case

from firmware_sim.plane import Point
from firmware_sim.scenes import MINUTE_MS
from hub import pipeline
from hub.bindings import Bindings, bind
from hub.model import Area, Datastream, LeadOpening, Station
from hub.network import Network, build_network
from hub.panel import Panel, Readings

# Minutes of the zone without the source, and how long a lead is waited for without and with vehicles.
BEFORE_MIN: Final = 3
WAIT_MIN: Final = (15, 30)
_WEATHER: Final = Station("weather", "reference", "weather", "weather", *Point(0, 0).degrees(), "gw")


@dataclass(frozen=True)
class Verdict:
    """What the hub said of a case, and what it knew at that minute since 1970."""

    lead: LeadOpening
    bindings: Bindings
    panel: Panel
    state: pipeline.State
    minute: int


def judged(case: Case) -> Verdict | None:
    """Return what the hub says of a case, None when it names nobody in time."""
    network = _network(case)
    first = case.onset_ms // MINUTE_MS - BEFORE_MIN
    bindings, panel = bind(network, first), Panel(minutes=180)
    panel.grow(network.averaging, network.moving)
    state = pipeline.start(bindings)
    for minute in range(first, first + BEFORE_MIN + WAIT_MIN[bool(case.zone.routes)]):
        panel.add(_readings(case, network, minute * MINUTE_MS), minute)
        panel.head = minute
        state, outcome = pipeline.judge_minute(bindings, panel, state, pipeline.Tick(minute, np.array([minute]), 0))
        for lead in outcome.leads:
            if lead.cause.detector == "local_excess" and minute * MINUTE_MS >= case.onset_ms:
                return Verdict(lead, bindings, panel, state, minute)
    return None


def _network(case: Case) -> Network:
    places = {station.id: station.place for station in case.zone.stations}
    nowhere = (np.nan, np.nan)
    fitted = case.zone.devices
    stations = [
        Station(
            device.station,
            "vehicle" if device.model == "vehicle" else "micro_station",
            device.station,
            device.station,
            *(nowhere if (place := places[device.station]) is None else place.degrees()),
            "gw",
        )
        for device in fitted
    ]
    said = [(device.station, device.id, name, "ug/m3") for device in fitted for name in device.properties]
    said += [("weather", "weather", "wind_speed", "m/s"), ("weather", "weather", "wind_direction", "deg")]
    streams = [
        Datastream(f"{station}/{device}/{name}", row, station, device, name, unit, 60.0)
        for row, (station, device, name, unit) in enumerate(said)
    ]
    return build_network((*stations, _WEATHER), streams, areas_of(case))


def areas_of(case: Case) -> tuple[Area, ...]:
    """Return the zone's areas as the hub has them."""
    return tuple(
        Area(one.id, one.kind, one.id, one.id, (), shapely.Polygon([p.degrees() for p in one.ring]))  # type: ignore[arg-type]  # the same kinds
        for one in case.zone.areas
    )


def _readings(case: Case, network: Network, time_ms: int) -> Readings:
    series = [(device, name) for device in case.zone.devices for name in device.properties]
    values = [case.world.value(device, name, time_ms) for device, name in series]
    place = np.full((len(network), 2), np.nan)
    for row in np.flatnonzero(network.moving).tolist():
        place[row] = case.world.position(network.datastreams[row].station, time_ms).degrees()
    n = len(network)
    return Readings(
        np.arange(n, dtype=np.int32),
        np.full(n, time_ms),
        np.array([*values, case.told.speed, case.told.direction_deg]),
        np.ones(n, np.uint8),
        place[:, 0],
        place[:, 1],
    )
