"""What one judged hour leaves to the next, and the numbers behind an alarm. Pure functions on arrays."""

from collections.abc import Mapping
from typing import Final, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from hub.anomaly.background import medians
from hub.quality import Carried, Cause, Thresholds, Verdict, advance, begin, settled
from hub.quality.faults.stations import rows_of

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Causes = NDArray[np.uint8]
Ints = NDArray[np.int64]
ScalarT = TypeVar("ScalarT", bound=np.generic)
Verdicts = Mapping[str, Verdict]

# Hours behind an alarm's numbers: three days.
RECENT_H: Final = 72
# A longer silence is like one of a month: what faded then has faded.
SILENCE_H: Final = 720


class Past(NamedTuple):
    """What one hour leaves to the next: a tree of arrays; the tuples follow `carried.names`.

    Attributes:
        hour: int64 (), the last that was judged, since 1970.
        carried: of `hub.quality.advance`.
        recent: each float32 (posts, RECENT_H), the last hours, NaN where missing.
        standing: each uint8 (posts,) of `Cause`, the fault that lasts.
        begun: each int64 (posts, causes), the hour of the newest alarm of each `Cause`.
    """

    hour: Ints
    carried: Carried
    recent: tuple[Singles, ...]
    standing: tuple[Causes, ...]
    begun: tuple[Ints, ...]

    def since(self, place: int, post: int) -> int:
        """Return the hour since which the fault lasts of a property and post."""
        return int(self.begun[place][post, self.standing[place][post]])


class Kit(NamedTuple):
    """Thresholds of properties that much the same stations measure, and what the last judged hour left."""

    thresholds: Thresholds
    past: Past

    @property
    def names(self) -> list[str]:
        """The properties, in alphabetical order."""
        return list(self.past.carried.names.tolist())


class Learnt(NamedTuple):
    """What was learnt on a history: every property is in one kit, so that a station's neighbours measure it too."""

    kits: tuple[Kit, ...]

    def rates(self) -> dict[str, float]:
        """Return the false alarms of a stream and month that the history lets expect, by property."""
        return {name: kit.thresholds.rate[name] for kit in self.kits for name in kit.names}


class Numbers(NamedTuple):
    """What a person can check an alarm by: see `hub.checks.Alarm`."""

    value: float
    nearby: float
    mean: float
    mean_nearby: float


def begun(thresholds: Thresholds, positions: Floats, hour: int) -> Past:
    """Return the past after `hour`, before the first that is judged, of posts at positions (posts, 2) in degrees."""
    carried, posts = begin(thresholds, positions), len(positions)
    return Past(
        np.array(hour),
        carried,
        tuple(np.full((posts, RECENT_H), np.nan, np.float32) for _ in carried.names),
        tuple(np.zeros(posts, np.uint8) for _ in carried.names),
        tuple(np.zeros((posts, len(Cause)), np.int64) for _ in carried.names),
    )


def step(past: Past, values: Mapping[str, Floats], thresholds: Thresholds) -> tuple[Verdicts, Past]:
    """Return (verdicts on the next hours, what they leave).

    Args:
        past: before them.
        values: float64 (posts, t) by property, NaN where missing; what was not calibrated is not judged.
        thresholds: in force.
    """
    names = past.carried.names.tolist()
    steps = next(iter(values.values())).shape[1]
    silent = np.full((len(past.carried.positions), steps), np.nan)
    known = {name: values.get(name, silent) for name in names}
    verdicts, carried = advance(known, past.carried, thresholds)
    pairs = list(enumerate(names))
    return verdicts, Past(
        past.hour + steps,
        carried,
        tuple(_shifted(past.recent[place], known[name]) for place, name in pairs),
        tuple(verdicts[name].standing[:, -1].copy() for name in names),
        tuple(_begun(verdicts[name], past.begun[place], int(past.hour) + 1) for place, name in pairs),
    )


def _shifted(recent: Singles, values: Floats) -> Singles:
    return np.concatenate([recent, values[:, -RECENT_H:].astype(np.float32)], axis=1)[:, -RECENT_H:]


def _begun(verdict: Verdict, before: Ints, first: int) -> Ints:
    """Return the hour of the newest alarm of each cause (posts, causes) after hours from `first` on."""
    newest = before.copy()
    posts, hours = np.nonzero(verdict.alarm)  # of one post in the order of time: the last stays
    newest[posts, verdict.cause[posts, hours]] = first + hours
    return newest


def skipped(past: Past, thresholds: Thresholds, last: int) -> Past:
    """Return the past after hours up to `last` of which nobody knows anything."""
    missing = last - int(past.hour)
    if missing <= 0:
        return past._replace(hour=np.array(last))
    silent = np.full((len(past.carried.positions), min(missing, SILENCE_H)), np.nan)
    after = step(past, dict.fromkeys(past.carried.names.tolist(), silent), thresholds)[1]
    return after._replace(hour=np.array(last))


def settled_past(past: Past, thresholds: Thresholds, positions: Floats) -> Past:
    """Return the past of the posts at positions (posts, 2): known ones keep theirs."""
    carried = settled(past.carried, thresholds, positions)
    if carried is past.carried:
        return past
    rows = rows_of(past.carried.positions, carried.positions)
    fresh = begun(thresholds, carried.positions, int(past.hour))
    return Past(
        past.hour,
        carried,
        tuple(_moved(*pair, rows) for pair in zip(past.recent, fresh.recent, strict=True)),
        tuple(_moved(*pair, rows) for pair in zip(past.standing, fresh.standing, strict=True)),
        tuple(_moved(*pair, rows) for pair in zip(past.begun, fresh.begun, strict=True)),
    )


def _moved(old: NDArray[ScalarT], fresh: NDArray[ScalarT], rows: NDArray[np.intp]) -> NDArray[ScalarT]:
    """Return `fresh` with the rows (n,) of `old`, where they are not -1."""
    known = np.flatnonzero(rows >= 0)
    fresh[known] = old[rows[known]]
    return fresh


def numbers(past: Past, place: int, post: int) -> Numbers:
    """Return what a person can check an alarm by.

    Args:
        past: after the hour of the alarm.
        place: of the property in `carried.names`.
        post: the row of the station.
    """
    recent = past.recent[place]
    own = recent[post].astype(np.float64)
    nearby = medians(recent[past.carried.nearest[post]].T.astype(np.float64), fewest=1)
    both = np.isfinite(own) & np.isfinite(nearby)
    mean, mean_nearby = (float(x[both].mean()) if both.any() else float("nan") for x in (own, nearby))
    return Numbers(float(own[-1]), float(nearby[-1]), mean, mean_nearby)
