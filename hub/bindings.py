"""Checks and detectors bound to the streams of a network: which parameters hold for which stream, at which time."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hub.anomaly.detector import Detector
from hub.anomaly.exceedance import Exceedance
from hub.anomaly.local_excess import LocalExcess
from hub.anomaly.onset import Onset
from hub.anomaly.rule import Rule, RuleKind, family, particular
from hub.anomaly.rulebook import beijing_day, default_rules, in_force, is_night
from hub.model import MINUTE_MS, DetectorKind, Level
from hub.network import PROPERTY_INDEX, Network, long_silent
from hub.quality.bound import Checks, bound
from hub.quality.flat_line import FlatLine
from hub.quality.gain import Gain
from hub.quality.range import Range
from hub.quality.settings import CheckSettings, FlatSettings, GainSettings, default_checks, parameters

Floats = NDArray[np.float64]
_LEVELS: Final = {"attention": Level.ATTENTION, "red": Level.RED}
# What finds what a kind of rule is about; all others are exceedances.
_DETECTORS: Final[dict[str, DetectorKind]] = {"local_excess": "local_excess", "onset": "onset"}


class Group(NamedTuple):
    """Rules that are judged in one call: of one kind, level, averaging period and side; see `Rule`.

    Attributes:
        by_night: whether the night has a threshold of its own, so that a mean lies within a day or a night.
        passes, within_min: of vehicles at one place; see `Rule`.
    """

    kind: RuleKind
    detector: DetectorKind
    level: Level
    average_min: int
    valid_min: int
    below: bool
    valid_hours: int
    natural_day: bool
    by_night: bool
    passes: int = 0
    within_min: int = 0


class Bound(NamedTuple):
    """A detector and the rule of each stream.

    Attributes:
        rule: int64[n], index into `Bindings.rules`, -1 where none applies.
        applies: bool[n], whether there is one.
        judges: whether there is one for any.
    """

    group: Group
    detector: Detector[Any]
    rule: NDArray[np.int64]
    applies: NDArray[np.bool_]
    judges: bool


@dataclass(frozen=True, eq=False)
class Bindings:
    """Everything that judges a network at a time of day.

    Attributes:
        rules: all rules, in force or not.
        detectors, patrols: by groups of rules; those that count a vehicle's passes stand apart.
        phase: the day in Beijing and whether it is night: what the parameters hold for.
    """

    network: Network
    rules: tuple[Rule, ...]
    range: Range
    flat_line: FlatLine
    gain: Gain
    checks: Checks
    detectors: tuple[Bound, ...]
    patrols: tuple[Bound, ...]
    phase: tuple[date, bool]

    def at(self, minute: int) -> "Bindings":
        """Return the bindings that hold at a minute since 1970; these when nothing differs."""
        phase = (beijing_day(minute), is_night(minute))
        if phase == self.phase:
            return self
        detectors, patrols = _detectors(self.network, self.rules, phase)
        return replace(self, detectors=detectors, patrols=patrols, phase=phase)

    def hearing(self, newest: NDArray[np.int64], minute: int) -> "Bindings":
        """Return the bindings in which nobody who has long been silent is a neighbour; these when nothing differs.

        Args:
            newest: int64[n], minute of the newest value of each stream.
            minute: now, since 1970.
        """
        silent = long_silent(newest, minute)
        if np.array_equal(silent, self.network.silent):
            return self
        return replace(self, network=self.network.without(silent))


def bind(
    network: Network, minute: int, rules: Sequence[Rule] | None = None, checks: CheckSettings | None = None
) -> Bindings:
    """Return the bindings of a network at a minute since 1970; rules and checks are the program's own unless given."""
    rules = tuple(default_rules() if rules is None else rules)
    checks = default_checks() if checks is None else checks
    phase = (beijing_day(minute), is_night(minute))
    flat = parameters(network, checks.flat_line, FlatSettings)
    gain = parameters(network, checks.gain, GainSettings, _NO_GAIN)
    return Bindings(
        network,
        rules,
        Range(network.low, network.high),
        FlatLine(**flat),
        Gain(**gain),
        bound(network, checks),
        *_detectors(network, rules, phase),
        phase,
    )


# What stands for a property without settings: nothing is judged by a NaN.
_NO_GAIN: Final = {
    "floor": np.nan,
    "factor": 2.0,
    "release": 2.0,
    "band": 3.0,
    "scatter": 1.0,
    "memory": 1.0,
    "enough": 1.0,
}


def _detectors(
    network: Network, rules: tuple[Rule, ...], phase: tuple[date, bool]
) -> tuple[tuple[Bound, ...], tuple[Bound, ...]]:
    # Groups follow from all rules, so that states keep their places when one comes into force.
    groups = sorted({_group(rule) for rule in rules})
    applying = _applying(network, rules, phase[0])
    bound = [_bound(len(network), rules, group, applying, night=phase[1]) for group in groups]
    return tuple(one for one in bound if not one.group.passes), tuple(one for one in bound if one.group.passes)


def _group(rule: Rule) -> Group:
    by_night = rule.night_threshold is not None
    period = rule.average_min, rule.valid_min, rule.below, rule.valid_hours, rule.natural_day, by_night
    passes = rule.passes, rule.within_min
    return Group(rule.kind, _DETECTORS.get(rule.kind, "exceedance"), _LEVELS[rule.level], *period, *passes)


def _applying(network: Network, rules: tuple[Rule, ...], day: date) -> dict[int, NDArray[np.bool_]]:
    """Return by index of each rule in force bool[n]: to which streams it applies, the most particular rules alone."""
    valid = set(in_force(rules, day))
    applying = {index: _applies(network, rule) for index, rule in enumerate(rules) if rule in valid}
    most: dict[tuple[str, str, bool], NDArray[np.int8]] = {}
    for index, applies in applying.items():
        rank, none = particular(rules[index]), np.full(len(network), -1, np.int8)
        known = most.setdefault(family(rules[index]), none)
        np.maximum(known, rank, out=known, where=applies)
    return {index: it & (most[family(rules[index])] == particular(rules[index])) for index, it in applying.items()}


def _bound(
    streams: int, rules: tuple[Rule, ...], group: Group, applying: dict[int, NDArray[np.bool_]], *, night: bool
) -> Bound:
    """Give every stream the strictest rule of a group that applies to it."""
    strictest = np.full(streams, np.inf)
    chosen = np.full(streams, -1)
    for index, applies in applying.items():
        rule = rules[index]
        if _group(rule) == group:
            threshold = _threshold(rule, night=night) * (-1 if rule.below else 1)
            better = applies & (threshold < strictest)
            strictest[better], chosen[better] = threshold, index
    applies = chosen >= 0
    return Bound(group, _detector(group, rules, chosen, night=night), chosen, applies, bool(applies.any()))


def _threshold(rule: Rule, *, night: bool) -> float:
    return rule.night_threshold if night and rule.night_threshold is not None else rule.threshold


def _applies(network: Network, rule: Rule) -> NDArray[np.bool_]:
    station = np.array([s.kind in rule.stations for s in network.stations], np.bool_)[network.station]
    matches = station & (network.property == PROPERTY_INDEX[rule.property])
    if rule.areas:
        # The last element answers for index -1: outside of all areas.
        inside = np.array([*(area.kind in rule.areas for area in network.areas), "none" in rule.areas], np.bool_)
        matches &= inside[network.home]
    if rule.at_areas:
        matches &= np.array([*(area.id in rule.at_areas for area in network.areas), False], np.bool_)[network.home]
    if rule.at_stations:
        matches &= np.array([s.id in rule.at_stations for s in network.stations], np.bool_)[network.station]
    return np.asarray(matches, np.bool_)


def _detector(group: Group, rules: tuple[Rule, ...], chosen: NDArray[np.int64], *, night: bool) -> Detector[Any]:
    def column(values: list[float], nothing: float) -> Floats:
        return np.array([*values, nothing])[chosen]

    threshold = column([_threshold(rule, night=night) for rule in rules], np.nan)
    enter, leave = (column([getattr(rule, name) for rule in rules], 1) for name in ("enter", "leave"))
    relative = column([rule.relative for rule in rules], 0)
    if group.detector == "local_excess":
        return LocalExcess(threshold, relative, enter, leave)
    if group.detector == "onset":
        return Onset(threshold, relative, column([rule.score or 1 for rule in rules], 1), enter, leave)
    return Exceedance(
        limit=threshold,
        margin=column([rule.margin for rule in rules], 0),
        sign=-1.0 if group.below else 1.0,
        enter=enter,
        leave=leave,
        delay_ms=column([rule.delay_min * MINUTE_MS for rule in rules], 0),
    )
