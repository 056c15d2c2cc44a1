"""Speed of the checks and drift detectors beside their peers from PyPI, in one run.

    python bench/detect/run.py [--streams N ...] [--no-peers] [--no-live]

A day of minutes of 5,000, 50,000 and 500,000 streams, made block by block, with gaps, flat runs and spikes. Seconds of
one processor. "copy" is what the memory allows: each value read once, one byte of flag written. Flags of ours and of
ioos_qc are compared value by value in the same run.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import place
import series
from numpy.typing import NDArray

from hub.quality import Gain, Series, qartod
from hub.quality.qartod import FlatLine, GrossRange, RateOfChange, Settings, Spike
from hub.state import leaves

BENCH: Final = Path(__file__).parents[1]
sys.path.append(str(BENCH / "edge"))
from rows import machine  # noqa: E402  # the gateway's benches say it so, too

SETTINGS: Final = Settings(
    gross_range=GrossRange(series.FAIL_SPAN, series.SUSPECT_SPAN),
    spike=Spike(*series.SPIKE),
    rate_of_change=RateOfChange(*series.RATE),
    flat_line=FlatLine(*series.FLAT_S, series.FLAT),
)
LIVE: Final = 5_000
# Streams that each peer is given: enough for a second or so.
PEERS: Final = {"ioos_qc": 200, "saqc": 40, "pandas": 500, "PageHinkley": LIVE, "ADWIN": 1_000}

# What else is judged live: the whole tick, and the hours of `hub.quality.advance`.
ALSO: Final = (("judge/run.py", str(LIVE)), ("faults/live.py", "--stations", "833", "--hours", "60"))


DRIFT: Final = frozenset({"PageHinkley", "ADWIN"})
Said = dict[str, Any]


class Figure(NamedTuple):
    """What was looked at, in how many seconds of one processor."""

    what: str
    samples: int
    cpu_s: float

    @property
    def rate(self) -> float:
        """Values a second."""
        return self.samples / self.cpu_s


def timed(work: Callable[[], object]) -> float:
    """Return seconds of the processor."""
    began = time.process_time()
    work()
    return time.process_time() - began


def offline(streams: int) -> tuple[Figure, Figure]:
    """Return (all four tests, a copy of the same bytes) of so many streams."""
    when, tests, copy = series.times(), 0.0, 0.0
    flags = np.empty((series.STREAMS, series.STEPS), np.uint8)
    beside = np.empty((series.STREAMS, series.STEPS))
    numbers = range(-(-streams // series.STREAMS))
    for number in numbers:
        values = series.block(number)
        copy += timed(lambda values=values: (np.copyto(beside, values), flags.fill(1)))
        tests += timed(lambda values=values: qartod.flags(values, when, SETTINGS))
    samples = len(numbers) * beside.size
    return Figure(f"ours, {streams:,} streams", samples, tests), Figure(f"copy, {streams:,} streams", samples, copy)


def drift_tick() -> Figure:
    """Return the gain check of LIVE streams against their neighbours, tick by tick."""
    check, chance = Gain(floor=20.0), np.random.default_rng(1)
    state, background = check.start(LIVE), np.full((LIVE, 1), 60.0)
    ticks = [60 * (1 + 0.05 * chance.standard_normal((LIVE, 1))) for _ in range(100)]
    spent = []
    for minute, values in enumerate(ticks):
        heard = Series(np.full((LIVE, 1), minute * 60_000), values, background)
        began = time.process_time()
        _, state = check(heard, state)
        spent.append(time.process_time() - began)
    assert all(array.shape[:1] == (LIVE,) for _, array in leaves(state))
    return Figure("ours, gain against the neighbours, a tick of 5,000", LIVE, float(np.median(spent)))


def equal_flags(theirs: dict[str, NDArray[np.uint8]]) -> dict[str, int]:
    """Return how many flags differ, by test."""
    rows = len(theirs["all"])
    values = series.block(0)[:rows]
    mine = qartod.each(values, series.times(), SETTINGS) | {"all": qartod.flags(values, series.times(), SETTINGS)}
    return {name: int(np.count_nonzero(mine[name] != flag)) for name, flag in theirs.items()}


def peers() -> tuple[dict[str, Said | str], dict[str, int]]:
    """Return what each peer says, and how its flags differ from ours."""
    place.install()
    with tempfile.TemporaryDirectory() as folder:
        into = Path(folder) / "flags.npz"
        said = {name: place.run(name, streams, into) for name, streams in PEERS.items()}
        if not into.exists():
            return said, {}
        with np.load(into) as kept:
            return said, equal_flags(dict(kept))


def row(figure: Figure, ours: Figure, copy: Figure) -> str:
    """Return a line of the first table."""
    return f"| {figure.what} | {figure.rate:.2g} | {ours.rate / figure.rate:,.2g} | {copy.rate / figure.rate:,.3g} |"


def drift_row(figure: Figure, ours: Figure) -> str:
    """Return a line of the second table."""
    return f"| {figure.what} | {figure.rate:.2g} | {ours.rate / figure.rate:,.2g} | {LIVE / figure.rate * 1e6:,.0f} |"


def of_peer(name: str, said: Said | str) -> Figure | str:
    """Return a peer's figure, or a line that says why there is none."""
    if isinstance(said, str):
        return f"| {name} | did not run: {said} | | |"
    return Figure(f"{said['package']} {said['version']}, {name}", said["samples"], said["cpu_s"])


def main(words: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="bench detect", description=__doc__)
    parser.add_argument("--streams", type=int, nargs="+", default=[5_000, 50_000, 500_000])
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--no-live", action="store_true", help="without the whole tick and the hourly fold")
    asked = parser.parse_args(words)
    print(
        f"{machine()}\n\n| values of minutes | values/s | ours is faster by | a copy is faster by |\n|---|--:|--:|--:|"
    )
    measured = [offline(streams) for streams in asked.streams]
    for mine, bound in measured:
        print(f"{row(mine, mine, bound)}\n{row(bound, mine, bound)}")
    said, different = ({}, {}) if asked.no_peers else peers()
    found = {name: of_peer(name, one) for name, one in said.items()}
    for one in (found[name] for name in PEERS if name in found and name not in DRIFT):
        print(one if isinstance(one, str) else row(one, *measured[0]))
    tick = drift_tick()
    print(f"\n| drift, tick by tick | values/s | ours is faster by | us for {LIVE:,} |\n|---|--:|--:|--:|")
    print(drift_row(tick, tick))
    for one in (found[name] for name in PEERS if name in found and name in DRIFT):
        print(one if isinstance(one, str) else drift_row(one, tick))
    print("\nflags that differ from ioos_qc's: " + (", ".join(f"{name} {n:,}" for name, n in different.items()) or "-"))
    for also in () if asked.no_live else ALSO:
        print(f"\n{' '.join(also)}", flush=True)
        subprocess.run([sys.executable, BENCH / also[0], *also[1:]], check=True)


if __name__ == "__main__":
    main()
