"""What holds an area's level: the anomalies that a person is shown, with what is needed to recompute them."""

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hub.anomaly.detection import Finding, onset_ms
from hub.area import reckoning
from hub.area.blame import Laid, reason
from hub.area.culprit import Culprit, candidates
from hub.area.held import held
from hub.area.settling import settle
from hub.area.sight import Sight
from hub.area.status import EXCESS_SLOT, AreaState
from hub.model import EXCESSES, Anomaly, Level

EVIDENCE: Final = 5


def evidence(sight: Sight, found: Laid, areas: AreaState, area: int, slot: int) -> tuple[Anomaly, ...]:
    """Return what holds an area's level in a slot, the strongest first; of a red one with all numbers.

    Args:
        sight: what is known.
        found: what was laid to areas.
        areas: how they stand now.
        area: whose level.
        slot: which of its levels.
    """
    about = int(areas.property[area, slot])
    shown = _strongest(sight, found, area, slot, about)
    red = areas.level[area, slot] == Level.RED
    excess = slot == EXCESS_SLOT
    why = reason(sight, found, area) if excess and shown and red else found.why.get(area) if excess else None
    beside = held(sight, about) if excess and red and shown else None
    anomalies = []
    for finding, row in shown:
        said = reckoning.full(sight, finding, row, beside) if red else reckoning.brief(sight, finding, row)
        anomalies.append(replace(sight.anomaly(finding, row, area), explanation=said))
    return _attributed(sight, tuple(anomalies), why, red=bool(red))


def _attributed(sight: Sight, anomalies: tuple[Anomaly, ...], why: Culprit | None, *, red: bool) -> tuple[Anomaly, ...]:
    """Return anomalies with the candidates; the first of a red level's also with what would settle it."""
    if why is None or why.posterior is None or not anomalies:
        return anomalies
    network = sight.bindings.network
    named = [replace(anomaly, candidates=candidates(why.posterior, network.areas)) for anomaly in anomalies]
    if red and why.measured is not None:
        value = anomalies[0].background
        named[0] = replace(named[0], settle=settle(network, why.measured, why.posterior, value))
    return tuple(named)


def _strongest(sight: Sight, found: Laid, area: int, slot: int, about: int) -> list[tuple[Finding, int]]:
    network, pairs = sight.bindings.network, []
    for finding in sight.findings:
        if (finding.group.detector in EXCESSES) != (slot == EXCESS_SLOT):
            continue
        rows = _rows_of(sight, found, finding, area)
        pairs += [(finding, row) for row in rows[network.property[rows] == about].tolist()]
    strong = sorted(pairs, key=lambda pair: (-pair[0].group.level, -_beyond(sight, *pair), pair[1]))
    # Of one kind of rule a series shows the strongest; a limit and a threshold are two things.
    shown: dict[tuple[int, str], Finding] = {}
    for finding, row in strong:
        shown.setdefault((row, finding.group.kind), finding)
    return [(finding, row) for (row, _), finding in list(shown.items())[:EVIDENCE]]


def _rows_of(sight: Sight, found: Laid, finding: Finding, area: int) -> NDArray[np.intp]:
    """Return the rows by which a finding holds an area's level, of whatever property."""
    network = sight.bindings.network
    if finding.group.detector in EXCESSES:
        rows = np.flatnonzero(found.blame == area)
    else:
        rows = np.flatnonzero(network.home == area) if finding.group.level == Level.RED else network.cover.of(area)
    rows = rows[finding.active[rows] & sight.honest[rows]]
    return np.union1d(rows, _passing(sight, found, finding, area)) if finding.group.detector == "local_excess" else rows


def _passing(sight: Sight, found: Laid, finding: Finding, area: int) -> NDArray[np.intp]:
    """Return the rows that pass: where one series has entered, the others of its station count at once."""
    network = sight.bindings.network
    rows = np.flatnonzero(np.isin(network.station, network.station[found.blame == area]) & ~sight.lying)
    return rows[sight.newest.value[rows] - sight.background[rows] > finding.threshold[rows]]


def _beyond(sight: Sight, finding: Finding, row: int) -> float:
    value = sight.newest.value[row]
    if finding.group.detector in EXCESSES:
        value -= sight.background[row]
    return float(value / finding.threshold[row])


def first_ms(sight: Sight, anomalies: tuple[Anomaly, ...], start_ms: int) -> int:
    """Return when what the evidence shows began, by the panel as it is now; never after `start_ms`."""
    network = sight.bindings.network
    rows = np.array([network.rows[anomaly.datastream] for anomaly in anomalies], np.intp)
    needed = np.array([a.threshold + (0.0 if np.isnan(a.background) else a.background) for a in anomalies])
    below = bool(len(anomalies)) and anomalies[0].value < needed[0]
    return int(min(start_ms, onset_ms(sight.panel, rows, needed, sight.minute, below=below).min(initial=start_ms)))
