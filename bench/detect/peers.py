"""One peer on the same series, run by the interpreter of the peers' own environment: `peers.py NAME STREAMS FLAGS`.

Each is loaded only where it runs. Prints one JSON object: values that it looked at, seconds of one processor, its
package and version.
"""

import importlib
import importlib.metadata
import json
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import series
from numpy.typing import NDArray

Floats = NDArray[np.float64]
# River's detectors are updated so many times each.
TICKS = 300


def _ioos_qc(values: Floats, into: str) -> None:
    """The four tests, a call each for every stream, and the aggregate of their flags."""
    qartod = importlib.import_module("ioos_qc.qartod")
    when, flags = series.times(), {}
    for row in values:
        made = {
            "gross_range": qartod.gross_range_test(row, series.FAIL_SPAN, series.SUSPECT_SPAN),
            "spike": qartod.spike_test(row, *series.SPIKE),
            "rate_of_change": qartod.rate_of_change_test(row, when, *series.RATE),
            "flat_line": qartod.flat_line_test(row, when, *series.FLAT_S, series.FLAT),
        }
        made["all"] = qartod.qartod_compare(list(made.values()))
        for name, flag in made.items():
            flags.setdefault(name, []).append(np.ma.filled(flag, 9))
    np.savez(into, **{name: np.array(rows, np.uint8) for name, rows in flags.items()})


def _saqc(values: Floats, _into: str) -> None:
    """Range, constants and z-score, stream by stream."""
    pd, saqc = importlib.import_module("pandas"), importlib.import_module("saqc")
    index = pd.DatetimeIndex(series.times())
    for row in values:
        quality = saqc.SaQC(pd.DataFrame({"x": row}, index=index))
        quality = quality.flagRange("x", min=series.FAIL_SPAN[0], max=series.FAIL_SPAN[1])
        quality = quality.flagConstants("x", thresh=series.FLAT, window=f"{series.FLAT_S[1]}s")
        quality.flagZScore("x", window="6h").flags["x"].to_numpy()


def _pandas(values: Floats, _into: str) -> None:
    """The four tests on a frame of all streams: shifts and rolling extremes."""
    pd = importlib.import_module("pandas")
    frame = pd.DataFrame(values.T, index=pd.DatetimeIndex(series.times()))
    failed = (frame < series.FAIL_SPAN[0]) | (frame > series.FAIL_SPAN[1])
    failed |= (frame - (frame.shift(1) + frame.shift(-1)) / 2).abs() > series.SPIKE[1]
    failed |= frame.diff().abs() / series.STEP_S > series.RATE[1]
    rolling = frame.rolling(series.FLAT_S[1] // series.STEP_S + 1, min_periods=2)
    failed |= rolling.max() - rolling.min() < series.FLAT
    failed.to_numpy()


def _objects(kind: str) -> Callable[[Floats, str], None]:
    """A drift detector of river's for every stream, all of them updated tick by tick."""

    def updated(values: Floats, _into: str) -> None:
        detector_of = getattr(importlib.import_module("river.drift"), kind)
        detectors = [detector_of() for _ in values]
        for tick in np.nan_to_num(values).T.tolist():
            for detector, value in zip(detectors, tick, strict=True):
                detector.update(value)

    return updated


PEERS: dict[str, tuple[str, Callable[[Floats, str], None]]] = {
    "ioos_qc": ("ioos_qc", _ioos_qc),
    "saqc": ("saqc", _saqc),
    "pandas": ("pandas", _pandas),
    "PageHinkley": ("river", _objects("PageHinkley")),
    "ADWIN": ("river", _objects("ADWIN")),
}


def main(name: str, streams: int, into: str) -> dict[str, Any]:
    """Run a peer once on a little, so that it is loaded, and once on all."""
    package, work = PEERS[name]
    blocks = [series.block(number) for number in range(-(-streams // series.STREAMS))]
    values = np.concatenate(blocks)[:streams, : TICKS if package == "river" else series.STEPS]
    work(values[:2], into)
    began = time.process_time()
    work(values, into)
    spent = time.process_time() - began
    version = importlib.metadata.version(package)
    return {"package": package, "version": version, "samples": values.size, "cpu_s": spent}


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], int(sys.argv[2]), sys.argv[3])))
