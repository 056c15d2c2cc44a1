"""What the instruments said against what the hub kept: two sets, and their differences."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

# A reading that was lost must not take the stored twin of the next one with the same value, which then takes the twin
# of the one after it, and so on to the wrong time: near partners find each other first.
_NEAREST_FIRST: Final = (1 / 64, 1 / 16, 1 / 4, 1)


@dataclass(frozen=True, slots=True)
class Readings:
    """Readings by (device, property), as the ledger or the store lists them.

    Attributes:
        series: str[n], "device/property".
        time_ms: int64[n].
        value: float64[n].
    """

    series: NDArray[np.str_]
    time_ms: NDArray[np.int64]
    value: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.series)

    def where(self, chosen: NDArray[np.bool_]) -> "Readings":
        """Return the readings that a mask of shape (n,) chooses."""
        return Readings(self.series[chosen], self.time_ms[chosen], self.value[chosen])


@dataclass(frozen=True, slots=True)
class Outage:
    """A gateway process that died: what was in flight to it just then is nobody's to keep.

    Attributes:
        devices: ids of the devices it was reading.
        died_ms: field time of its death.
        window_ms: how long before that a reading may have been on its way.
    """

    devices: frozenset[str]
    died_ms: int
    window_ms: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """The set differences.

    Attributes:
        made: readings in the ledger.
        stored: readings in the store.
        lost: in the ledger, not in the store, and not in flight when their gateway was killed.
        in_flight: left the instrument within the window before their gateway died, nothing later of theirs was stored.
        duplicates: in the store beyond the ledger: twice, or never made.
    """

    made: int
    stored: int
    lost: int
    in_flight: int
    duplicates: int

    def __add__(self, other: "Comparison") -> "Comparison":
        return Comparison(
            self.made + other.made,
            self.stored + other.stored,
            self.lost + other.lost,
            self.in_flight + other.in_flight,
            self.duplicates + other.duplicates,
        )


def read_ledger(path: Path) -> Readings:
    """Return the simulator's ledger; a torn last line (the simulator was killed while writing it) is left out.

    Args:
        path: tab-separated lines of device, property, UTC milliseconds, value.
    """
    text = path.read_text()
    rows = [line.split("\t") for line in text[: text.rfind("\n") + 1].splitlines()]
    return Readings(
        np.array([f"{row[0]}/{row[1]}" for row in rows], dtype=np.str_),
        np.array([row[2] for row in rows], dtype=np.int64),
        np.array([row[3] for row in rows], dtype=np.float64),
    )


def compare(ledger: Readings, store: Readings, tolerance_ms: int, outages: tuple[Outage, ...] = ()) -> Comparison:
    """Match readings of the same device, property and value, each stored one to one that was made shortly before it.

    Args:
        ledger: what the instruments sent, with the instruments' times.
        store: what the hub kept, with the gateways' times: from 1 ms before (rounding) to `tolerance_ms` after.
        tolerance_ms: what a reading may take from instrument to gateway.
        outages: gateway processes that were killed.
    """
    matched_made, matched_stored = _match(ledger, store, tolerance_ms)
    missing = np.flatnonzero(~matched_made)
    flying = sum(_in_flight(ledger, store, int(i), outages) for i in missing)
    doubled = int(np.count_nonzero(~matched_stored))
    return Comparison(len(ledger), len(store), len(missing) - flying, flying, doubled)


def _match(ledger: Readings, store: Readings, tolerance_ms: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which readings of either side have a partner; within a (series, value) group order decides."""
    n = len(ledger)
    series = np.unique(np.concatenate([ledger.series, store.series]), return_inverse=True)[1]
    value = np.unique(np.round(np.concatenate([ledger.value, store.value]), 6), return_inverse=True)[1]
    group = series.astype(np.int64) * (int(value.max(initial=0)) + 1) + value
    made, kept = np.zeros(n, np.bool_), np.zeros(len(store), np.bool_)
    left = np.lexsort((ledger.time_ms, group[:n]))
    right = np.lexsort((store.time_ms, group[n:]))
    if np.array_equal(group[:n][left], group[n:][right]):
        wait = store.time_ms[right] - ledger.time_ms[left]
        if np.all((wait >= -1) & (wait <= tolerance_ms)):
            made[:], kept[:] = True, True
            return made, kept
    # Something differs. Most find a partner when the earliest possible ones are taken; who is left over is told best
    # when near partners find each other first, which now and then leaves out a pair.
    near, most = (_in_rounds(ledger, store, group, (left, right), tolerance_ms, s) for s in (_NEAREST_FIRST, (1.0,)))
    return near if near[0].sum() >= most[0].sum() else most


def _in_rounds(
    ledger: Readings,
    store: Readings,
    group: NDArray[np.int64],
    order: tuple[NDArray[np.int64], NDArray[np.int64]],
    tolerance_ms: int,
    shares: Sequence[float],
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Match in rounds, each with a share of the tolerance; what the rounds before have left over takes part."""
    n = len(ledger)
    made, kept = np.zeros(n, np.bool_), np.zeros(len(store), np.bool_)
    for share in shares:
        a, b = order[0][~made[order[0]]], order[1][~kept[order[1]]]
        one, other = _pairs(ledger.time_ms[a], group[:n][a], store.time_ms[b], group[n:][b], int(share * tolerance_ms))
        made[a[one]], kept[b[other]] = True, True
    return made, kept


def _pairs(
    made_ms: NDArray[np.int64],
    made_group: NDArray[np.int64],
    kept_ms: NDArray[np.int64],
    kept_group: NDArray[np.int64],
    tolerance_ms: int,
) -> tuple[list[int], list[int]]:
    """Walk both sides, ordered by group and time, and return which belong together: the earliest possible partners."""
    pairs: tuple[list[int], list[int]] = ([], [])
    i = j = 0
    while i < len(made_ms) and j < len(kept_ms):
        order = int(made_group[i] - kept_group[j]) or _order(int(kept_ms[j] - made_ms[i]), tolerance_ms)
        if order == 0:
            pairs[0].append(i)
            pairs[1].append(j)
        i += order <= 0
        j += order >= 0
    return pairs


def _order(wait_ms: int, tolerance_ms: int) -> int:
    if wait_ms < -1:
        return 1
    return -1 if wait_ms > tolerance_ms else 0


def _in_flight(ledger: Readings, store: Readings, index: int, outages: tuple[Outage, ...]) -> bool:
    series, time_ms = ledger.series[index], int(ledger.time_ms[index])
    device = str(series).split("/", 1)[0]
    for outage in outages:
        if device in outage.devices and outage.died_ms - outage.window_ms <= time_ms <= outage.died_ms:
            later = (store.series == series) & (store.time_ms > time_ms) & (store.time_ms <= outage.died_ms)
            return not later.any()
    return False
