"""`advance` judges the next steps of a network, however many; `replay` judges a window at once."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from hub.quality.faults.bank import BankPast, statistics
from hub.quality.faults.carried import Carried, begin
from hub.quality.faults.cause import Cause, Verdict
from hub.quality.faults.episodes import EpisodePast, episodes
from hub.quality.faults.limits import kind_scores
from hub.quality.faults.plume import plumes
from hub.quality.faults.residual import Residual, residuals
from hub.quality.faults.thresholds import Limits, Thresholds
from hub.quality.faults.window import Bools, Floats, When, stretches, window


def replay(
    values: Mapping[str, Floats], times: NDArray[np.datetime64], positions: Floats, thresholds: Thresholds
) -> dict[str, Verdict]:
    """Return the verdict on each property; a step is judged by itself and earlier ones.

    Args:
        values: property name to float64 (n_stations, n_steps), NaN where missing; a subset of those calibrated.
        times: datetime64[ms] (n_steps,), spaced as those calibrated.
        positions: float64 (n_stations, 2), longitude and latitude in degrees; known stations are recognised by them.
        thresholds: from `calibrate`.

    Raises:
        ValueError: the input is not so, or does not fit the thresholds.
    """
    seen = window(values, times, positions)
    if seen.step_h != thresholds.step_h:
        raise ValueError(f"times are {seen.step_h} h apart, calibrated were {thresholds.step_h} h: calibrate for them")
    verdicts, _ = advance(seen.values, begin(thresholds, seen.positions, seen.values), thresholds)
    return verdicts


def advance(
    values: Mapping[str, Floats], carried: Carried, thresholds: Thresholds
) -> tuple[dict[str, Verdict], Carried]:
    """Return (verdict on each property that is carried, what is carried on).

    Hour by hour or a year at once, the verdicts are the same. What is carried stays as it was.

    Args:
        values: property name to float64 (n_stations, t) of the next t steps, t at least 1, NaN where missing; a
            property that is left out is missing throughout. A step that is skipped has to be given as NaN.
        carried: from `begin`, `settled` or the `advance` before.
        thresholds: with which it was begun.

    Raises:
        ValueError: values are not so, or do not fit what is carried or the thresholds.
    """
    seen = _verified(values, carried, thresholds)
    verdicts: dict[str, list[Verdict]] = {name: [] for name in seen}
    for part in stretches(*next(iter(seen.values())).shape):
        stretch = {name: np.ascontiguousarray(value[:, part]) for name, value in seen.items()}
        judged, carried = _advance(stretch, carried, thresholds)
        for name, verdict in judged.items():
            verdicts[name].append(verdict)
    return {name: _joined(parts) for name, parts in verdicts.items()}, carried


def _advance(seen: dict[str, Floats], carried: Carried, thresholds: Thresholds) -> tuple[dict[str, Verdict], Carried]:
    shapes = {name: thresholds.limits[name].shape for name in seen}
    floors = {name: shape.floor for name, shape in shapes.items()}
    when = When(int(carried.steps), thresholds.step_h)
    found, residual = residuals(seen, floors, carried.nearest, carried.residual, when)
    excess, plume = plumes(found, shapes, when.step_h, carried.plume)
    verdicts, banks, past = {}, [], []
    for name, bank, before in zip(seen, carried.bank, carried.episodes, strict=True):
        limits = thresholds.limits[name]
        scores, counted = _scores(seen[name], found[name], limits, bank, (carried, when))
        verdicts[name], announcing = _verdict(scores, limits.limit, excess[name], when, before)
        banks.append(counted)
        past.append(announcing)
    steps = np.asarray(carried.steps + next(iter(seen.values())).shape[1])
    return verdicts, carried._replace(
        steps=steps, residual=residual, plume=plume, bank=tuple(banks), episodes=tuple(past)
    )


def _scores(
    value: Floats, residual: Residual, limits: Limits, bank: BankPast, network: tuple[Carried, When]
) -> tuple[Floats, BankPast]:
    carried, when = network
    found, counted = statistics(value, residual, limits.shape, (carried.nearest, when.step_h), bank)
    return kind_scores(found, limits.scales, carried.nearest), counted


def _verdict(scores: Floats, limit: float, excess: Bools, when: When, past: EpisodePast) -> tuple[Verdict, EpisodePast]:
    found, announcing = episodes(scores, limit, when, past)
    alarm = found.cause != Cause.NONE
    cause = np.where(alarm | ~excess, found.cause, np.uint8(Cause.POLLUTION))
    highest = (scores.max(axis=0) - limit).astype(np.float32)
    return Verdict(alarm, cause, found.standing, highest, scores.argmax(axis=0).astype(np.uint8)), announcing


def _verified(values: Mapping[str, Floats], carried: Carried, thresholds: Thresholds) -> dict[str, Floats]:
    names = carried.names.tolist()
    strange = sorted(set(values) - set(names))
    if strange:
        raise ValueError(f"not carried: {', '.join(strange)}: begin with it, calibrated")
    lost = sorted(set(names) - set(thresholds.limits))
    if lost:
        raise ValueError(f"not calibrated: {', '.join(lost)}: begin again with these thresholds")
    arrays = {name: np.asarray(array, np.float64) for name, array in values.items()}
    shape = next(iter(arrays.values())).shape if arrays else ()
    if len(shape) != 2 or shape[0] != len(carried.positions) or not shape[1]:
        raise ValueError(f"values have shape {shape}: give {len(carried.positions)} stations and one step or more")
    for name, array in arrays.items():
        if array.shape != shape:
            raise ValueError(f"values[{name!r}] has shape {array.shape}, others have {shape}")
    missing = np.full(shape, np.nan)
    return {
        name: np.where(np.isfinite(arrays[name]), arrays[name], np.nan) if name in arrays else missing for name in names
    }


def _joined(parts: list[Verdict]) -> Verdict:
    if len(parts) == 1:
        return parts[0]
    names = ("alarm", "cause", "standing", "score", "kind")
    return Verdict(*(np.concatenate([getattr(part, name) for part in parts], axis=1) for name in names))
