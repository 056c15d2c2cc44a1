"""Cuts the shipped slice out of the full PRSA files: `python -m firmware_sim.cut FOLDER > beijing_2015_01.csv`."""

import csv
import sys
from pathlib import Path

FIRST, LAST = "2015-01-06T00", "2015-01-10T12"
COLUMNS = ("PM2.5", "PM10", "NO2", "O3", "WSPM", "wd")


def rows(folder: Path) -> list[list[str]]:
    """Return the slice's rows in order of time (Asia/Shanghai) and station; missing values are empty."""
    kept = []
    for path in sorted(folder.glob("PRSA_Data_*.csv")):
        with path.open(newline="") as file:
            for row in csv.DictReader(file):
                time = f"{row['year']}-{int(row['month']):02}-{int(row['day']):02}T{int(row['hour']):02}"
                if FIRST <= time <= LAST:
                    kept.append([time, row["station"], *("" if row[c] == "NA" else row[c] for c in COLUMNS)])
    return sorted(kept)


if __name__ == "__main__":
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(["time", "station", "pm2_5", "pm10", "no2", "o3", "wind_speed", "wind_sector"])
    out.writerows(rows(Path(sys.argv[1])))
