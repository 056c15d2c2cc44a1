"""Whether what is said to be seen is seen: sources of the simulator's physics, through the whole judgement.

python bench/blind_spots/run.py [--settings N] [--trials N]

A setting is a zone of 30 stations, two of them silent, under one wind and one haze; each trial puts one source into it.
The plume is the simulator's (`firmware_sim.plume`), which knows nothing of the hub's; the true wind is off the measured
one, and gusts turn it every minute.
"""

import argparse
import copy
import math
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

from firmware_sim.plane import Point
from firmware_sim.plume import Source, Wind
from hub import pipeline
from hub.area.blind_spots import PROBABILITY, Cells, Eyes, Reason, probability_of, required, strength_of
from hub.area.possible import deviation_rad
from hub.bindings import Bindings, bind
from hub.model import EXCESSES, MINUTE_MS, Area, Datastream, Station
from hub.network import build_network
from hub.panel import Panel, Readings

Floats = NDArray[np.float64]
BEGIN: Final = 29_672_160
WARM_MIN, LASTS_MIN = 240, 30
SPACING_M, SIDE_M, DEPTH_M = 1_000.0, 250.0, 20.0
# Of a minute's value, of a device for good, and of the wind in a minute.
NOISE, GAIN, GUST_DEG = 0.04, 0.08, 6.0
SILENT: Final = (7, 16)
BINS: Final = (0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0)


class Setting(NamedTuple):
    """A zone that has been judged for four hours, and the wind that it measures."""

    bindings: Bindings
    panel: Panel
    state: pipeline.State
    air: Floats
    speed: float
    direction: float
    chance: np.random.Generator


class Trial(NamedTuple):
    """How likely it was said to be that a source is seen, how strong it was against the figure, and whether it was."""

    said: float
    ratio: float
    seen: bool


def main(words: Sequence[str] | None = None) -> None:
    """Print the table of reliability."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--settings", type=int, default=12)
    parser.add_argument("--trials", type=int, default=60)
    chosen = parser.parse_args(words)
    found = [trial for seed in range(chosen.settings) for trial in _trials(_setting(seed), chosen.trials)]
    said, seen = np.array([one.said for one in found]), np.array([one.seen for one in found])
    print("| said to be seen with | sources | said | seen |\n|---|---|---|---|")
    for low, high in pairwise(BINS):
        inside = (said >= low) & ((said < high) | (high == 1.0))
        if inside.any():
            print(
                f"| {low:.1f} to {high:.1f} | {inside.sum()} | {said[inside].mean():.2f} | {seen[inside].mean():.2f} |"
            )
    exact = np.array([one.ratio == 1.0 for one in found])
    error = math.sqrt(0.16 / max(exact.sum(), 1))
    print(f"\nat the stated strength: {seen[exact].mean():.2f} of {exact.sum()} seen (0.80 was said; +- {error:.2f})")


def _setting(seed: int) -> Setting:
    chance = np.random.default_rng([20260101, seed])
    east, north = np.meshgrid(SPACING_M * (np.arange(6) - 2.5), SPACING_M * (np.arange(5) - 2.0))
    at = np.column_stack([east.ravel(), north.ravel()]) + chance.normal(0, 150.0, (30, 2))
    degrees = np.array([116.5, 39.8]) + at / (111_195.0 * np.array([math.cos(math.radians(39.8)), 1.0]))
    stations = [Station(f"s{i}", "micro_station", "", "", x, y, "gw") for i, (x, y) in enumerate(degrees.tolist())]
    listed = [(s.id, "pm2_5", "ug/m3") for s in stations] + [
        ("s0", "wind_speed", "m/s"),
        ("s0", "wind_direction", "deg"),
    ]
    streams = [
        Datastream(f"{s}/{s}-{p}/{p}", row, s, f"{s}-{p}", p, unit, 60.0) for row, (s, p, unit) in enumerate(listed)
    ]
    area = Area("a", "enterprise", "a", "a", (), shapely.box(116.499, 39.799, 116.501, 39.801))
    bindings, panel = bind(build_network(stations, streams, [area]), BEGIN), Panel()
    panel.grow(bindings.network.averaging, bindings.network.moving)
    level, speed, direction = chance.uniform(15, 150), chance.uniform(1.7, 2.8), chance.uniform(0, 360)
    gain = np.exp(GAIN * chance.standard_normal(30))
    minutes = np.arange(WARM_MIN + LASTS_MIN)
    air = level * (1 + 0.3 * np.sin(minutes / 90 + chance.uniform(0, 6)))[None, :] * gain[:, None]
    setting = Setting(bindings, panel, pipeline.start(bindings), air, speed, direction, chance)
    for minute in range(WARM_MIN):
        setting = _judged(setting, minute, np.zeros(30))
    return setting


def _judged(setting: Setting, minute: int, added: Floats) -> Setting:
    now, n = BEGIN + minute, 32
    value = np.append(setting.air[:, minute] + added, [setting.speed, setting.direction])
    value[:30] *= 1 + NOISE * setting.chance.standard_normal(30)
    flag = np.ones(n, np.uint8)
    value[list(SILENT)], flag[list(SILENT)] = np.nan, 9
    nan, time_ms = np.full(n, np.nan), np.full(n, now * MINUTE_MS)
    setting.panel.add(Readings(np.arange(n, dtype=np.int32), time_ms, value, flag, nan, nan), now)
    setting.panel.head = now
    tick = pipeline.Tick(now, np.array([now]), (now + 1) * MINUTE_MS)
    state, _ = pipeline.judge_minute(setting.bindings, setting.panel, setting.state, tick)
    return setting._replace(state=state)


def _trials(setting: Setting, count: int) -> Iterator[Trial]:
    eyes, chance = _eyes(setting), setting.chance
    turn = math.radians(setting.direction)
    wind = setting.speed * math.sin(turn), setting.speed * math.cos(turn)
    while count:
        east, north = (SIDE_M * np.round(chance.uniform(-span, span) / SIDE_M) for span in (3_000.0, 2_500.0))
        cell = Cells(*(np.array([float(one)]) for one in (east, north, *wind)), SIDE_M)
        found = required(cell, eyes)
        figure = float(strength_of(found, PROBABILITY)[0])
        if math.isfinite(figure):
            ratio = 1.0 if count % 2 else float(np.exp(chance.uniform(-2.5, 1.0)))
            said = float(probability_of(found, np.array([figure * ratio]))[0])
            yield Trial(said, ratio, _is_seen(setting, (float(east), float(north)), figure * ratio))
            count -= 1


def _eyes(setting: Setting) -> Eyes:
    network, needed = setting.bindings.network, pipeline.noticed(setting.bindings, setting.state)[:30]
    turn, silent = math.radians(setting.direction), np.isin(np.arange(30), SILENT)
    east, north = np.full(30, setting.speed * math.sin(turn)), np.full(30, setting.speed * math.cos(turn))
    why = np.where(silent, int(Reason.SILENT), -1)
    return Eyes(network.east_m[:30], network.north_m[:30], east, north, needed, np.where(silent, 0.0, 1.0), why)


def _is_seen(setting: Setting, cell: tuple[float, float], strength: float) -> bool:
    """Return whether a detector finds a source of so many g/s in half an hour that nothing found before."""
    chance, network = setting.chance, setting.bindings.network
    radius = 30.0 * 4.0 ** chance.random()
    place = Point(*(one + SIDE_M * (chance.random() - 0.5) for one in cell))
    over = 1e6 * strength / (2 * math.pi * radius * DEPTH_M)
    source = Source(place, radius, DEPTH_M, {"pm2_5": over}, 0, 1)
    off = deviation_rad(setting.speed) * chance.standard_normal()
    now = setting._replace(panel=copy.deepcopy(setting.panel))
    before = _active(now)
    for minute in range(WARM_MIN, WARM_MIN + LASTS_MIN):
        turn = math.radians(setting.direction) + off + math.radians(GUST_DEG) * chance.standard_normal()
        wind = Wind(setting.speed * math.sin(turn), setting.speed * math.cos(turn))
        added = [
            source.excess("pm2_5", Point(float(x), float(y)), wind, 0)
            for x, y in zip(network.east_m[:30], network.north_m[:30], strict=True)
        ]
        now = _judged(now, minute, np.array(added))
        if (_active(now) & ~before).any():
            return True
    return False


def _active(setting: Setting) -> NDArray[np.bool_]:
    pairs = zip(setting.bindings.detectors, setting.state.runs, strict=True)
    found = [run.active for bound, run in pairs if bound.group.detector in EXCESSES]
    return np.asarray(np.any(found, axis=0))


if __name__ == "__main__":
    main()
