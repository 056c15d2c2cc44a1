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
from hub.past import Kit, Learnt, begun, step
from hub.quality import calibrate
from hub.registry.engine import open_engine
from hub.registry.reading import RegistryReader
from hub.store.hours import HourReader

Floats = NDArray[np.float64]
Progress = Callable[[str], None]

DAY_H: Final = 24
# `calibrate` refuses less; with less than the second, one fault of the history weighs much.
LEAST_DAYS: Final = 10
GOOD_DAYS: Final = 60
# A property that fewer posts measure for so long has no neighbours to be judged by.
_FEWEST: Final = 3
# What is judged again with the new thresholds, so that the hub goes on from it: fading means reach back weeks.
_AGAIN_H: Final = 60 * DAY_H
_STRETCH_H: Final = 168
# Properties are witnesses of each other where half of the posts that measure either measure both.
_ALIKE: Final = 0.5
# Seconds of one processor that a million values take, about.
_MILLION_S: Final = 5.0


class Part(NamedTuple):
    """The history of properties that much the same stations measure.

    Attributes:
        posts: where their devices stand.
        values: float64 (posts, t) by property; NaN where missing, or where a person has said that the device lied.
        recent: the last of these hours as they were, lies and all: a fault that lasts has to be seen lasting.
    """

    posts: Posts
    values: Mapping[str, Floats]
    recent: Mapping[str, Floats]


class History(NamedTuple):
    """What is learnt on.

    Attributes:
        first: hour since 1970.
        hours: how many.
        parts: every property is in one.
        left_out: by property why it is not judged.
        masked_h: hours of datastreams that were taken out because people said so.
    """

    first: int
    hours: int
    parts: tuple[Part, ...]
    left_out: Mapping[str, str]
    masked_h: int

    def values(self) -> dict[str, Floats]:
        """Return all values by property."""
        return {name: values for part in self.parts for name, values in part.values.items()}


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
    hours = span[1] - first + 1
    if hours < LEAST_DAYS * DAY_H:
        raise TooLittleHistory(hours / DAY_H, "too few hours have been kept, or are asked for")
    streams, kept = reader.streams(), reader.history(first, span[1])
    counts, masked = _masked(kept.counts, streams, first, labels)
    found = matrices(posts_of(streams), kept.means, counts)
    left_out = {name: why for name, values in found.items() if (why := _flaw(values))}
    parts = []
    for names in alike({name: _there(values) for name, values in found.items() if name not in left_out}):
        posts = posts_of([stream for stream in streams if stream.property in names])
        recent = matrices(posts, kept.means[-_AGAIN_H:], kept.counts[-_AGAIN_H:])
        parts.append(Part(posts, matrices(posts, kept.means, counts), recent))
    if not parts:
        why = "; ".join(f"{name}: {reason}" for name, reason in left_out.items())
        raise TooLittleHistory(hours / DAY_H, why or "no device is judged by neighbours")
    return History(first, hours, tuple(parts), left_out, masked)


def alike(there: Mapping[str, NDArray[np.bool_]]) -> list[set[str]]:
    """Return properties in groups: those that much the same posts measure can witness for each other.

    What few posts measure is judged apart from what many do, so that its neighbours are those that measure it.

    Args:
        there: bool (posts,) by property, whether it is measured.
    """
    groups: list[tuple[set[str], NDArray[np.bool_]]] = []
    for name in sorted(there, key=lambda one: (-np.count_nonzero(there[one]), one)):
        shares = [np.count_nonzero(there[name] & every) / np.count_nonzero(there[name] | every) for _, every in groups]
        if shares and max(shares) >= _ALIKE:
            names, every = groups[int(np.argmax(shares))]
            names.add(name)
            every |= there[name]
        else:
            groups.append(({name}, there[name].copy()))
    return [names for names, _ in groups]


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


def _there(values: Floats) -> NDArray[np.bool_]:
    """Return bool (posts,), which have measured for long enough."""
    return np.asarray(np.count_nonzero(~np.isnan(values), axis=1) >= LEAST_DAYS * DAY_H)


def _flaw(values: Floats) -> str:
    """Return why a property cannot be judged by neighbours, "" where it can."""
    enough = int(np.count_nonzero(_there(values)))
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
    return Learnt(tuple(_kit(history, part, budget, progress) for part in history.parts))


def _kit(history: History, part: Part, budget: float, progress: Progress) -> Kit:
    positions, hours, values = part.posts.positions, history.hours, part.values
    times = (np.arange(history.first, history.first + hours) * HOUR_MS).astype("datetime64[ms]")
    millions = sum(array.size for array in values.values()) / 1e6
    progress(
        f"{', '.join(values)}: learning on {hours / DAY_H:.0f} days of {len(positions)} posts, "
        f"some {millions * _MILLION_S:.0f} s"
    )
    thresholds = calibrate(values, times, positions, false_alarms_per_sensor_month=budget)
    again = min(hours, _AGAIN_H)
    past = begun(thresholds, positions, history.first + hours - again - 1)
    for at in range(0, again, _STRETCH_H):
        progress(f"judging the last days by it: {at / DAY_H:.0f} of {again / DAY_H:.0f}")
        stretch = {name: array[:, at : at + _STRETCH_H] for name, array in part.recent.items()}
        _, past = step(past, stretch, thresholds)
    return Kit(thresholds, past)


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
