"""Whose plume is it, and is it as sure as it says? Simulated sources, the hub's stated probabilities, two simple peers.

python bench/attribution/run.py [--seed N] [--sources N] [--jobs N] [--outside SHARE] [--patches DEVIATION] [--quick]
"""

import argparse
import math
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
from asked import told
from field import OUTSIDE, Setting, plumes
from peers import named
from watch import judged

Shares = dict[str | None, float]

# Stated probabilities are looked at in these bins.
EDGES: Final = (0.0, 0.05, 0.2, 0.4, 0.6, 0.8, 0.95, 1.0)
# A candidate that is not listed has less than a hundredth.
UNLISTED: Final = 0.005
SETTINGS: Final = (("demo's zone", True), ("zones of chance", False))


class Result(NamedTuple):
    """What became of a source that opened a lead: who it was, what was said, and what one more observation told."""

    setting: Setting
    culprit: str | None
    stated: Shares
    peers: dict[str, str]
    told: dict[str, Shares] | None


def main(words: Sequence[str] | None = None) -> None:
    """Measure and print."""
    asked = _arguments().parse_args(words)
    number = 12 if asked.quick else asked.sources
    settings = [
        Setting(demo, vehicles, asked.outside, asked.patches) for _, demo in SETTINGS for vehicles in (False, True)
    ]
    batches = [(asked.seed, n, setting) for setting in settings for n in range(number)]
    with ProcessPoolExecutor(asked.jobs) as pool:
        results = [one for one in pool.map(_one, batches, chunksize=4) if one is not None]
    print(f"{len(batches)} sources, {len(results)} leads; seed {asked.seed}, outside {asked.outside:g}")
    _scores(results)
    _reliability(results)
    _settled(results)


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=101)
    parser.add_argument("--sources", type=int, default=250, help="for each of four settings")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--outside", type=float, default=OUTSIDE)
    parser.add_argument("--patches", type=float, default=0.3)
    parser.add_argument("--quick", action="store_true")
    return parser


def _one(asked: tuple[int, int, Setting]) -> Result | None:
    seed, number, setting = asked
    (case,) = plumes(seed, range(number, number + 1), setting)
    verdict = judged(case)
    if verdict is None:
        return None
    stated: Shares = dict(verdict.lead.evidence[0].candidates)
    return Result(setting, case.culprit, stated, named(case, verdict), told(case, verdict))


def _scores(results: list[Result]) -> None:
    print(f"\n{'':32}{'leads':>6}{'top 1':>7}{'top 3':>7}{'Brier':>7}{'log':>7}")
    groups = [("all", results)]
    for name, demo in SETTINGS:
        for vehicles in (False, True):
            part = [one for one in results if (one.setting.demo, one.setting.vehicles) == (demo, vehicles)]
            groups.append((f"{name}, {'two' if vehicles else 'no'} vehicles", part))
    groups.append(("source in an area", [one for one in results if one.culprit is not None]))
    for name, part in groups:
        if part:
            _line(name, [(one.culprit, one.stated) for one in part])
    for peer in results[0].peers if results else ():
        sure = float(np.mean([one.peers[peer] == one.culprit for one in results]))
        _line(peer, [(one.culprit, {one.peers[peer]: sure}) for one in results])


def _line(name: str, said: list[tuple[str | None, Shares]]) -> None:
    """Print the scores of what was said; a peer's one name counts with the share in which it is right."""
    ranked = [(culprit, sorted(shares, key=lambda area: -shares[area])) for culprit, shares in said]
    first, third = (np.mean([culprit in order[:k] for culprit, order in ranked]) for k in (1, 3))
    brier = np.mean([_brier(culprit, shares) for culprit, shares in said])
    logs = np.mean([-math.log(max(shares.get(culprit, UNLISTED), UNLISTED)) for culprit, shares in said])
    print(f"{name:32}{len(said):6}{first:7.3f}{third:7.3f}{brier:7.3f}{logs:7.3f}")


def _brier(culprit: str | None, shares: Shares) -> float:
    return sum((share - (area == culprit)) ** 2 for area, share in shares.items()) + (culprit not in shares)


def _reliability(results: list[Result]) -> None:
    """Print what was stated and what was right, over all candidates of all leads."""
    pairs = [(share, area == one.culprit) for one in results for area, share in one.stated.items()]
    stated, right = (np.array(column, np.float64) for column in zip(*pairs, strict=True))
    print(f"\n{'stated':>12}{'candidates':>12}{'mean stated':>13}{'right':>8}{'± 95 %':>8}{'off':>8}")
    for low, high in pairwise(EDGES):
        inside = (stated >= low) & ((stated < high) | (high == EDGES[-1]))
        if inside.any():
            share, count = right[inside].mean(), int(inside.sum())
            spread = 1.96 * math.sqrt(max(share * (1 - share), 1e-9) / count)
            off = share - stated[inside].mean()
            print(
                f"{low:5.2f} - {high:4.2f}{count:12}{stated[inside].mean():13.3f}{share:8.3f}{spread:8.3f}{off:+8.3f}"
            )


def _settled(results: list[Result]) -> None:
    """Print how much one more observation helps, where the hub asks for one."""
    known = [(one.culprit, one.told) for one in results if one.told is not None]
    if not known:
        return
    print(f"\none more observation, five minutes later ({len(known)} leads for which one is asked)")
    print(f"{'':32}{'leads':>6}{'top 1':>7}{'top 3':>7}{'Brier':>7}{'log':>7}")
    for name in known[0][1]:
        _line(name, [(culprit, found[name]) for culprit, found in known])


if __name__ == "__main__":
    main()
