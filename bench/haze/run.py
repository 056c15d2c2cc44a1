"""What the judge says of haze and fireworks: recorded air of Beijing, each day's levels and leads.

python bench/haze/run.py [--hours] [--every METRES] [--nearer TIMES] [--only SPELL]
"""

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "faults"))

import numpy as np
from zone import BEGIN, SPELLS, Hour, Town, hours_of, judged

from hub.model import Level


def main(words: Sequence[str] | None = None) -> None:
    """Print a table for each spell, a row a day (or an hour), and its leads."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--hours", action="store_true")
    parser.add_argument("--every", type=float, default=1_000.0, help="m between stations; 0 for the recorded ones")
    parser.add_argument("--nearer", type=float, default=1.0, help="times as near to each other as they stand")
    parser.add_argument("--only", choices=sorted(SPELLS))
    chosen = parser.parse_args(words)
    town = Town(chosen.every, chosen.nearer)
    for name, span in SPELLS.items():
        if chosen.only in (None, name):
            print(f"\n## {name}\n", flush=True)
            _table(list(judged(town, *hours_of(span))), 1 if chosen.hours else 24)


def _table(hours: Sequence[Hour], step: int) -> None:
    print("| from | PM2.5 median | worst hour | stations in excess | attention, h | red, h | anomalies | leads |")
    print("|---|---|---|---|---|---|---|---|")
    for start in range(0, len(hours), step):
        print(_row(hours[start : start + step]), flush=True)
    for one in hours:
        for outcome in one.outcomes:
            for lead in outcome.leads:
                print(f"\n{lead.explanation_en}")


def _row(hours: Sequence[Hour]) -> str:
    region = np.array([one.region for one in hours])
    excess = Counter(name for one in hours for name in one.excess)
    attention, red = (sum(len(getattr(one, level)) for one in hours) for level in ("attention", "red"))
    outcomes = [outcome for one in hours for outcome in one.outcomes]
    seen = {(a.station, a.cause) for o in outcomes for c in o.changes if c.level > Level.NORMAL for a in c.evidence}
    kinds = Counter(cause.detector for _, cause in seen)
    leads = [f"{lead.area} {lead.cause.property} {_clock(lead.episode_start_ms)}" for o in outcomes for lead in o.leads]
    return (
        " | ".join(
            [
                f"| {(BEGIN + timedelta(hours=hours[0].hour)):%Y-%m-%d %H:%M}",
                f"{np.nanmean(region):.0f}",
                f"{np.nanmax(region):.0f}",
                ", ".join(f"{name} {count} h" for name, count in excess.most_common()) or "none",
                f"{attention}",
                f"{red}",
                ", ".join(f"{kind} {count}" for kind, count in sorted(kinds.items())) or "none",
                "; ".join(leads) or "none",
            ]
        )
        + " |"
    )


def _clock(time_ms: int) -> str:
    return f"{datetime(1970, 1, 1) + timedelta(milliseconds=time_ms, hours=8):%H:%M}"  # noqa: DTZ001  # same


if __name__ == "__main__":
    main()
