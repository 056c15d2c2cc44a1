"""Draw faults that were found and faults that were missed, on recorded air: what a person would look at.

    python bench/faults/plots.py FOLDER [--seed N]

Needs matplotlib (`.venv/bin/uv pip install matplotlib`), which nothing else of the project does. Each picture shows the
device's values as recorded and as broken, its neighbours, the onset, and the verdict. The cases are the
first that a seed gives, none is chosen by eye: one of a window, one found and two missed of a kind at most.
"""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from air import POSITIONS, STATIONS, TIMES, Floats, load
from injection import FAULTS, PLUME, inject
from protocol import SEED, WARM_UP, WINDOW, YEAR, Setting, setting

from hub.quality import Cause, Verdict, replay

EACH: Final = 10
KINDS: Final = (*FAULTS, PLUME)
# Hours that are shown before the onset, and after the verdict or, when there is none, the horizon.
BEFORE: Final = 96
AFTER: Final = 60
TRIES: Final = 60
BEIJING: Final = np.timedelta64(8, "h")
RED, GREY, BLUE, INK = "#b3261e", "#b8bec4", "#1c6ca1", "#263238"


@dataclass(frozen=True)
class Case:
    """One injection and what was said of it.

    Attributes:
        kind, station, begin: what, at which station, first hour of its window.
        recorded, broken: (t,) the property as it was and with the fault.
        around: (k, t) of the nearest stations.
        horizon: hours in which it counts.
        alarms: (hour of the window, cause) of each alarm of the device from the onset on, those of the twin left out.
    """

    kind: str
    station: int
    begin: int
    recorded: Floats
    broken: Floats
    around: Floats
    horizon: int
    alarms: tuple[tuple[int, Cause], ...]

    @property
    def found(self) -> bool:
        """Whether the right thing was said: an alarm for a fault, none for a plume."""
        return bool(self.alarms) != (self.kind == PLUME)


def main(words: Sequence[str] | None = None) -> None:
    """Draw ten of each."""
    parser = argparse.ArgumentParser(prog="plots", description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=7)
    asked = parser.parse_args(words)
    asked.folder.mkdir(parents=True, exist_ok=True)
    found, missed = _chosen(cases(setting(load(), "pm2_5", "test", 0.1), asked.seed))
    for name, chosen in (("found", found), ("missed", missed)):
        for number, case in enumerate(chosen, 1):
            path = asked.folder / f"{name}-{number:02}.png"
            _draw(case, path)
            print(f"{path.name}: {_title(case)}")


def _chosen(drawn: Iterator[Case]) -> tuple[list[Case], list[Case]]:
    """Return ten found, each of another kind, and ten missed, two of a kind at most; a window gives one of either."""
    chosen: dict[bool, list[Case]] = {True: [], False: []}
    for case in drawn:
        mine = chosen[case.found]
        wanted = sum(one.kind == case.kind for one in mine) < (1 if case.found else 2)
        if len(mine) < EACH and wanted and all(one.begin != case.begin for one in mine):
            mine.append(case)
        if all(len(cases) == EACH for cases in chosen.values()):
            break
    return chosen[True], chosen[False]


def cases(here: Setting, seed: int) -> Iterator[Case]:
    """Yield every kind of fault in one random window after the other, 720 at most."""
    chance = np.random.default_rng([SEED, seed, 2])
    for _ in range(TRIES):
        station = int(chance.integers(len(POSITIONS)))
        begin = YEAR + int(chance.integers(0, YEAR - WINDOW))
        air = {name: value[:, begin : begin + WINDOW] for name, value in here.values.items()}
        if np.isnan(air["pm2_5"][station, WARM_UP : WARM_UP + 24]).sum() > 6:
            continue
        twin = _verdict(here, air, begin)
        for kind in KINDS:
            yield _case(here, air, (station, begin), twin, (kind, chance))


def _verdict(here: Setting, air: Mapping[str, Floats], begin: int) -> Verdict:
    return replay(air, TIMES[begin : begin + WINDOW], POSITIONS, here.thresholds)["pm2_5"]


def _case(
    here: Setting,
    air: Mapping[str, Floats],
    place: tuple[int, int],
    twin: Verdict,
    drawn: tuple[str, np.random.Generator],
) -> Case:
    (station, begin), (kind, chance) = place, drawn
    injected = inject(kind, air["pm2_5"][station], air["pm10"][station], WARM_UP, chance)
    changed = {name: value.copy() for name, value in air.items()}
    changed["pm2_5"][station] = injected.value
    if injected.pm10 is not None:
        changed["pm10"][station] = injected.pm10
    verdict = _verdict(here, changed, begin)
    known = np.convolve(twin.alarm[station], np.ones(49), mode="same") > 0.5
    steps = np.flatnonzero(verdict.alarm[station] & ~known)
    inside = steps[(steps >= WARM_UP) & (steps < WARM_UP + injected.horizon)]
    away = np.hypot(*((POSITIONS - POSITIONS[station]) * (0.77, 1.0)).T)
    return Case(
        kind,
        station,
        begin,
        air["pm2_5"][station],
        injected.value,
        air["pm2_5"][np.argsort(away)[1:7]],
        injected.horizon,
        tuple((int(step), Cause(verdict.cause[station, step])) for step in inside),
    )


def _title(case: Case) -> str:
    name = list(STATIONS)[case.station]
    if case.kind == PLUME:
        said = f"called {case.alarms[0][1].name.lower()}" if case.alarms else "no alarm"
    elif case.alarms:
        step, cause = case.alarms[0]
        said = f"{cause.name.lower()} after {step - WARM_UP} h"
    else:
        said = f"nothing within {case.horizon} h"
    onset = TIMES[case.begin + WARM_UP] + BEIJING
    return f"{case.kind} at {name}, {str(onset)[:13].replace('T', ' ')} h: {said}"


def _draw(case: Case, path: Path) -> None:
    from matplotlib import pyplot as plt  # noqa: PLC0415  # only who draws needs it

    plt.rcParams |= {"font.size": 9}
    last = case.alarms[0][0] - WARM_UP if case.alarms else case.horizon
    span = slice(WARM_UP - BEFORE, min(WARM_UP + min(last, case.horizon) + AFTER, WINDOW))
    hours = np.arange(span.start, span.stop) - WARM_UP
    figure, axes = plt.subplots(figsize=(7.2, 2.2), layout="constrained")
    for index, neighbour in enumerate(case.around):
        axes.plot(hours, neighbour[span], color=GREY, lw=0.7, label="six nearest" if index == 0 else None)
    axes.plot(hours, case.recorded[span], color=BLUE, lw=1, label="as recorded")
    axes.plot(hours, case.broken[span], color=RED, lw=1, label="with the fault" if case.kind != PLUME else "with plume")
    axes.axvline(0, color=INK, lw=0.8, ls=":")
    for step, cause in case.alarms[:1]:
        axes.axvline(step - WARM_UP, color=RED, lw=1)
        above = axes.get_xaxis_transform()
        axes.text(step - WARM_UP, 1, f" {cause.name.lower()}", transform=above, va="top", color=RED)
    _furnish(axes, case)
    figure.savefig(path, dpi=90)
    plt.close(figure)


def _furnish(axes: Any, case: Case) -> None:
    axes.set_title(_title(case), loc="left", fontsize=9)
    axes.set_xlabel("hours since the onset")
    axes.set_ylabel("PM2.5, µg/m³")
    axes.legend(fontsize=7, frameon=False, loc="upper left", ncols=3)
    axes.margins(x=0)
    axes.set_ylim(bottom=0)
    axes.spines[["top", "right"]].set_visible(False)


if __name__ == "__main__":
    main()
