"""From streams to areas: what asks for which level of which area, and on what evidence."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hub.anomaly.detection import Finding, onset_ms
from hub.area.attribution import WITNESS_M, Plume, candidates, groups
from hub.area.sight import Sight
from hub.area.status import EXCESS_SLOT, AreaState, Support
from hub.model import EXCESSES, MINUTE_MS, Anomaly, Level
from hub.network import NOWHERE, PROPERTY_INDEX, PROPERTY_NAMES

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Rows = NDArray[np.intp]

# An area that was red within this time is preferred to one that fits a little better: one event stays one lead.
STICKY_MS: Final = 3 * 60 * MINUTE_MS
STICKY: Final = 0.35
# Minutes of its track that a vehicle brings as evidence.
TRACK_MIN: Final = 20
EVIDENCE: Final = 5
ALTERNATIVES: Final = 2
# Properties that one plume carries together are grouped together.
_FAMILY: Final = np.arange(len(PROPERTY_NAMES))
_FAMILY[[PROPERTY_INDEX[name] for name in ("pm1", "pm2_5", "pm10")]] = PROPERTY_INDEX["pm10"]
_FAMILY[[PROPERTY_INDEX[name] for name in ("no", "no2", "nox")]] = PROPERTY_INDEX["nox"]


class Excess(NamedTuple):
    """The streams that stand above their region, of k rows.

    Attributes:
        row: int64[k].
        level: uint8[k], what each asks for.
        since_ms: int64[k].
        beyond: float64[k], excess in units of what makes it red.
        area: int64[k], to which it is laid, NOWHERE for none.
    """

    row: Rows
    level: NDArray[np.uint8]
    since_ms: Ints
    beyond: Floats
    area: Ints


class Laid(NamedTuple):
    """What is laid to areas at a minute.

    Attributes:
        support: of the areas' levels.
        excess: the streams above their region, with their areas.
        blame: int64[n], the area of each stream's excess, NOWHERE for none.
        alternatives: ids of the next likeliest areas, by area.
    """

    support: Support
    excess: Excess
    blame: Ints
    alternatives: dict[int, tuple[str, ...]]


def laid(sight: Sight, areas: AreaState, blame: Ints) -> Laid:
    """Return what this minute's findings ask of the areas.

    Args:
        sight: what is known.
        areas: how the areas stood before.
        blame: int64[n], the area of each stream's excess before.
    """
    support = Support.none(len(sight.bindings.network.areas))
    for finding in sight.findings:
        if finding.group.detector == "exceedance":
            _support_exceedance(sight, finding, support)
    excess = _excess(sight)
    alternatives: dict[int, tuple[str, ...]] = {}
    for members in _members(sight, excess):
        area = _keeper(excess, members, areas, blame)
        if area == NOWHERE:
            area, alternatives = _culprit(sight, excess, members, areas, alternatives)
        excess.area[members] = area
    _support_excess(sight, excess, support)
    now = np.full(len(blame), NOWHERE)
    now[excess.row] = excess.area
    return Laid(support, excess, now, alternatives)


def _support_exceedance(sight: Sight, finding: Finding, support: Support) -> None:
    """A red level asks for the area that the station stands in; attention also for areas that it speaks for."""
    network, active = sight.bindings.network, sight.active(finding)
    if not active.any():
        return
    if finding.group.level == Level.RED:
        rows = np.flatnonzero(active & (network.home >= 0))
        area = network.home[rows]
    else:
        pairs = np.flatnonzero(active[network.cover_row])
        rows, area = network.cover_row[pairs], network.cover_area[pairs]
    cells = area, network.property[rows]
    np.maximum.at(support.level, cells, np.uint8(finding.group.level))
    np.minimum.at(support.start_ms, cells, finding.since_ms[rows])


def _excess(sight: Sight) -> Excess:
    levels = np.zeros(len(sight.lying), np.uint8)
    since_ms = np.zeros(len(sight.lying), np.int64)
    beyond = np.full(len(sight.lying), np.nan)
    # Attention first, so that red has the last word.
    for finding in sorted((f for f in sight.findings if f.group.detector in EXCESSES), key=_level):
        active = sight.active(finding)
        levels[active] = finding.group.level
        since_ms[active] = finding.since_ms[active]
        beyond = (sight.newest.value - sight.background) / finding.threshold
    row = np.flatnonzero(levels)
    # An excess that goes on while its value or background is missing stands out by nothing.
    return Excess(row, levels[row], since_ms[row], np.nan_to_num(beyond[row]), np.full(len(row), NOWHERE))


def _level(finding: Finding) -> int:
    return int(finding.group.level)


def _members(sight: Sight, excess: Excess) -> list[NDArray[np.intp]]:
    """Return the indices into `excess` of each group, the one that stands out most first."""
    if not len(excess.row):
        return []
    east, north = sight.places()
    number = groups(east[excess.row], north[excess.row], _FAMILY[sight.bindings.network.property[excess.row]])
    found = [np.flatnonzero(number == one) for one in range(number.max() + 1)]
    return sorted(found, key=lambda members: -float(np.nanmax(excess.beyond[members], initial=0.0)))


def _keeper(excess: Excess, members: NDArray[np.intp], areas: AreaState, blame: Ints) -> int:
    """Return the area that the group's excess was laid to while it is red, NOWHERE when the group is new."""
    for member in members[np.argsort(-excess.beyond[members], kind="stable")].tolist():
        area = int(blame[excess.row[member]])
        if area != NOWHERE and areas.level[area, EXCESS_SLOT] == Level.RED:
            return area
    return NOWHERE


def _culprit(
    sight: Sight, excess: Excess, members: NDArray[np.intp], areas: AreaState, alternatives: dict[int, tuple[str, ...]]
) -> tuple[int, dict[int, tuple[str, ...]]]:
    network = sight.bindings.network
    found = candidates(_plume(sight, excess, members), network.areas, network.shapes)
    if not found:
        return NOWHERE, alternatives
    recent = sight.minute_ms - areas.supported_ms[:, EXCESS_SLOT] <= STICKY_MS
    recent &= areas.property[:, EXCESS_SLOT] != NOWHERE
    sticky = [area for area, score in found if recent[area] and score <= found[0][1] + STICKY]
    area = sticky[0] if sticky else found[0][0]
    others = [network.areas[other].id for other, _ in found if other != area]
    return area, alternatives | {area: tuple(others[:ALTERNATIVES])}


def _plume(sight: Sight, excess: Excess, members: NDArray[np.intp]) -> Plume:
    """Return the excess of what stands out most, at all stations around the peak and along the tracks of vehicles."""
    network, (east, north) = sight.bindings.network, sight.places()
    peak = int(excess.row[members[np.argmax(excess.beyond[members])]])
    same = network.property == network.property[peak]
    fixed = np.flatnonzero(same & ~network.moving & ~sight.lying & np.isfinite(sight.newest.value - sight.background))
    fixed = fixed[np.hypot(east[fixed] - east[peak], north[fixed] - north[peak]) <= WITNESS_M]
    above = sight.newest.value[fixed] - sight.background[fixed]
    track = _track(sight, np.flatnonzero(same & network.moving & np.isin(np.arange(len(network)), excess.row)))
    return Plume(
        np.concatenate([east[fixed], track[0]]),
        np.concatenate([north[fixed], track[1]]),
        np.maximum(np.concatenate([above, track[2]]), 0.0),
        sight.wind(float(east[peak]), float(north[peak])),
        _coarse(sight, peak),
    )


def _track(sight: Sight, rows: Rows) -> tuple[Floats, Floats, Floats]:
    if not rows.size:
        return np.zeros(0), np.zeros(0), np.zeros(0)
    _, value, longitude, latitude = sight.panel.tail(rows, sight.minute, TRACK_MIN)
    above = value - sight.background[rows][:, None]
    east, north = sight.bindings.network.plane.metres(longitude, latitude)
    known = np.isfinite(above) & np.isfinite(east)
    return east[known], north[known], above[known]


def _coarse(sight: Sight, peak: int) -> float:
    network, above = sight.bindings.network, sight.newest.value - sight.background
    here = network.station == network.station[peak]
    fine, coarse = (above[here & (network.property == PROPERTY_INDEX[name])] for name in ("pm2_5", "pm10"))
    if not len(fine) or not len(coarse) or network.datastreams[peak].property not in ("pm2_5", "pm10"):
        return float("nan")
    return float(np.nanmax(coarse) / max(float(np.nanmax(fine)), 1.0))


def _support_excess(sight: Sight, excess: Excess, support: Support) -> None:
    known = np.flatnonzero(excess.area != NOWHERE)
    cells = excess.area[known], np.full(len(known), EXCESS_SLOT)
    np.maximum.at(support.level, cells, excess.level[known])
    np.minimum.at(support.start_ms, cells, excess.since_ms[known])
    # The property that stands out most names the cause: written last.
    for member in known[np.argsort(excess.beyond[known], kind="stable")].tolist():
        support.property[excess.area[member]] = _standing_out(sight, int(excess.row[member]))


def _standing_out(sight: Sight, row: int) -> int:
    """Return the property that stands out most at a stream's station, whether its run is long enough already or not."""
    network = sight.bindings.network
    here = np.flatnonzero(network.station == network.station[row])
    red = next(f for f in sorted(sight.findings, key=_level, reverse=True) if f.group.detector in EXCESSES)
    beyond = ((sight.newest.value - sight.background) / red.threshold)[here]
    beyond[sight.lying[here] | np.isnan(beyond)] = -1.0
    return int(network.property[here[beyond.argmax()] if beyond.max() >= 1 else row])


def evidence(sight: Sight, found: Laid, area: int, slot: int, about: int) -> tuple[Anomaly, ...]:
    """Return what holds an area's level in a slot, about one property, the strongest first."""
    alternatives = found.alternatives.get(area, ())
    network, pairs = sight.bindings.network, []
    for finding in sight.findings:
        if (finding.group.detector in EXCESSES) != (slot == EXCESS_SLOT):
            continue
        active = sight.active(finding) & (network.property == about)
        pairs += [(finding, row) for row in _rows_of(sight, found, finding, active, area, about)]
    strong = sorted(pairs, key=lambda pair: (-pair[0].group.level, -_beyond(sight, *pair), pair[1]))
    # Of one kind of rule a series shows the strongest; a limit and a threshold are two things.
    shown: dict[tuple[int, str], Finding] = {}
    for finding, row in strong:
        shown.setdefault((row, finding.group.kind), finding)
    first = list(shown.items())[:EVIDENCE]
    return tuple(sight.anomaly(finding, row, area, alternatives) for (row, _), finding in first)


def _rows_of(
    sight: Sight, found: Laid, finding: Finding, active: NDArray[np.bool_], area: int, about: int
) -> list[int]:
    network = sight.bindings.network
    if finding.group.detector == "onset":
        return np.flatnonzero(active & (found.blame == area)).tolist()
    if finding.group.detector == "local_excess":
        # Where one series has entered, the others of its station count as soon as they pass.
        blamed = np.isin(network.station, network.station[found.blame == area])
        passing = blamed & ~sight.lying & (sight.newest.value - sight.background > finding.threshold)
        return np.flatnonzero((active & (found.blame == area)) | (passing & (network.property == about))).tolist()
    if finding.group.level == Level.RED:
        return np.flatnonzero(active & (network.home == area)).tolist()
    covering = network.cover_row[network.cover_area == area]
    rows: list[int] = covering[active[covering]].tolist()
    return rows


def _beyond(sight: Sight, finding: Finding, row: int) -> float:
    value = sight.newest.value[row]
    if finding.group.detector in EXCESSES:
        value -= sight.background[row]
    return float(value / finding.threshold[row])


def first_ms(sight: Sight, anomalies: tuple[Anomaly, ...], start_ms: int) -> int:
    """Return when what the evidence shows began, by the panel as it is now; never after `start_ms`."""
    network = sight.bindings.network
    index = {stream.id: stream.row for stream in network.datastreams} if anomalies else {}
    rows = np.array([index[anomaly.datastream] for anomaly in anomalies], np.intp)
    needed = np.array([a.threshold + (0.0 if np.isnan(a.background) else a.background) for a in anomalies])
    below = bool(len(anomalies)) and anomalies[0].value < needed[0]
    return int(min(start_ms, onset_ms(sight.panel, rows, needed, sight.minute, below=below).min(initial=start_ms)))
