"""What every check and every detector keeps, whatever it looks for."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.anomaly import DETECTORS, Exceedance, LocalExcess, Onset
from hub.quality import (
    CHECKS,
    Attenuated,
    Bottom,
    Clipping,
    Consistency,
    FlatLine,
    Gain,
    Oxidant,
    Range,
    RateOfChange,
    Series,
    Spike,
)
from hub.state import leaves
from wire.reading import Flag

MINUTE_MS = 60_000
WEEK_MS = 7 * 24 * 60 * MINUTE_MS


class Case(NamedTuple):
    """One entry of the tables with parameters, and a rescaled one that must say the same of rescaled values."""

    name: str
    method: Any
    scaled: Callable[[float], Any]


CASES = [
    Case("range", Range(0.0, 400.0), lambda f: Range(0.0, 400.0 * f)),
    Case("flat_line", FlatLine(5.0, 0.2, 3, 5, 2 * MINUTE_MS), lambda f: FlatLine(5.0 * f, 0.2, 3, 5, 2 * MINUTE_MS)),
    Case("gain", Gain(10.0, memory=5, enough=3), lambda f: Gain(10.0 * f, memory=5, enough=3)),
    Case("spike", Spike(50.0, 0.5, 2, 5 * MINUTE_MS), lambda f: Spike(50.0 * f, 0.5, 2, 5 * MINUTE_MS)),
    Case("rate_of_change", RateOfChange(60.0, 2, 5 * MINUTE_MS), lambda f: RateOfChange(60.0 * f, 2, 5 * MINUTE_MS)),
    Case(
        "attenuated",
        Attenuated(5.0, 0.1, 0.6, 0.3, memory=6, enough=4),
        lambda f: Attenuated(5.0 * f, 0.1, 0.6, 0.3, memory=6, enough=4),
    ),
    Case("bottom", Bottom(3.0, 64.0, 1, 2), lambda f: Bottom(3.0 * f, 64.0 * f, 1, 2)),
    Case(
        "clipping",
        Clipping(8.0, 0.1, 0.1, 2, 3, 9 * MINUTE_MS),
        lambda f: Clipping(8.0 * f, 0.1, 0.1, 2, 3, 9 * MINUTE_MS),
    ),
    Case("consistency", Consistency(1.2, 16.0, 1, 2), lambda f: Consistency(1.2, 16.0 * f, 1, 2)),
    Case(
        "oxidant",
        Oxidant(32.0, 0.25, 1, 2, memory=4, enough=3),
        lambda f: Oxidant(32.0 * f, 0.25, 1, 2, memory=4, enough=3),
    ),
    Case("exceedance", Exceedance(90.0, 10.0, 1.0, 2, 2), lambda f: Exceedance(90.0 * f, 10.0 * f, 1.0, 2, 2)),
    Case("local_excess", LocalExcess(30.0, 0.5, 2, 2), lambda f: LocalExcess(30.0 * f, 0.5, 2, 2)),
    Case("onset", Onset(30.0, 0.2, 2.0, 1, 2, enough=2), lambda f: Onset(30.0 * f, 0.2, 2.0, 1, 2, enough=2)),
]
EVERY = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)

# Powers of two scale without rounding, so a rescaled world must give the very same verdict.
VALUES = np.array([np.nan, np.nan, 0.0, 3.0, 64.0, 65.0, 65.0, 100.0, 300.0, 500.0])


@st.composite
def serieses(draw: st.DrawFn) -> Series:
    """Draw values of a few streams at a few times, with gaps and repeats."""
    n, k, chance = draw(st.integers(0, 4)), draw(st.integers(0, 12)), np.random.default_rng(draw(st.integers(0, 10**6)))
    # Values that stay for a while make runs.
    value, background = (
        VALUES[np.repeat(chance.integers(0, len(VALUES), (n, 12)), 2, axis=1)[:, :k]] for _ in range(2)
    )
    time_ms = np.tile(np.arange(k, dtype=np.int64) * MINUTE_MS + WEEK_MS, (n, 1))
    return Series(time_ms, value, background)


def same(one: Any, other: Any) -> bool:
    """Return whether two states are equal, NaN being equal to NaN."""
    pairs = zip(leaves(one), leaves(other), strict=True)
    return all(a[0] == b[0] and np.array_equal(a[1], b[1], equal_nan=a[1].dtype.kind == "f") for a, b in pairs)


def part(series: Series, k: slice) -> Series:
    """Return some of the times."""
    return Series(series.time_ms[:, k], series.value[:, k], series.background[:, k])


def test_every_entry_of_both_tables_is_put_to_the_test() -> None:
    """A new check or detector cannot be forgotten here."""
    assert {case.name for case in CASES} == set(CHECKS) | set(DETECTORS)
    assert all(isinstance(case.method, (CHECKS | DETECTORS)[case.name]) for case in CASES)


@EVERY
@given(series=serieses())
@settings(max_examples=10)
def test_minute_by_minute_says_the_same_as_all_at_once(case: Case, series: Series) -> None:
    """The state carries everything that the method needs to know of the past."""
    n, k = series.value.shape
    whole, end = case.method(series, case.method.start(n))
    state, columns = case.method.start(n), []
    for minute in range(k):
        verdict, state = case.method(part(series, slice(minute, minute + 1)), state)
        columns.append(verdict)

    assert whole.shape == (n, k)
    assert same(end, state)
    assert np.array_equal(whole, np.hstack(columns) if columns else whole)


@EVERY
@given(series=serieses())
@settings(max_examples=10)
def test_the_order_of_streams_makes_no_difference(case: Case, series: Series) -> None:
    """No stream looks at another one's row: neighbours speak by the background only."""
    n = len(series.value)
    order = np.arange(n)[::-1]
    verdict, _ = case.method(series, case.method.start(n))
    turned, _ = case.method(
        Series(series.time_ms[order], series.value[order], series.background[order]), case.method.start(n)
    )

    assert np.array_equal(verdict[order], turned)


@EVERY
@given(series=serieses())
@settings(max_examples=10)
def test_a_call_changes_nothing_that_it_was_given(case: Case, series: Series) -> None:
    """Input and state can be kept and used again: the second pass lives on that."""
    n = len(series.value)
    _, state = case.method(series, case.method.start(n))
    kept = [(name, array.copy()) for name, array in leaves(state)]
    columns = [column.copy() for column in series]
    first, _ = case.method(series, state)
    again, _ = case.method(series, state)

    assert np.array_equal(first, again)
    assert all(np.array_equal(a, b, equal_nan=a.dtype.kind == "f") for a, b in zip(series, columns, strict=True))
    assert all(
        np.array_equal(a[1], b[1], equal_nan=a[1].dtype.kind == "f") for a, b in zip(leaves(state), kept, strict=True)
    )


@EVERY
@given(series=serieses(), minutes=st.lists(st.booleans(), min_size=13, max_size=13))
@settings(max_examples=10)
def test_silence_neither_breaks_nor_lengthens_a_run(case: Case, series: Series, minutes: list[bool]) -> None:
    """Minutes without values, however many, leave state and later verdicts as they were."""
    n, k = series.value.shape
    silent = [(np.full((n, 1), WEEK_MS), np.full((n, 1), np.nan), np.full((n, 1), 77.0))]
    state, gappy = case.method.start(n), case.method.start(n)
    for minute in range(k):
        if minutes[minute]:
            _, gappy = case.method(Series(*silent[0]), gappy)
        verdict, state = case.method(part(series, slice(minute, minute + 1)), state)
        other, gappy = case.method(part(series, slice(minute, minute + 1)), gappy)

        assert np.array_equal(verdict, other)
    assert same(state, gappy)


@EVERY
@given(series=serieses(), weeks=st.integers(0, 2000))
@settings(max_examples=10)
def test_the_calendar_makes_no_difference(case: Case, series: Series, weeks: int) -> None:
    """Shifting time by whole weeks gives the same verdicts."""
    n = len(series.value)
    verdict, _ = case.method(series, case.method.start(n))
    later, _ = case.method(series._replace(time_ms=series.time_ms + weeks * WEEK_MS), case.method.start(n))

    assert np.array_equal(verdict, later)


@EVERY
@given(series=serieses(), power=st.integers(-3, 3))
@settings(max_examples=10)
def test_units_make_no_difference(case: Case, series: Series, power: int) -> None:
    """Values and thresholds scaled together give the same verdicts."""
    n, factor = len(series.value), 2.0**power
    verdict, _ = case.method(series, case.method.start(n))
    scaled = case.scaled(factor)
    other, _ = scaled(Series(series.time_ms, series.value * factor, series.background * factor), scaled.start(n))

    assert np.array_equal(verdict, other)


@EVERY
@given(series=serieses())
@settings(max_examples=10)
def test_a_parameter_for_each_stream_is_the_same_as_one_for_all(case: Case, series: Series) -> None:
    """Scalars and arrays of n are the same thing."""
    n = len(series.value)
    each = {name: np.full(n, value) for name, value in vars(case.method).items()}
    verdict, _ = case.method(series, case.method.start(n))
    other, _ = type(case.method)(**each)(series, case.method.start(n))

    assert np.array_equal(verdict, other)


@EVERY
def test_steady_clean_air_finds_nothing(case: Case) -> None:
    """Values with the noise of an honest device, above a background that moves, are left alone for twelve hours."""
    chance = np.random.default_rng(5)
    k = 720
    background = np.tile(50 + 20 * np.sin(np.arange(k) / 120), (50, 1))
    value = background * (1 + 0.05 * chance.standard_normal((50, k)))
    time_ms = np.tile(np.arange(k, dtype=np.int64) * MINUTE_MS, (50, 1))
    verdict, _ = case.method(Series(time_ms, value, background), case.method.start(50))

    assert not (verdict.astype(np.uint8) >= (Flag.SUSPECT if case.name in CHECKS else 1)).any()


@pytest.mark.parametrize("name", sorted(CHECKS))
@given(series=serieses())
@settings(max_examples=10)
def test_a_missing_value_is_flagged_missing_and_nothing_else_is(name: str, series: Series) -> None:
    """The flag 9 stands exactly where there is no value."""
    case = next(case for case in CASES if case.name == name)
    flags, _ = case.method(series, case.method.start(len(series.value)))

    assert np.array_equal(flags == Flag.MISSING, np.isnan(series.value))


@EVERY
def test_a_misspelt_parameter_is_an_error_at_once(case: Case) -> None:
    """Nothing is silently left out."""
    with pytest.raises(TypeError):
        type(case.method)(**vars(case.method), threshhold=1)
