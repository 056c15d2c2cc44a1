"""`quietwatch hub calibrate`."""

import json
import sys
import time
from argparse import Namespace
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np

from hub.calibrating import GOOD_DAYS, History, history_of, labels_of, learnt_on
from hub.calibrations import THRESHOLDS, Calibrations
from hub.checks import Calibration
from hub.config import load_config
from hub.errors import HubError
from hub.past import Learnt
from hub.store.hours import HOURS, HourReader
from quietwatch.cli.command import fail
from quietwatch.cli.table import columns, table

MONTH_H: Final = 720


def calibrate(arguments: Namespace) -> int:
    """Learn thresholds, leave them for the hub, and say what they are."""
    began = time.monotonic()

    def progress(doing: str) -> None:
        print(f"{time.monotonic() - began:6.1f} s  {doing}", file=sys.stderr, flush=True)

    try:
        directory = load_config(arguments.config).directory
        progress(f"reading {directory / HOURS}")
        history = history_of(HourReader(directory / HOURS), arguments.days, labels_of(directory / "registry.sqlite"))
        learnt = learnt_on(history, arguments.false_alarms, progress)
        now_ms = time.time_ns() // 1_000_000
        calibration = Calibrations(directory / THRESHOLDS).issue(learnt, history.first, now_ms)
    except (HubError, OSError, ValueError) as error:
        fail(error)
    rows = list(_rows(history, learnt))
    if arguments.json:
        print(json.dumps(_said(calibration, history, rows), ensure_ascii=False))
    else:
        print("\n".join(_lines(calibration, history, rows)))
    return 0


def _rows(history: History, learnt: Learnt) -> Iterator[dict[str, Any]]:
    """Yield what was learnt of each property."""
    values = history.values()
    for thresholds in (kit.thresholds for kit in learnt.kits):
        for name, rate in thresholds.rate.items():
            there = ~np.isnan(values[name])
            devices = int(np.count_nonzero(there.any(axis=1)))
            yield {
                "property": name,
                "devices": devices,
                "stream_months": float(np.count_nonzero(there)) / MONTH_H,
                "limit": thresholds.limits[name].limit,
                "estimated_rate": rate,
                "alarms_a_day": rate * devices / 30,
            }


def _said(calibration: Calibration, history: History, rows: list[dict[str, Any]]) -> dict[str, Any]:
    said = {name: getattr(calibration, name) for name in calibration.__struct_fields__ if name != "rates"}
    return {**said, "properties": rows, "left_out": dict(history.left_out), "masked_hours": history.masked_h}


def _lines(calibration: Calibration, history: History, rows: list[dict[str, Any]]) -> list[str]:
    days, heads = history.hours / 24, ("property", "devices", "months", "limit", "estimated", "alarms a day")
    cells = [
        (
            row["property"],
            f"{row['devices']}",
            f"{row['stream_months']:.0f}",
            f"{row['limit']:.2f}",
            f"{row['estimated_rate']:.3f}",
            f"{row['alarms_a_day']:.2f}",
        )
        for row in rows
    ]
    span = f"{days:.0f} days, {_day(calibration.first_ms)} to {_day(calibration.last_ms)}"
    budget = (
        f"budget {calibration.false_alarms_per_sensor_month:g} false alarms for each property of a station and month"
    )
    lines = [table(heads, cells, columns()), "", f"{span}; {budget}."]
    lines += [f"Not judged: {name}: {why}." for name, why in history.left_out.items()]
    if history.masked_h:
        lines.append(f"{history.masked_h} hours of devices that lied, as people said of their tickets, were left out.")
    if days < GOOD_DAYS:
        lines.append(f"Calibrate again when there are {GOOD_DAYS} days: so far one fault of the history weighs much.")
    lines.append(f"Thresholds {calibration.sha256[:12]} are in place; a running hub takes them within a minute.")
    return lines


def _day(time_ms: int) -> str:
    return f"{datetime.fromtimestamp(time_ms / 1000, UTC):%Y-%m-%d}"
