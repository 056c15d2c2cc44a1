"""How the gateway's benchmarks say what they found: one table, ours beside the peer's, or one JSON object."""

import argparse
import json
import os
import platform
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path


@dataclass(frozen=True)
class Row:
    """One line of a table.

    Attributes:
        what: was measured, with its unit.
        ours, peer: the figures, None where there is none.
        aim: what ours was meant to be, "" for none.
    """

    what: str
    ours: float | None
    peer: float | None = None
    aim: str = ""

    @property
    def ratio(self) -> float | None:
        """Ours for one of the peer's."""
        return self.ours / self.peer if self.ours is not None and self.peer else None


def parser(about: str) -> argparse.ArgumentParser:
    """Return a parser with the options that all have."""
    made = argparse.ArgumentParser(description=about)
    made.add_argument("--json", action="store_true", help="one JSON object on stdout")
    made.add_argument("--no-peer", action="store_true", help="ours only")
    return made


def report(rows: Sequence[Row], note: str, *, as_json: bool) -> None:
    """Print what was found, and on which machine."""
    if as_json:
        listed = [{**asdict(row), "ratio": row.ratio} for row in rows]
        print(json.dumps({"machine": machine(), "note": note, "rows": listed}, ensure_ascii=False))
        return
    print(f"{machine()}\n{note}\n\n| | ours | thingsboard-gateway | ours / theirs | aim |\n|---|--:|--:|--:|---|")
    for row in rows:
        print(f"| {row.what} | {_figure(row.ours)} | {_figure(row.peer)} | {_figure(row.ratio)} | {row.aim} |")
    sys.stdout.flush()


def machine() -> str:
    """Return when and where this is."""
    cpu = next(
        (line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line),
        platform.machine(),
    )
    load = os.getloadavg()[0]
    return (
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {os.cpu_count()} cores of {cpu}, "
        f"Python {platform.python_version()}, load {load:.1f}"
    )


def _figure(value: float | None) -> str:
    if value is None:
        return "-"
    if value == round(value):
        return f"{value:,.0f}"
    if abs(value) < 10:
        return f"{value:.2f}"
    return f"{value:,.1f}" if abs(value) < 100 else f"{value:,.0f}"
