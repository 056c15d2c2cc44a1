"""What the judge says of haze and fireworks: recorded air of Beijing, each day's levels and leads.

python bench/haze/run.py [--hours] [--town core|city] [--only SPELL]
"""

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).parents[1] / "faults"))

import numpy as np
from zone import TOWNS, Hour, judged

from hub.model import Level

BEGIN: Final = datetime(2013, 3, 1)  # noqa: DTZ001  # the record's own clock, Asia/Shanghai
# First and last day.
SPELLS: Final = {
    "spring festival 2014": ("2014-01-29", "2014-02-01"),
    "haze 2014-02": ("2014-02-12", "2014-02-27"),
    "haze 2015-01": ("2015-01-03", "2015-01-17"),
    "spring festival 2015": ("2015-02-17", "2015-02-20"),
}


def main(words: Sequence[str] | None = None) -> None:
    """Print a table for each spell, a row a day (or an hour), and its leads."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--hours", action="store_true")
    parser.add_argument("--town", choices=sorted(TOWNS), default="core")
    parser.add_argument("--only", choices=sorted(SPELLS))
    chosen = parser.parse_args(words)
    for name, days in SPELLS.items():
        if chosen.only in (None, name):
            first, last = (int((datetime.fromisoformat(day) - BEGIN) / timedelta(hours=1)) for day in days)
            print(f"\n## {name}\n", flush=True)
            _table(list(judged(TOWNS[chosen.town], first, last + 23)), 1 if chosen.hours else 24)


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
