"""Hysteresis in value and time, against a loop that a person could follow; with gaps and changed order."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.anomaly import Exceedance, Series

MINUTE_MS = 60_000


def by_hand(values: list[float], rule: Exceedance) -> list[bool]:
    """Return the levels of one stream, value by value: NaN is no value."""
    above = below = since = 0
    active, levels = False, []
    for minute, value in enumerate(values):
        beyond = (value - float(np.asarray(rule.limit))) * float(np.asarray(rule.sign))
        if beyond > 0:
            since = minute if above == 0 else since
            above, below = above + 1, 0
            late = (minute - since) * MINUTE_MS >= float(np.asarray(rule.delay_ms))
            active = active or (above >= float(np.asarray(rule.enter)) and late)
        elif beyond <= -float(np.asarray(rule.margin)):
            below += above > 0
            active = active and below < float(np.asarray(rule.leave))
            above, below = (above, below) if active else (0, 0)
        levels.append(active)
    return levels


def series(values: list[list[float]]) -> Series:
    """Return a series of minutes."""
    value = np.array(values, np.float64)
    time_ms = np.tile(np.arange(value.shape[1], dtype=np.int64) * MINUTE_MS, (len(value), 1))
    return Series(time_ms, value, np.full(value.shape, np.nan))


VALUE = st.sampled_from([float("nan"), 70.0, 79.9, 80.0, 85.0, 90.0, 90.1, 120.0])
RULES = st.builds(
    Exceedance,
    st.just(90.0),
    st.sampled_from([0.0, 10.0]),
    st.sampled_from([1.0, -1.0]),
    st.integers(1, 4),
    st.integers(1, 4),
    st.sampled_from([0, 3 * MINUTE_MS]),
)


@given(rule=RULES, values=st.lists(st.lists(VALUE, min_size=30, max_size=30), min_size=1, max_size=4))
@settings(max_examples=40)
def test_every_value_has_the_level_that_a_person_would_give_it(rule: Exceedance, values: list[list[float]]) -> None:
    """All streams at once, above a limit and below it, with and without margin and delay."""
    levels, _ = rule(series(values), rule.start(len(values)))

    assert [by_hand(one, rule) for one in values] == levels.tolist()


@given(rule=RULES, values=st.lists(VALUE, min_size=5, max_size=30), gaps=st.lists(st.integers(0, 30), max_size=10))
@settings(max_examples=40)
def test_a_gap_alone_never_enters_or_leaves(rule: Exceedance, values: list[float], gaps: list[int]) -> None:
    """At a minute without a value the level is that of the minute before."""
    holed = [float("nan") if minute in gaps else value for minute, value in enumerate(values)]
    levels, _ = rule(series([holed]), rule.start(1))
    missing = np.flatnonzero(np.isnan(holed))

    assert all(levels[0, minute] == (levels[0, minute - 1] if minute else False) for minute in missing)


def test_the_band_between_limit_and_margin_holds_what_is_and_begins_nothing() -> None:
    """85 is below the limit of 90 and not back by 10: it neither enters nor leaves, for however long."""
    rule = Exceedance(90.0, 10.0, 1.0, 2, 2)
    levels, _ = rule(series([[95, 85, 95, *[85.0] * 20, 80, 80], [85.0] * 25]), rule.start(2))

    assert [False, False, *[True] * 22, False] == levels[0].tolist()
    assert not levels[1].any()


@pytest.mark.parametrize(("limit", "margin", "enter"), [(90.0, -1.0, 1), (90.0, 0.0, 0)])
def test_parameters_that_mean_nothing_are_refused(limit: float, margin: float, enter: int) -> None:
    """A margin below zero, a count of none."""
    with pytest.raises(ValueError, match=r"must|counts"):
        Exceedance(limit, margin, enter=enter)
