"""Which streams of one station are held against each other: parts and wholes, and NO2 with O3."""

from collections.abc import Iterator
from itertools import product
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hub.network import PROPERTY_INDEX, Network
from hub.quality.check import Flags, Floats, Ints
from wire.properties import MOLAR_VOLUME_L, PROPERTIES
from wire.reading import Flag

# One of two is the liar when its ratio to its neighbours is off by so much more than the other's: a quarter.
APART: Final = 0.22


class Law(NamedTuple):
    """Two sums of properties: of the first no air has more than of the second; or of one sum alone.

    Attributes:
        part, whole: up to two properties each.
        amounts: whether both are counted by amount of substance, in ppb, rather than in their unit.
    """

    part: tuple[str, ...]
    whole: tuple[str, ...]
    amounts: bool = False


LAWS: Final[dict[str, Law]] = {
    "pm2_5_of_pm10": Law(("pm2_5",), ("pm10",)),
    "no_of_nox": Law(("no",), ("nox",), amounts=True),
    "no2_of_nox": Law(("no2",), ("nox",), amounts=True),
    "nox_of_no_no2": Law(("nox",), ("no", "no2"), amounts=True),
}
OXIDANT: Final[dict[str, Law]] = {"oxidant": Law(("no2", "o3"), (), amounts=True)}


class Pairs(NamedTuple):
    """Sums of streams of one station; a pair keeps its place when the network grows.

    Attributes:
        law: int64[p], index into the laws.
        rows: int64[p, 4]: two of the part, two of the whole; the number of streams where there is none.
        scale: float64[p, 4], what a unit of each counts.
    """

    law: Ints
    rows: Ints
    scale: Floats

    def __len__(self) -> int:
        return len(self.law)

    def sums(self, values: Floats) -> tuple[Floats, Floats]:
        """Return (part, whole), float64[p], of values float64[n]; NaN where one of them is missing."""
        known, rows = np.append(values, 0.0), self.rows
        part, whole = (known[rows[:, at]] * self.scale[:, at] for at in (0, 2))
        for at, total in ((1, part), (3, whole)):
            second = np.flatnonzero(rows[:, at] < len(values))
            if second.size:
                total[second] += known[rows[second, at]] * self.scale[second, at]
        return part, whole

    def blamed(self, flags: Flags, values: Floats, near: Floats) -> Flags:
        """Return uint8[n]: the flags of SUSPECT and FAIL pairs for the streams that may lie, UNKNOWN for all others.

        Where the neighbours tell, it is the one stream of the pair that is farthest from them; else all of it.

        Args:
            flags: uint8[p].
            values: float64[n], the newest.
            near: float64[n], what the neighbours have.
        """
        result = np.full(len(values) + 1, Flag.UNKNOWN, np.uint8)
        bad = np.flatnonzero(flags >= Flag.SUSPECT)
        if bad.size:
            rows = self.rows[bad]
            blame = (rows < len(values)) & (~_decided(away := self._away(rows, values, near)) | _farthest(away))
            np.maximum.at(result, rows[blame], np.repeat(flags[bad, None], 4, axis=1)[blame])
        return result[:-1]

    @staticmethod
    def _away(rows: Ints, values: Floats, near: Floats) -> Floats:
        """Return float64[k, 4]: how far each stream is from its neighbours, as a logarithm; below 0 for no stream."""
        with np.errstate(invalid="ignore"):
            ratio = np.log(np.maximum(values, 1.0) / np.maximum(near, 1.0))
        return np.append(np.abs(ratio), -1.0)[rows]


def pairs_of(network: Network, laws: dict[str, Law]) -> Pairs:
    """Return what the laws hold against each other at every station, each device with each; the newest stream last."""
    n, found = len(network), []
    for index, law in enumerate(laws.values()):
        for rows in _together(network, (*law.part, *law.whole)):
            part, whole = rows[: len(law.part)], rows[len(law.part) :]
            found.append((max(rows), index, (*part, *[n] * (2 - len(part)), *whole, *[n] * (2 - len(whole)))))
    found.sort()
    table = np.array([filled for _, _, filled in found], np.int64).reshape(-1, 4)
    which = np.array([index for _, index, _ in found], np.int64)
    amounts = np.array([law.amounts for law in laws.values()], np.bool_)[which]
    ppb = np.append(_amounts()[network.property], 1.0)[table]
    return Pairs(which, table, np.where(amounts[:, None], ppb, 1.0))


def _together(network: Network, names: tuple[str, ...]) -> Iterator[tuple[int, ...]]:
    """Yield the rows of these properties at each station that has all of them."""
    at: dict[int, list[list[int]]] = {}
    for place, name in enumerate(names):
        for row in np.flatnonzero(network.property == PROPERTY_INDEX[name]).tolist():
            at.setdefault(int(network.station[row]), [[] for _ in names])[place].append(row)
    for rows in at.values():
        yield from product(*rows)


def _amounts() -> Floats:
    """Return float64[properties]: ppb in a unit of each gas at the reference state of GB 3095-2026, 1 of others."""
    return np.array([MOLAR_VOLUME_L / p.molar_mass if p.molar_mass else 1.0 for p in PROPERTIES.values()])


def _farthest(away: Floats) -> NDArray[np.bool_]:
    return np.asarray(away == away.max(axis=1, keepdims=True), np.bool_)


def _decided(away: Floats) -> NDArray[np.bool_]:
    """Return bool[k, 1]: whether one stands out by APART; never with a stream whose neighbours are silent."""
    ordered = np.sort(away, axis=1)  # NaN last
    return np.asarray((ordered[:, -1] - ordered[:, -2] > APART)[:, None], np.bool_)
