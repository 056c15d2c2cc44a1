"""What a closed minute costs: the whole judgement of a synthetic network, beside two bounds.

    python bench/judge/run.py [STREAMS]

- copy: one pass over the same panel columns and arrays by plain memory copies: what the memory alone would take.
- loop: range, flat line and excess only, by plain NumPy calls stream by stream: what a loop over streams costs.

The plain minute, and beside it one in which the last five are looked at for spikes and steps, one that ends five, an
hour (8 hours of ozone), the day (24 hours of gases, particulates); and what it costs to take a reading into the panel.

CPU seconds of one thread, of the minutes the median and the least: on a machine that does other work as well, the least
is nearest to what the work itself takes. Those that end an hour are few, that which ends the day is one.
"""

import sys
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Final

import numpy as np
import shapely

from hub import pipeline
from hub.bindings import bind
from hub.model import MINUTE_MS, Area, Datastream, Station
from hub.network import PROPERTY_INDEX, Network, build_network
from hub.panel import Panel, Readings
from hub.quality.rounds import ROUND_MIN, STEPS_AT
from hub.state import leaves

# The end of a day in Beijing on which GB 3095-2026 is in force: 2026-06-01.
LAST: Final = 29_672_160 - 1
DAY: Final = 1440
JUDGED: Final = 240
FIRST: Final = LAST - DAY + 1
PROPERTIES: Final = (("pm2_5", "ug/m3"), ("pm10", "ug/m3"), ("no2", "ppb"), ("o3", "ppb"), ("noise", "dB(A)"))
SIDE_DEGREES: Final = 0.4
QUIET_DB: Final = 40.0
WHAT: Final = {
    "plain": "whole tick",
    "steps": "  spikes and steps",
    "five": "  ends five",
    "hour": "  ends an hour",
    "day": "  ends a day",
    "add": "take all readings",
}


def network_of(streams: int) -> Network:
    """Return a network of micro-stations on a square, five streams each, with an area for every fourth station."""
    chance = np.random.default_rng(1)
    places = 116.3 + SIDE_DEGREES * chance.random((streams // len(PROPERTIES), 2))
    stations = [
        Station(f"s{i}", "micro_station", f"s{i}", f"s{i}", float(x), float(y) - 76.7, "gw")
        for i, (x, y) in enumerate(places)
    ]
    series = [
        Datastream(f"{station.id}/{station.id}-d/{name}", 0, station.id, f"{station.id}-d", name, unit, 60.0)
        for station in stations
        for name, unit in PROPERTIES
    ]
    numbered = [
        Datastream(s.id, row, *(s.station, s.device, s.property, s.unit, s.period_s)) for row, s in enumerate(series)
    ]
    areas = [
        Area(
            f"a{i}",
            "enterprise",
            f"a{i}",
            f"a{i}",
            (),
            shapely.box(s.longitude, s.latitude, s.longitude + 0.005, s.latitude + 0.005),
        )
        for i, s in enumerate(stations[::4])
    ]
    return build_network(stations, numbered, areas)


def readings(network: Network, minute: int, chance: np.random.Generator) -> Readings:
    """Return one reading of every stream in a minute: haze that rises and falls over quiet streets, each off by 5 %."""
    n = len(network)
    haze = 60 + 40 * np.sin(minute / 200)
    nan = np.full(n, np.nan)
    level = np.where(network.property == PROPERTY_INDEX["noise"], QUIET_DB, haze)
    value = level * (1 + 0.05 * chance.standard_normal(n))
    return Readings(np.arange(n, dtype=np.int32), np.full(n, minute * MINUTE_MS), value, np.ones(n, np.uint8), nan, nan)


def whole_ticks(network: Network) -> dict[str, list[float]]:
    """Return seconds of CPU for judging each minute, by what it does; the day before is in the panel."""
    panel, chance = Panel(), np.random.default_rng(2)
    panel.grow(network.averaging, network.moving)
    bindings = bind(network, FIRST)
    state, spent = pipeline.start(bindings), defaultdict[str, list[float]](list)
    for minute in range(FIRST, LAST + 1):
        heard = readings(network, minute, chance)
        began = time.process_time()
        panel.add(heard, minute)
        spent["add"].append(time.process_time() - began)
        panel.head = minute
        if minute > LAST - JUDGED:
            bindings = bindings.at(minute)
            began = time.process_time()
            state, _ = pipeline.judge_minute(bindings, panel, state, pipeline.Tick(minute, np.array([minute]), 0))
            spent[_ends(minute)].append(time.process_time() - began)
    return spent


def _ends(minute: int) -> str:
    if minute == LAST:
        return "day"
    if minute % 60 == 59:
        return "hour"
    return {0: "five", STEPS_AT: "steps"}.get(minute % ROUND_MIN, "plain")


def memory_copy(network: Network) -> float:
    """Return seconds for touching once what a tick has to touch: its state and the panel's newest column."""
    bindings = bind(network, FIRST)
    arrays = [array for _, array in leaves(pipeline.start(bindings)) if array.ndim == 1]
    return _median(lambda: [array.copy() for array in arrays])


def stream_loop(network: Network) -> float:
    """Return seconds for range, flat line and excess over the neighbours, stream by stream."""
    chance, n = np.random.default_rng(3), len(network)
    values, before = 60 + chance.standard_normal(n), np.zeros(n)

    def judge() -> int:
        found = 0
        for row in range(n):
            value = values[row]
            nearby = network.neighbours[row]
            background = np.median(values[nearby[nearby < n]]) if (nearby < n).any() else np.nan
            found += bool(value < network.low[row] or value > network.high[row])
            found += bool(value == before[row]) + bool(value - background > max(80.0, 0.6 * background))
        return found

    return _median(judge, times=3)


def _median(work: Callable[[], object], times: int = 50) -> float:
    spent = []
    for _ in range(times):
        began = time.process_time()
        work()
        spent.append(time.process_time() - began)
    return float(np.median(spent))


def main() -> None:
    """Print the figures and their ratios."""
    began = time.process_time()
    network = network_of(int(sys.argv[1]) if len(sys.argv) > 1 else 5_000)
    known_s = time.process_time() - began
    spent, copy, loop = whole_ticks(network), memory_copy(network), stream_loop(network)
    print(f"{len(network)} streams, {len(network.areas)} areas; made known in {known_s:.1f} s")
    print("milliseconds            median     least")
    for what, name in WHAT.items():
        print(f"{name:<20} {np.median(spent[what]) * 1e3:9.3f} {min(spent[what]) * 1e3:9.3f}")
    tick = min(spent["plain"])
    print(f"memory copies                  {copy * 1e3:9.3f}   the tick takes {tick / copy:.1f} times as long")
    print(f"loop of streams                {loop * 1e3:9.3f}   takes {loop / tick:.0f} times as long, for a part of it")
    print(f"a reading into the panel: {np.median(spent['add']) / len(network) * 1e9:.0f} ns")


if __name__ == "__main__":
    main()
