"""Write ioos_qc_3_0_0.json beside this file: series, settings and the flags that ioos_qc gives them.

In an environment of its own: pip install ioos_qc==3.0.0, then python -W ignore tests/vectors/make_ioos_qc.py
"""

import json
import sys
from pathlib import Path
from typing import Any

import ioos_qc
import numpy as np
from ioos_qc import qartod

NONE = float("nan")
START = np.datetime64("2026-01-01T00:00:00", "ns")
# By hand: borders, equal values, gaps at both ends, a lone value, an infinite one.
SMALL: dict[str, list[float]] = {
    "borders": [0, -1, 10, 11, 1, 0.9, 9, 9.1, NONE, 5],
    "infinite": [5, np.inf, 5, 5, -np.inf, 5, 5, 5],
    "step": [1, 1, 1, 1, 9, 9, 9, 9, 1, 1],
    "spikes": [1, 9, 1, 1, 1, 4, 1, NONE, 200, 1, 1, 200],
    "exact": [0, 3, 0, 0, 10, 0, 0.5, 0.5, 5.5, 0.5],
    "equal": [7] * 24,
    "equal with gaps": [NONE, 7, 7, NONE, NONE, 7, 7, 7, NONE, 7, 7, 7, 7, 8, 7, 7, 7, 7, 7, 7, NONE, NONE],
    "nearly equal": [7, 7.2, 7.4, 7.1, 7.3, 7.0, 7.4, 7.5, 7.1, 7.2, 7.3, 7.1, 7.2, 7.1, 7.0, 7.2],
    "after a gap": [1, NONE, 50, 51, NONE, NONE, 2, 200, 1],
    "nothing": [NONE] * 8,
    "three": [1, 1, 1],
}


def drawn(seed: int) -> list[float]:
    """Return a walk with flat runs, spikes and gaps, of 120 values."""
    chance = np.random.default_rng(seed)
    value = np.round(20 + np.cumsum(chance.normal(0, 0.8, 120)), seed % 3)
    for _ in range(3):
        at = chance.integers(0, 100)
        value[at : at + chance.integers(2, 20)] = value[at]
    value[chance.random(120) < 0.04] += 30
    value[chance.random(120) < 0.08] = NONE
    return [float(one) for one in value]


def times(count: int, name: str) -> list[int]:
    """Return seconds since the start: every minute, or unevenly."""
    if name == "even":
        return [60 * step for step in range(count)]
    chance = np.random.default_rng(count)
    return [int(second) for second in np.cumsum(chance.choice([59, 60, 60, 61, 180, 900], count))]


def answers(values: list[float], seconds: list[int]) -> dict[str, list[str]]:
    """Return by test the flags for each of its settings in `SETTINGS`, a digit each."""
    clock = START + np.array(seconds) * np.timedelta64(1, "s")
    value, result = np.array(values), {}
    for name, cases in SETTINGS.items():
        result[name] = [flags_of(name, value, clock, case) for case in cases]
    return result


def flags_of(name: str, value: Any, clock: Any, case: dict[str, Any]) -> str:
    """Return the flags of one test."""
    match name:
        case "gross_range":
            found = qartod.gross_range_test(value, case["fail"], case["suspect"])
        case "spike":
            found = qartod.spike_test(value, case["suspect"], case["fail"], case["method"])
        case "rate_of_change":
            found = qartod.rate_of_change_test(value, clock, case["suspect"], case["fail"])
        case "flat_line":
            found = qartod.flat_line_test(value, clock, case["suspect_s"], case["fail_s"], case["tolerance"])
        case "attenuated":
            settings = {"test_period": case["period_s"], "min_obs": case["fewest"], "check_type": case["kind"]}
            found = qartod.attenuated_signal_test(value, clock, case["suspect"], case["fail"], **settings)
        case _:
            there = np.isfinite(value)
            found = np.full(len(value), 9)
            if there.sum() > 1:
                found[there] = qartod.time_gap_test(clock[there], case["fail_s"] / 3600)
    return "".join(str(int(flag)) for flag in np.ma.getdata(found))


# A deviation that equals its threshold is a matter of rounding: none does here.
SETTINGS: dict[str, list[dict[str, Any]]] = {
    "gross_range": [{"fail": [0, 10], "suspect": [1, 9]}, {"fail": [-5, 22], "suspect": None}],
    "spike": [
        {"suspect": 3, "fail": 10, "method": "average"},
        {"suspect": 3, "fail": 10, "method": "differential"},
        {"suspect": 0.5, "fail": None, "method": "average"},
    ],
    "rate_of_change": [{"suspect": 0.05, "fail": 0.15}, {"suspect": 0.01, "fail": None}],
    "flat_line": [
        {"suspect_s": 300, "fail_s": 600, "tolerance": 0.01},
        {"suspect_s": 130, "fail_s": 270, "tolerance": 0.6},
        {"suspect_s": 59, "fail_s": 120, "tolerance": 0.5},
    ],
    "attenuated": [
        {"suspect": 0.5003, "fail": 0.1003, "period_s": 600, "fewest": 1, "kind": "std"},
        {"suspect": 1.0003, "fail": 0.3003, "period_s": 1200, "fewest": 5, "kind": "std"},
        {"suspect": 1.5, "fail": 0.3, "period_s": 600, "fewest": 2, "kind": "range"},
    ],
    "gap": [{"fail_s": 120}, {"fail_s": 3600}],
}


def main() -> None:
    """Write the file."""
    series = SMALL | {f"drawn {seed}": drawn(seed) for seed in range(12)}
    cases = []
    for name, values in series.items():
        for spacing in ("even", "uneven"):
            seconds = times(len(values), spacing)
            written = [None if np.isnan(one) else str(one) if np.isinf(one) else one for one in values]
            about = {"name": f"{name}, {spacing}", "seconds": seconds, "values": written}
            cases.append(about | {"flags": answers(values, seconds)})
    source = {"source": "ioos_qc", "version": ioos_qc.__version__, "licence": "Apache-2.0", "numpy": np.__version__}
    target = Path(__file__).with_name("ioos_qc_3_0_0.json")
    target.write_text(json.dumps(source | {"settings": SETTINGS, "cases": cases}, separators=(",", ":")) + "\n")
    sys.stdout.write(f"{len(cases)} series\n")


if __name__ == "__main__":
    main()
