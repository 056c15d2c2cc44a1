"""Learns thresholds on the hub's own hours: what `quietwatch hub calibrate` does."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import URL

from hub.errors import TooLittleHistory
from hub.hourly import HOUR_MS, Judged, Posts, matrices, posts_of
from hub.lead.label import RIGHT, Label
from hub.past import Learnt, begun, step
from hub.quality import calibrate
from hub.registry.engine import open_engine
from hub.registry.reading import RegistryReader
from hub.store.hours import HourReader

Floats = NDArray[np.float64]
Progress = Callable[[str], None]

DAY_H: Final = 24
MONTH_H: Final = 720
# `calibrate` refuses less; with less than the second, one fault of the history weighs much.
LEAST_DAYS: Final = 10
GOOD_DAYS: Final = 60
# A property that fewer posts measure for so long has no neighbours to be judged by.
_FEWEST: Final = 3
# What is judged again with the new thresholds, so that the hub goes on from it: fading means reach back weeks.
_AGAIN_H: Final = 60 * DAY_H
_STRETCH_H: Final = 168


class History(NamedTuple):
    """What is learnt on.

    Attributes:
        first: hour since 1970.
        posts: where devices stand.
        values: float64 (posts, t) by property; NaN where missing, or where a person has said that the device lied.
        left_out: by property why it is not judged.
        masked_h: hours of datastreams that were taken out because people said so.
    """

    first: int
    posts: Posts
    values: Mapping[str, Floats]
    left_out: Mapping[str, str]
    masked_h: int

    @property
    def hours(self) -> int:
        """How many hours it has."""
        return int(next(iter(self.values.values())).shape[1])

    def devices(self, name: str) -> int:
        """Return how many posts have measured a property."""
        return int(np.count_nonzero(~np.isnan(self.values[name]).all(axis=1)))

    def months(self, name: str) -> float:
        """Return the stream-months of a property: of 720 hours each."""
        return float(np.count_nonzero(~np.isnan(self.values[name]))) / MONTH_H


def history_of(reader: HourReader, days: int, labels: Sequence[Label]) -> History:
    """Return the last days of hours that can be learnt on.

    Args:
        reader: of the hub's hours.
        days: at most so many.
        labels: what people said of tickets; hours of true faults teach nothing.

    Raises:
        TooLittleHistory: there is not enough; it says what is needed.
        StoreError: the hours cannot be read.
    """
    span = reader.span() if reader.exists() else None
    if span is None:
        raise TooLittleHistory(0, "the hub has not kept an hour yet")
    first = max(span[0], span[1] - days * DAY_H + 1)
    kept_days = (span[1] - first + 1) / DAY_H
    if kept_days < LEAST_DAYS:
        raise TooLittleHistory(kept_days, "too few hours have been kept, or are asked for")
    streams, hours = reader.streams(), reader.history(first, span[1])
    counts, masked = _masked(hours.counts, streams, first, labels)
    posts = posts_of(streams)
    found = matrices(posts, hours.means, counts)
    left_out = {name: why for name, values in found.items() if (why := _flaw(values))}
    if len(left_out) == len(found):
        why = "; ".join(f"{name}: {reason}" for name, reason in left_out.items())
        raise TooLittleHistory(kept_days, why or "no device is judged by neighbours")
    return History(first, posts, {name: v for name, v in found.items() if name not in left_out}, left_out, masked)


def _masked(
    counts: NDArray[np.uint8], streams: Sequence[Judged], first: int, labels: Sequence[Label]
) -> tuple[NDArray[np.uint8], int]:
    """Return (counts with 0 where a person has said that the device lied, of how many hours of datastreams)."""
    kept = counts.copy()
    for label in labels:
        if label.subject_kind != "ticket" or label.outcome not in RIGHT["ticket"]:
            continue
        rows = [one.row for one in streams if one.device == label.subject and one.row < kept.shape[1]]
        begin = max(label.since_ms // HOUR_MS - first, 0)
        end = len(kept) if label.closed_ms is None else max(label.closed_ms // HOUR_MS - first + 1, 0)
        kept[begin:end, rows] = 0
    return kept, int(np.count_nonzero(kept != counts))


def _flaw(values: Floats) -> str:
    """Return why a property cannot be judged by neighbours, "" where it can."""
    there = np.count_nonzero(~np.isnan(values), axis=1)
    enough = int(np.count_nonzero(there >= LEAST_DAYS * DAY_H))
    if enough < _FEWEST:
        return f"{enough} devices have {LEAST_DAYS} days of hours, {_FEWEST} are needed"
    if not np.nanmedian(values) > 0:
        return "half of its values are not above 0"
    return ""


def learnt_on(history: History, budget: float, progress: Progress) -> Learnt:
    """Return thresholds, and what the last days leave when they are judged by them.

    Args:
        history: what to learn on.
        budget: false alarms that are accepted for each stream and month.
        progress: told what goes on.
    """
    positions, hours = history.posts.positions, history.hours
    times = (np.arange(history.first, history.first + hours) * HOUR_MS).astype("datetime64[ms]")
    progress(f"learning on {hours / DAY_H:.0f} days of {len(positions)} posts")
    thresholds = calibrate(history.values, times, positions, false_alarms_per_sensor_month=budget)
    begin = max(hours - _AGAIN_H, 0)
    past = begun(thresholds, positions, history.first + begin - 1)
    for at in range(begin, hours, _STRETCH_H):
        progress(f"judging the last days by them: {(at - begin) / DAY_H:.0f} of {(hours - begin) / DAY_H:.0f}")
        _, past = step(past, {name: v[:, at : at + _STRETCH_H] for name, v in history.values.items()}, thresholds)
    return Learnt(thresholds, past)


def labels_of(registry: Path) -> list[Label]:
    """Return what people said of leads and tickets; nothing when there is no registry.

    Raises:
        StoreError: it cannot be read.
    """
    if not registry.exists():
        return []
    engine = open_engine(URL.create("sqlite", database=str(registry)))
    try:
        return RegistryReader(engine).labels()
    finally:
        engine.dispose()
