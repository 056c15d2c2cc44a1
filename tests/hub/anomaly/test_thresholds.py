"""Entering and leaving levels."""

import numpy as np
import pytest

from hub.anomaly import Exceedance, LocalExcess, Series

MINUTE_MS = 60_000


def levels(detector: Exceedance | LocalExcess, *values: float, background: float = 0.0) -> list[bool]:
    """Return whether the level is entered after each value of one stream."""
    k = len(values)
    series = Series(
        np.arange(k, dtype=np.int64)[None, :] * MINUTE_MS, np.array([values], np.float64), np.full((1, k), background)
    )
    return [bool(level) for level in detector(series, detector.start(1))[0][0]]


def test_a_level_is_entered_after_so_many_values_and_left_after_so_many() -> None:
    """Three to enter, two to leave."""
    assert levels(Exceedance(10, 1, 1, 3, 2), 11, 11, 11, 9, 9, 9) == [False, False, True, True, False, False]


def test_a_value_between_the_thresholds_neither_adds_nor_ends() -> None:
    """9.5 is within the margin of 10."""
    assert levels(Exceedance(10, 1, 1, 3, 2), 11, 11, 9.5, 11, 9, 9.5, 9) == [
        False,
        False,
        False,
        True,
        True,
        True,
        False,
    ]


def test_the_limit_itself_is_no_exceedance() -> None:
    """Beyond is beyond; a limit of zero is one."""
    assert levels(Exceedance(0.0), 0.0, 0.1) == [False, True]


def test_values_below_can_be_what_counts() -> None:
    """A room that is too cold."""
    assert levels(Exceedance(5, 1, -1), 6, 4, 5.5, 7) == [False, True, True, False]


def test_a_delay_must_have_passed_since_the_first_value() -> None:
    """However many values there are."""
    assert levels(Exceedance(10, 0, 1, 1, 1, 2 * MINUTE_MS), 11, 11, 11) == [False, False, True]


@pytest.mark.parametrize(("value", "entered"), [(100 + 60, False), (100 + 61, True)])
def test_an_excess_must_pass_the_larger_of_absolute_and_relative(value: float, entered: bool) -> None:  # noqa: FBT001
    """At a background of 100, 60 % are 60, more than the 50 that are always needed."""
    assert levels(LocalExcess(50, 0.6), value, background=100) == [entered]
    assert levels(LocalExcess(50, 0.6), 51, background=0) == [True]


def test_an_excess_is_left_at_seven_tenths() -> None:
    """Not before."""
    assert levels(LocalExcess(100), 101, 71, 69) == [True, True, False]


def test_without_a_background_nothing_is_an_excess() -> None:
    """A station without neighbours has no region to stand above."""
    assert levels(LocalExcess(1), 1e6, background=float("nan")) == [False]


@pytest.mark.parametrize(
    ("kind", "parameters"),
    [
        (Exceedance, {"limit": 1, "margin": -1}),
        (Exceedance, {"limit": 1, "sign": 0}),
        (Exceedance, {"limit": 1, "enter": 0}),
        (LocalExcess, {"absolute": 0}),
        (LocalExcess, {"absolute": 1, "relative": -0.1}),
        (LocalExcess, {"absolute": 1, "leave": 0}),
    ],
)
def test_parameters_without_a_meaning_are_refused(
    kind: type[Exceedance] | type[LocalExcess], parameters: dict[str, float]
) -> None:
    """At construction."""
    with pytest.raises(ValueError, match=r"must|counts"):
        kind(**parameters)
