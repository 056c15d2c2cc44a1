"""How often the checks speak of recorded air, and whether they find what is put into it.

    python bench checks             # -v also prints the first hours of every episode of FAIL

First, two years of hours at twelve stations as they are: episodes of SUSPECT and FAIL by check and property and
sensor-month of 30 days that has values; an episode ends after a day without a flag. The recorded devices have faults of
their own, so not all of these are false. Then 100 faults of each kind at random places and times: the share that is
found within 14 days, and after how long; a flag that the untouched twin bears does not count.
"""

import sys
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hub.quality import Series
from hub.quality.attenuated import Attenuated
from hub.quality.bottom import Bottom
from hub.quality.check import Flags, Floats
from hub.quality.clipping import Clipping
from hub.quality.consistency import Consistency
from hub.quality.oxidant import Oxidant
from hub.quality.settings import CheckSettings, default_checks, in_ms
from wire.properties import MOLAR_VOLUME_L, PROPERTIES
from wire.reading import Flag

sys.path.insert(0, str(Path(__file__).parents[1] / "faults"))
import air  # the recorded air of the bench beside this one

CHECKS: dict[str, Any] = {
    "attenuated": Attenuated,
    "bottom": Bottom,
    "clipping": Clipping,
    "consistency": Consistency,
    "oxidant": Oxidant,
}
DAY, MONTH = 24, 30 * 24
FEWEST = 5
TRIALS, BEFORE, AFTER = 100, 45 * DAY, 14 * DAY


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


class Trials(NamedTuple):
    """Windows at random stations and times: (TRIALS, BEFORE + AFTER) hours."""

    station: NDArray[np.int64]
    hour: NDArray[np.int64]

    def cut(self, values: Floats) -> Floats:
        """Return the windows of values of all stations."""
        hours = self.hour[:, None] + np.arange(-BEFORE, AFTER)
        return values[self.station[:, None], hours]


def found(check: Any, lying: Series, honest: Series) -> str:
    """Return shares and median delays of SUSPECT and FAIL."""
    flags, twin = (check(one, check.start(len(one.value)))[0][:, BEFORE:] for one in (lying, honest))
    words = []
    for level in (Flag.SUSPECT, Flag.FAIL):
        hit = (flags >= level) & (flags < Flag.MISSING) & ~((twin >= Flag.SUSPECT) & (twin < Flag.MISSING))
        delays = hit.argmax(axis=1)[hit.any(axis=1)]
        words.append(f"{len(delays) / len(hit):7.0%} {np.median(delays) if len(delays) else np.nan:5.0f} h")
    return "  ".join(words)


def injected(recorded: dict[str, Floats], settings: CheckSettings) -> None:
    """Print what is found of each kind of fault."""
    chance = np.random.default_rng(20260101)
    trials = Trials(chance.integers(0, len(air.STATIONS), TRIALS), chance.integers(BEFORE, air.HOURS - AFTER, TRIALS))
    values = {name: trials.cut(recorded[name]) for name in ("pm2_5", "pm10", "no2", "o3")}
    others = {name: trials.cut(background(recorded[name])) for name in values}
    time_ms = np.tile(air.TIMES[: BEFORE + AFTER].astype(np.int64), (TRIALS, 1))
    since = np.arange(-BEFORE, AFTER) >= 0
    pm = np.where(np.isnan(values["pm2_5"]), np.nan, values["pm2_5"])
    drop = np.where(since & (np.arange(-BEFORE, AFTER) < DAY), np.minimum(pm, 2 + chance.integers(0, 2, pm.shape)), pm)
    top = np.nanpercentile(pm, 70, axis=1, keepdims=True)
    middle = np.nanmedian(pm, axis=1, keepdims=True)
    ppb = {name: MOLAR_VOLUME_L / (PROPERTIES[name].molar_mass or 1) for name in ("no2", "o3")}
    total, sums = (sum(one[name] * ppb[name] for name in ppb) for one in (values, others))
    cases = {
        "drop-out to 2-3 for a day": ("bottom", drop, pm, others["pm2_5"]),
        "clipped at the 70th percentile": ("clipping", np.where(since, np.minimum(pm, top), pm), pm, others["pm2_5"]),
        "moves by 5 %": (
            "attenuated",
            np.where(since, np.round(middle + 0.05 * (pm - middle)), pm),
            pm,
            others["pm2_5"],
        ),
        "PM2.5 twice as high": ("consistency", np.where(since, 2 * pm, pm), pm, values["pm10"]),
        "PM10 at a half": ("consistency", pm, pm, np.where(since, 0.5 * values["pm10"], values["pm10"])),
        "NO2 60 ug/m3 too high": ("oxidant", np.where(since, total + 60 * ppb["no2"], total), total, sums),
        "O3 at a half": ("oxidant", np.where(since, total - 0.5 * values["o3"] * ppb["o3"], total), total, sums),
    }
    print(f"{'':32} check         SUSPECT         FAIL")
    for name, (kind, lying, honest, beside) in cases.items():
        honest_beside = values["pm10"] if kind == "consistency" else beside
        said = found(made(kind, settings), Series(time_ms, lying, beside), Series(time_ms, honest, honest_beside))
        print(f"{name:32} {kind:12} {said}")


def made(kind: str, settings: CheckSettings, prop: str = "pm2_5") -> Any:
    """Return a check with the program's settings of a property."""
    table = getattr(settings, kind)
    given = table if kind == "oxidant" else table["pm2_5_of_pm10" if kind == "consistency" else prop]
    stated: dict[str, Any] = {}
    for name in given.__struct_fields__:
        stated |= in_ms(name, getattr(given, name))
    return CHECKS[kind](**stated)


def main() -> None:
    """Print both tables."""
    recorded, settings = air.load(), default_checks()
    print(f"{'':28} months  SUSPECT     FAIL   values flagged")
    for kind in ("attenuated", "bottom", "clipping"):
        for prop in getattr(settings, kind):
            others = background(recorded[prop])
            told(f"{kind} {prop}", judged(made(kind, settings, prop), recorded[prop], others), recorded[prop], others)
    part, whole = recorded["pm2_5"], recorded["pm10"]
    told("consistency pm2_5 of pm10", judged(made("consistency", settings), part, whole), part, whole)
    ppb = {name: MOLAR_VOLUME_L / (PROPERTIES[name].molar_mass or 1) for name in ("no2", "o3")}
    total = sum(recorded[name] * ppb[name] for name in ppb)
    others = sum(background(recorded[name]) * ppb[name] for name in ppb)
    told("oxidant no2 + o3", judged(made("oxidant", settings), total, others), total, others)
    injected(recorded, settings)


if __name__ == "__main__":
    main()
