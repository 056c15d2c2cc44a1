"""The wind that belongs to the recorded air, for the weeks that are judged (see README.md beside this file)."""

import csv
import lzma
import math
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SLICE: Final = Path(__file__).with_name("wind.i16.xz")
SECTORS: Final = ("N", "NNE", "NE", "ENE", "E", "ESE", "SE", "SSE", "S", "SSW", "SW", "WSW", "W", "WNW", "NW", "NNW")
# First and last hour of the record (0 is 2013-03-01 00:00, Asia/Shanghai) of the weeks that are kept.
KEPT: Final = ((7_968, 8_759), (16_104, 17_519))


def load(stations: int, hours: int) -> Floats:
    """Return float64 (2, stations, hours): m/s east and north towards where the wind comes from, NaN where unknown."""
    found = np.full((2, stations, hours), np.nan)
    packed = np.frombuffer(lzma.decompress(SLICE.read_bytes()), "<i2").reshape(2, stations, -1)
    at = np.concatenate([np.arange(first, last + 1) for first, last in KEPT])
    found[:, :, at] = np.where(packed == np.iinfo(np.int16).min, np.nan, packed / 100)
    return found


def cut(folder: Path, stations: tuple[str, ...]) -> None:
    """Write the slice from a folder that holds the PRSA_Data_<station>_*.csv files, in 0.01 m/s."""
    packed = np.full((2, len(stations), 17_520), np.iinfo(np.int16).min, "<i2")
    for station, name in enumerate(stations):
        with next(folder.glob(f"PRSA_Data_{name}_*.csv")).open(encoding="utf-8", newline="") as lines:
            for line in csv.DictReader(lines):
                if line["wd"] in SECTORS and line["WSPM"] not in {"", "NA"}:
                    turn = math.radians(22.5 * SECTORS.index(line["wd"]))
                    speed = 100 * float(line["WSPM"])
                    packed[:, station, int(line["No"]) - 1] = (
                        round(speed * math.sin(turn)),
                        round(speed * math.cos(turn)),
                    )
    at = np.concatenate([np.arange(first, last + 1) for first, last in KEPT])
    SLICE.write_bytes(lzma.compress(packed[:, :, at].tobytes(), preset=9 | lzma.PRESET_EXTREME))
