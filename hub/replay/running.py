"""One replay of a hub's past, from its configuration file to the account; reads what a running hub writes."""

import os
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple

from hub.anomaly.lint import Flaw
from hub.anomaly.rulebook import rules_of
from hub.config import Config
from hub.configured import Configured, InForce
from hub.registry.reading import reading
from hub.replay.account import AccountAnswer, account, differences
from hub.replay.parts import judged_in_parts
from hub.replay.rules import Changed, flaws_of
from hub.replay.stretch import Judged, Place, Progress, span_of

REGISTRY = "registry.sqlite"


class Wanted(NamedTuple):
    """What is to be replayed.

    Attributes:
        rules: TOML texts by file name; none for the rules as they were.
        days: how long.
        to_ms: up to when, UTC milliseconds; None for the newest minute.
    """

    rules: Mapping[str, str]
    days: float
    to_ms: int | None = None


def flaws(config: Config, rules: Mapping[str, str]) -> tuple[Flaw, ...]:
    """Return what is wrong with new rules among those that the hub has now.

    Raises:
        ConfigError: they cannot be read.
    """
    now = _now(config)
    return flaws_of(rules, now, [area.id for area in now.zone() or ()])


def replay(config: Config, wanted: Wanted, report: Callable[[Progress], None]) -> AccountAnswer:
    """Return what other rules would have made of a stretch, beside what was.

    Raises:
        HubError: what is on disk cannot be used.
    """
    begun = time.monotonic()
    judged = _again(config, wanted, report)
    span = judged.from_ms, judged.to_ms
    with reading(config.directory / REGISTRY) as registry:
        then = registry.openings(*span), registry.levels_between(*span)
    return account(judged, then, sorted(wanted.rules), time.monotonic() - begun)


def verified(config: Config, wanted: Wanted, report: Callable[[Progress], None]) -> tuple[int, list[str]]:
    """Return how many leads' episodes are stored of a stretch, and a line for each that is not judged again exactly so.

    Raises:
        HubError: what is on disk cannot be used.
    """
    judged = _again(config, wanted._replace(rules={}), report)
    with reading(config.directory / REGISTRY) as registry:
        stored = registry.openings(judged.from_ms, judged.to_ms)
    return len(stored), differences(judged, stored)


def _again(config: Config, wanted: Wanted, report: Callable[[Progress], None]) -> Judged:
    own = InForce(_now(config).zone() or (), rules_of(config.rules))
    change, place = Changed(wanted.rules, config.rules), Place(config.directory, own)
    processes = len(os.sched_getaffinity(0))
    return judged_in_parts(place, span_of(place, wanted.days, wanted.to_ms), change, report, processes)


def _now(config: Config) -> Configured:
    return Configured(areas=config.areas.read_text(encoding="utf-8"), rules=config.rules)
