"""What is known of the network at one minute, as the areas' judgement needs it."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hub.anomaly.detection import Finding, last_due, mean_of
from hub.anomaly.rule import basis
from hub.area.attribution import Wind
from hub.area.status import FRESH_MS
from hub.bindings import Bindings
from hub.model import MINUTE_MS, Anomaly, Cause
from hub.network import PROPERTY_INDEX
from hub.panel import Newest, Panel

Floats = NDArray[np.float64]
# Wind older than this is not today's.
_WIND_MIN = 90


class Sight(NamedTuple):
    """What is known at a minute.

    Attributes:
        bindings, panel: of all streams.
        newest: values and positions.
        background: float64[n], what an excess must stand above.
        lying: bool[n].
        findings: of all groups of rules.
        minute: since 1970.
    """

    bindings: Bindings
    panel: Panel
    newest: Newest
    background: Floats
    lying: NDArray[np.bool_]
    findings: tuple[Finding, ...]
    minute: int

    @property
    def minute_ms(self) -> int:
        """Start of the minute."""
        return self.minute * MINUTE_MS

    def active(self, finding: Finding) -> NDArray[np.bool_]:
        """Return bool[n]: what was found about streams that speak and do not lie; silence keeps nobody unusual."""
        slack_ms = np.maximum(3 * self.bindings.network.period_ms, FRESH_MS)
        speaking = (self.minute - self.newest.minute) * MINUTE_MS <= slack_ms
        return finding.active & speaking & ~self.lying

    def places(self) -> tuple[Floats, Floats]:
        """Return metres east and north of every stream, moving ones where they were last."""
        return places(self.bindings, self.newest)

    def wind(self, east_m: float, north_m: float) -> Wind:
        """Return the wind at a place: the stations' vectors, weighted by the inverse square of their distance."""
        network = self.bindings.network
        recent = self.minute - self.newest.minute < _WIND_MIN
        speed = _by_station(self, "wind_speed", recent)
        direction = np.radians(_by_station(self, "wind_direction", recent))
        known = np.flatnonzero(np.isfinite(speed) & np.isfinite(direction))
        if not known.size:
            return Wind(np.nan, np.nan)
        rows = np.searchsorted(network.station, known, sorter=np.argsort(network.station, kind="stable"))
        at = np.argsort(network.station, kind="stable")[rows]
        away = np.maximum(np.hypot(network.east_m[at] - east_m, network.north_m[at] - north_m), 100.0)
        weight = away**-2.0 / (away**-2.0).sum()
        east = float(weight @ (speed[known] * np.sin(direction[known])))
        return Wind(east, float(weight @ (speed[known] * np.cos(direction[known]))))

    def anomaly(self, finding: Finding, row: int, area: int, alternatives: tuple[str, ...] = ()) -> Anomaly:
        """Return what one stream shows, laid to an area."""
        network = self.bindings.network
        stream, station = network.datastreams[row], network.stations[network.station[row]]
        value, minute = self._judged(finding, row)
        rule = self.bindings.rules[finding.rule[row]]
        return Anomaly(
            minute_ms=minute * MINUTE_MS,
            station=stream.station,
            datastream=stream.id,
            area=network.areas[area].id,
            cause=Cause(stream.property, finding.group.detector),
            level=finding.group.level,
            value=value,
            background=float(finding.background[row]),
            threshold=float(finding.threshold[row]),
            rule=rule.id,
            longitude=float(self.newest.longitude[row] if station.moving else station.longitude),
            latitude=float(self.newest.latitude[row] if station.moving else station.latitude),
            alternatives=alternatives,
            basis=basis(rule),
        )

    def _judged(self, finding: Finding, row: int) -> tuple[float, int]:
        """Return the value that the rule judged last, and its minute: of a mean its last, NaN where there is none."""
        if finding.group.average_min == 1:
            return float(self.newest.value[row]), int(self.newest.minute[row])
        minute = last_due(finding.group, self.minute)
        return float(mean_of(self.panel, finding.group, np.array([row]), minute)[0]), minute


def places(bindings: Bindings, newest: Newest) -> tuple[Floats, Floats]:
    """Return metres east and north of every stream, moving ones where they were last."""
    network = bindings.network
    east, north = network.plane.metres(newest.longitude, newest.latitude)
    return np.where(network.moving, east, network.east_m), np.where(network.moving, north, network.north_m)


def _by_station(sight: Sight, name: str, recent: NDArray[np.bool_]) -> Floats:
    network = sight.bindings.network
    rows = np.flatnonzero((network.property == PROPERTY_INDEX[name]) & recent & ~network.moving)
    values = np.full(len(network.stations), np.nan)
    values[network.station[rows]] = sight.newest.value[rows]
    return values
