"""How often the checks speak of recorded air: two years of hours at twelve stations, nothing injected.

    python bench checks

By check and property: episodes, SUSPECT and FAIL, by sensor-month of 30 days that has values; an episode ends after a
day without a flag. The recorded devices have faults of their own, so not all of these are false.
"""

import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hub.quality import Series
from hub.quality.attenuated import Attenuated
from hub.quality.bottom import Bottom
from hub.quality.check import Flags, Floats
from hub.quality.clipping import Clipping
from hub.quality.consistency import Consistency
from hub.quality.oxidant import Oxidant
from hub.quality.settings import default_checks, in_ms
from wire.properties import MOLAR_VOLUME_L, PROPERTIES
from wire.reading import Flag

sys.path.insert(0, str(Path(__file__).parents[1] / "faults"))
import air  # the recorded air of the bench beside this one

CHECKS: dict[str, Any] = {"attenuated": Attenuated, "bottom": Bottom, "clipping": Clipping}
DAY, MONTH = 24, 30 * 24
FEWEST = 5


def background(values: Floats) -> Floats:
    """Return float64 (n, k): the median of the other stations, NaN with less than FEWEST."""
    found = np.full(values.shape, np.nan)
    for row in range(len(values)):
        others = np.delete(values, row, axis=0)
        enough = np.count_nonzero(~np.isnan(others), axis=0) >= FEWEST
        found[row, enough] = np.nanmedian(others[:, enough], axis=0)
    return found


def judged(check: Any, values: Floats, others: Floats) -> Flags:
    """Return the flags of all hours."""
    time_ms = np.tile(air.TIMES.astype(np.int64), (len(values), 1))
    flags: Flags = check(Series(time_ms, values, others), check.start(len(values)))[0]
    return flags


def episodes(bad: NDArray[np.bool_]) -> list[tuple[int, int, int]]:
    """Return (station, first hour, hours flagged) of every episode."""
    found = []
    for station, row in enumerate(bad):
        hours = np.flatnonzero(row)
        runs = np.split(hours, np.flatnonzero(np.diff(hours) > DAY) + 1) if hours.size else []
        found += [(station, int(run[0]), len(run)) for run in runs]
    return found


def told(name: str, flags: Flags, values: Floats, others: Floats) -> None:
    """Print a line, and with `-v` each episode of FAIL."""
    months = np.count_nonzero(flags != Flag.MISSING) / MONTH
    suspect, fail = (episodes((flags >= level) & (flags < Flag.MISSING)) for level in (Flag.SUSPECT, Flag.FAIL))
    shares = f"{len(suspect) / months:8.3f} {len(fail) / months:8.3f}"
    print(f"{name:28} {months:6.0f} {shares} {np.isin(flags, [3, 4]).mean() * 100:8.2f} %")
    if "-v" in sys.argv:
        for station, hour, count in fail:
            hours = slice(max(hour - 7, 0), hour + 1)
            print(f"    {list(air.STATIONS)[station]} {air.TIMES[hour]} {count} h {values[station, hours]}")
            print(f"      neighbours {others[station, hours]}")


def main() -> None:
    """Print the table."""
    recorded, settings = air.load(), default_checks()
    print(f"{'':28} months  SUSPECT     FAIL   values flagged")
    for name, kind in CHECKS.items():
        for prop, given in getattr(settings, name).items():
            check = kind(**{k: v for f in given.__struct_fields__ for k, v in in_ms(f, getattr(given, f)).items()})
            others = background(recorded[prop])
            told(f"{name} {prop}", judged(check, recorded[prop], others), recorded[prop], others)
    law = settings.consistency["pm2_5_of_pm10"]
    check = Consistency(law.share, law.slack, law.suspect, law.fail, law.fail_min * 60_000)
    part, whole = recorded["pm2_5"], recorded["pm10"]
    told("consistency pm2_5 of pm10", judged(check, part, whole), part, whole)
    ppb = {name: MOLAR_VOLUME_L / (PROPERTIES[name].molar_mass or 1) for name in ("no2", "o3")}
    total = sum(recorded[name] * ppb[name] for name in ppb)
    others = sum(background(recorded[name]) * ppb[name] for name in ppb)
    ox = settings.oxidant
    assert ox is not None
    oxidant = Oxidant(ox.off, ox.off_share, ox.suspect, ox.fail, ox.fail_min * 60_000, ox.memory, ox.enough)
    told("oxidant no2 + o3", judged(oxidant, total, others), total, others)


if __name__ == "__main__":
    main()
