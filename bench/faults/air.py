"""Recorded air: six pollutants of 12 stations of Beijing, two years of hours (see README.md beside this file)."""

import csv
import lzma
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SLICE: Final = Path(__file__).with_name("beijing_2013_2015.i16.xz")
PROPERTIES: Final = {"pm2_5": "PM2.5", "pm10": "PM10", "so2": "SO2", "no2": "NO2", "co": "CO", "o3": "O3"}
HOURS: Final = 17_520
BEGIN: Final = np.datetime64("2013-02-28T16:00", "ms")
# Longitude, latitude (WGS-84), about 0.01 degrees accurate.
STATIONS: Final = {
    "Aotizhongxin": (116.397, 39.982),
    "Changping": (116.230, 40.217),
    "Dingling": (116.220, 40.292),
    "Dongsi": (116.417, 39.929),
    "Guanyuan": (116.339, 39.929),
    "Gucheng": (116.184, 39.914),
    "Huairou": (116.628, 40.328),
    "Nongzhanguan": (116.461, 39.937),
    "Shunyi": (116.655, 40.127),
    "Tiantan": (116.407, 39.886),
    "Wanliu": (116.287, 39.987),
    "Wanshouxigong": (116.352, 39.878),
}
POSITIONS: Final = np.array(list(STATIONS.values()))
TIMES: Final = BEGIN + np.arange(HOURS) * np.timedelta64(3_600_000, "ms")


def load() -> dict[str, Floats]:
    """Return float64 (12, 17520) by property, ug/m3, NaN where missing."""
    packed = np.frombuffer(lzma.decompress(SLICE.read_bytes()), "<i2").reshape(len(PROPERTIES), len(STATIONS), HOURS)
    return {name: np.where(packed[row] < 0, np.nan, packed[row]) for row, name in enumerate(PROPERTIES)}


def cut(folder: Path) -> None:
    """Write the slice from a folder that holds the PRSA_Data_<station>_*.csv files, rounded to whole ug/m3."""
    packed = np.full((len(PROPERTIES), len(STATIONS), HOURS), -1, "<i2")
    for station, name in enumerate(STATIONS):
        with next(folder.glob(f"PRSA_Data_{name}_*.csv")).open(encoding="utf-8", newline="") as lines:
            for line in csv.DictReader(lines):
                for row, column in enumerate(PROPERTIES.values()):
                    if line[column] not in {"", "NA"}:
                        packed[row, station, int(line["No"]) - 1] = round(float(line[column]))
    SLICE.write_bytes(lzma.compress(packed.tobytes(), preset=9 | lzma.PRESET_EXTREME))
