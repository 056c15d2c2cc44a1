"""What is known of the network at one minute, as the areas' judgement needs it."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hub.anomaly.detection import Finding, last_due, mean_of
from hub.anomaly.rule import basis
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
        honest: bool[n], those that speak and do not lie.
        findings: of all groups of rules.
        minute: since 1970.
    """

    bindings: Bindings
    panel: Panel
    newest: Newest
    background: Floats
    lying: NDArray[np.bool_]
    honest: NDArray[np.bool_]
    findings: tuple[Finding, ...]
    minute: int

    @property
    def minute_ms(self) -> int:
        """Start of the minute."""
        return self.minute * MINUTE_MS

    def active(self, finding: Finding) -> NDArray[np.bool_]:
        """Return bool[n]: what was found about streams that speak and do not lie; silence keeps nobody unusual."""
        return finding.active & self.honest

    def places(self) -> tuple[Floats, Floats]:
        """Return metres east and north of every stream, moving ones where they were last."""
        return places(self.bindings, self.newest)

    def winds(self, east_m: float, north_m: float, span: int) -> Floats:
        """Return float64[span, 2]: the wind at a place in the minutes up to now, m/s east and north, pointing upwind.

        The stations' vectors, each held until its next, weighted by the inverse square of their distance; NaN where no
        station has one.
        """
        speed, place = _held(self, "wind_speed", span)
        direction, _ = _held(self, "wind_direction", span)
        away = np.maximum(np.hypot(place[0] - east_m, place[1] - north_m), 100.0)
        known = np.isfinite(speed) & np.isfinite(direction) & np.isfinite(away)[:, None]
        weight = np.where(known, away[:, None] ** -2.0, 0.0)
        total = weight.sum(axis=0)
        angle, held = np.radians(np.where(known, direction, 0.0)), np.where(known, speed, 0.0)
        parts = [(weight * held * part(angle)).sum(axis=0) for part in (np.sin, np.cos)]
        return np.asarray(np.divide(parts, total, out=np.full((2, span), np.nan), where=total > 0).T, np.float64)

    def anomaly(self, finding: Finding, row: int, area: int) -> Anomaly:
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
            basis=basis(rule),
        )

    def _judged(self, finding: Finding, row: int) -> tuple[float, int]:
        """Return the value that the rule judged last, and its minute: of a mean its last, NaN where there is none."""
        if finding.group.average_min == 1:
            return float(self.newest.value[row]), int(self.newest.minute[row])
        minute = last_due(finding.group, self.minute)
        if minute == self.minute and not np.isnan(finding.value[row]):
            return float(finding.value[row]), minute
        return float(mean_of(self.panel, finding.group, np.array([row]), minute)[0]), minute


def places(bindings: Bindings, newest: Newest) -> tuple[Floats, Floats]:
    """Return metres east and north of every stream, moving ones where they were last."""
    network = bindings.network
    east, north = network.plane.metres(newest.longitude, newest.latitude)
    return np.where(network.moving, east, network.east_m), np.where(network.moving, north, network.north_m)


def _held(sight: Sight, name: str, span: int) -> tuple[Floats, Floats]:
    """Return float64[stations, span], the newest value of each fixed station in each minute, and where it stands."""
    network, panel = sight.bindings.network, sight.panel
    rows = np.flatnonzero((network.property == PROPERTY_INDEX[name]) & ~network.moving)
    place, values = np.full((2, len(network.stations)), np.nan), np.full((len(network.stations), span), np.nan)
    minutes, value, _, _ = panel.tail(rows, sight.minute, span + _WIND_MIN)
    wide = np.full((len(rows), span + _WIND_MIN), np.nan)
    wide[:, minutes - sight.minute - 1] = value
    there = np.where(np.isnan(wide), 0, np.arange(wide.shape[1]))
    last = np.maximum.accumulate(there, axis=1)[:, _WIND_MIN:]
    fresh = np.arange(_WIND_MIN, wide.shape[1]) - last < _WIND_MIN
    at = network.station[rows]
    values[at] = np.where(fresh, np.take_along_axis(wide, last, axis=1), np.nan)
    place[:, at] = network.east_m[rows], network.north_m[rows]
    return values, place
