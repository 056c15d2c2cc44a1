"""What is to be explained: the excess at the stations around a peak and along vehicles' tracks."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from hub.area.attribution import LINK_M, Measured
from hub.area.plume import Points
from hub.area.sight import Sight
from hub.model import MINUTE_MS
from hub.network import PROPERTY_INDEX

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]

# Stations within this distance of the peak say by their silence where the source is not; so many of them at most.
WITNESS_M: Final = 6_000.0
WITNESSES: Final = 24
# Fixed stations are averaged over so many minutes, not longer than the excess lasts.
AVERAGED_MIN: Final = 5
# Minutes of its track that a vehicle brings as evidence, and how much one of them counts.
TRACK_MIN: Final = 20
TRACK_TRUST: Final = 0.5
# Of a value: what its device is off.
DEVICE_ERROR: Final = 0.05
# Of the excess that makes red: what nobody knows better.
LEAST_ERROR: Final = 0.05


def measured(sight: Sight, rows: Rows, beyond: Floats, since_ms: int, scale: float) -> Measured:
    """Return what a group of streams and all witnesses around it show.

    Args:
        sight: what is known.
        rows: the group's streams.
        beyond: of each, the excess in units of what makes it red.
        since_ms: when the first of them began to stand out.
        scale: the excess that makes the strongest of them red.
    """
    network, (east, north) = sight.bindings.network, sight.places()
    peak = int(rows[np.argmax(beyond)])
    same = (network.property == network.property[peak]) & ~sight.lying
    away = np.hypot(east - east[peak], north - north[peak])
    fixed = np.flatnonzero(same & ~network.moving & np.isfinite(sight.newest.value - sight.background))
    fixed = fixed[away[fixed] <= WITNESS_M]
    fixed = fixed[np.argsort(away[fixed], kind="stable")][:WITNESSES]
    moving = np.flatnonzero(same & network.moving & (away <= WITNESS_M))
    span = min(max(sight.minute - since_ms // MINUTE_MS + 1, 1), AVERAGED_MIN)
    upwind = sight.winds(float(east[peak]), float(north[peak]), TRACK_MIN)
    heard_before = 0.0 if (~network.moving[rows]).any() else 1.0
    parts = [_fixed(sight, fixed, span, upwind), _track(sight, moving, (since_ms, heard_before), upwind)]
    points, excess, value, trust = (np.concatenate(column, axis=-1) for column in zip(*parts, strict=True))
    beside = np.hypot(points[0] - east[peak], points[1] - north[peak]) <= LINK_M
    error = np.hypot(_scatter(excess[: len(fixed)], scale), DEVICE_ERROR * value)
    wind = upwind[-span:].mean(axis=0)
    return Measured(
        points=Points(*points),
        excess=np.maximum(excess, -error),
        error=error,
        trust=trust,
        peak=int(np.where(beside, excess, -np.inf).argmax()) if len(excess) else 0,
        speed_m_s=float(np.hypot(*wind)),
        coarse=_coarse(sight, peak),
        scale=scale,
    )


def _unit(upwind: Floats) -> Floats:
    """Return float64[k, 2]: unit vectors; north where no wind is known, which is then held to come from anywhere."""
    length = np.hypot(upwind[:, 0], upwind[:, 1])[:, None]
    known = length > 0
    return np.where(known, upwind / np.where(known, length, 1.0), [0.0, 1.0])


def _fixed(sight: Sight, rows: Rows, span: int, upwind: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Return points (4, k), excess, value and trust of fixed stations: the mean of the last minutes, or the newest."""
    network = sight.bindings.network
    _, recent, _, _ = sight.panel.tail(rows, sight.minute, span)
    count = np.count_nonzero(~np.isnan(recent), axis=1)
    mean = np.nansum(recent, axis=1) / np.maximum(count, 1)
    value = np.where(count > 0, mean, sight.newest.value[rows])
    unit = _unit(upwind[-span:].mean(axis=0)[None, :]).repeat(len(rows), axis=0)
    points = np.stack([network.east_m[rows], network.north_m[rows], unit[:, 0], unit[:, 1]])
    return points, value - sight.background[rows], value, np.ones(len(rows))


def _track(sight: Sight, rows: Rows, since: tuple[int, float], upwind: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Return the same of each minute of the vehicles' tracks; what was before the beginning counts as `since` says."""
    if not rows.size:
        return np.zeros((4, 0)), np.zeros(0), np.zeros(0), np.zeros(0)
    since_ms, before = since
    minutes, value, longitude, latitude = sight.panel.tail(rows, sight.minute, TRACK_MIN)
    east, north = sight.bindings.network.plane.metres(longitude, latitude)
    unit = _unit(upwind[minutes - sight.minute - 1])
    trust = np.where(minutes * MINUTE_MS >= since_ms, TRACK_TRUST, TRACK_TRUST * before)
    above = value - sight.background[rows][:, None]
    known = np.isfinite(above) & np.isfinite(east) & (trust > 0)
    wide = [np.broadcast_to(column, value.shape)[known] for column in (unit[:, 0], unit[:, 1], trust)]
    points = np.stack([east[known], north[known], wide[0], wide[1]])
    return points, above[known], value[known], wide[2]


def _scatter(excess: Floats, scale: float) -> float:
    """Return by how much stations differ that no plume reaches: robust, from those that stand out least."""
    if len(excess) < 5:
        return 3 * LEAST_ERROR * scale
    low = np.sort(excess)[: max(len(excess) * 3 // 4, 5)]
    return float(np.hypot(1.4826 * np.median(np.abs(low - np.median(low))) + abs(np.median(low)), LEAST_ERROR * scale))


def _coarse(sight: Sight, peak: int) -> float:
    network, above = sight.bindings.network, sight.newest.value - sight.background
    here = network.station == network.station[peak]
    here &= np.isfinite(above)
    fine, coarse = (above[here & (network.property == PROPERTY_INDEX[name])] for name in ("pm2_5", "pm10"))
    if not len(fine) or not len(coarse) or network.datastreams[peak].property not in ("pm2_5", "pm10"):
        return float("nan")
    return float(coarse.max() / max(float(fine.max()), 1.0))
