"""From streams to areas: what asks for which level of which area, and on what evidence."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hub.anomaly.detection import Finding
from hub.area.attribution import groups
from hub.area.culprit import Culprit, Group, culprit
from hub.area.sight import Sight
from hub.area.status import EXCESS_SLOT, AreaState, Support
from hub.model import EXCESSES, Level
from hub.network import NOWHERE, PROPERTY_INDEX, PROPERTY_NAMES

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Rows = NDArray[np.intp]

# How many new groups are looked at in a minute: the work of one is some ten milliseconds.
LOOKED_AT: Final = 4
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
        needed: float64[k], what makes it red.
        area: int64[k], to which it is laid, NOWHERE for none.
    """

    row: Rows
    level: NDArray[np.uint8]
    since_ms: Ints
    beyond: Floats
    needed: Floats
    area: Ints


_NO_EXCESS: Final = Excess(*(np.zeros(0, kind) for kind in (np.intp, np.uint8, np.int64, float, float, np.int64)))


class Laid(NamedTuple):
    """What is laid to areas at a minute.

    Attributes:
        support: of the areas' levels.
        excess: the streams above their region, with their areas.
        blame: int64[n], the area of each stream's excess, NOWHERE for none.
        why: by area, for those that something was laid to anew.
    """

    support: Support
    excess: Excess
    blame: Ints
    why: dict[int, Culprit]


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
    excess, why = _excess(sight), dict[int, Culprit]()
    waiting = []
    for members in _members(sight, excess):
        excess.area[members] = _keeper(excess, members, areas, blame)
        if excess.area[members[0]] == NOWHERE:
            waiting.append(members)
    for members in _turns(waiting, sight.minute):
        found = culprit(sight, _group(excess, members), areas)
        excess.area[members] = found.area
        why.setdefault(found.area, found)
    now = np.full(len(blame), NOWHERE)
    if excess.row.size:
        _support_excess(sight, excess, support)
        now[excess.row] = excess.area
    return Laid(support, excess, now, why)


def reason(sight: Sight, found: Laid, area: int) -> Culprit:
    """Return why an area's local excess is laid to it: as it was found this minute, or by what is seen now alone."""
    members = np.flatnonzero(found.excess.area == area)
    if area in found.why or not members.size:
        return found.why.get(area, Culprit(NOWHERE))
    return culprit(sight, _group(found.excess, members))


def _support_exceedance(sight: Sight, finding: Finding, support: Support) -> None:
    """A red level asks for the area that the station stands in; attention also for areas that it speaks for."""
    if not finding.active.any():
        return  # the quiet minute that most are
    network, active = sight.bindings.network, sight.active(finding)
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
    # Attention first, so that red has the last word.
    standing = sorted((finding for finding in sight.findings if finding.group.detector in EXCESSES), key=_level)
    if not any(finding.active.any() for finding in standing):
        return _NO_EXCESS
    n = len(sight.lying)
    levels, since_ms = np.zeros(n, np.uint8), np.zeros(n, np.int64)
    for finding in standing:
        active = np.flatnonzero(sight.active(finding))
        levels[active] = finding.group.level
        since_ms[active] = finding.since_ms[active]
    row = np.flatnonzero(levels)
    needed = np.full(len(row), np.nan)
    for finding in standing:
        threshold = finding.threshold[row]
        needed = np.where(np.isnan(threshold), needed, threshold)
    beyond = (sight.newest.value[row] - sight.background[row]) / needed
    # An excess that goes on while its value or background is missing stands out by nothing.
    nobody = np.full(len(row), NOWHERE)
    return Excess(row, levels[row], since_ms[row], np.nan_to_num(beyond), np.nan_to_num(needed, nan=1.0), nobody)


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
    """Return the area that the group's excess was laid to while it stands as the group asks, NOWHERE otherwise."""
    asked = excess.level[members].max()
    for member in members[np.argsort(-excess.beyond[members], kind="stable")].tolist():
        area = int(blame[excess.row[member]])
        if area != NOWHERE and areas.level[area, EXCESS_SLOT] >= asked:
            return area
    return NOWHERE


def _group(excess: Excess, members: NDArray[np.intp]) -> Group:
    """Return what is known of a group."""
    first = members[np.argmax(excess.beyond[members])]
    since_ms = int(excess.since_ms[members].min())
    return Group(excess.row[members], excess.beyond[members], since_ms, float(excess.needed[first]))


def _turns(waiting: list[NDArray[np.intp]], minute: int) -> list[NDArray[np.intp]]:
    """Return the groups that are looked at in a minute: the strongest first, and when they are many by turns."""
    if len(waiting) <= LOOKED_AT:
        return waiting
    first = minute * LOOKED_AT % len(waiting)
    return [*waiting[first:], *waiting[:first]][:LOOKED_AT]


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
    beyond = (sight.newest.value[here] - sight.background[here]) / red.threshold[here]
    beyond[sight.lying[here] | np.isnan(beyond)] = -1.0
    return int(network.property[here[beyond.argmax()] if beyond.max() >= 1 else row])
