"""QARTOD's tests: the flags of ioos_qc, value by value, and what ours refuse."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.quality import qartod
from wire.reading import Flag

ORACLE: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "vectors" / "ioos_qc_3_0_0.json").read_text(encoding="utf-8")
)
KINDS: dict[str, Any] = {
    "gross_range": qartod.GrossRange,
    "spike": qartod.Spike,
    "rate_of_change": qartod.RateOfChange,
    "flat_line": qartod.FlatLine,
    "attenuated": qartod.Attenuated,
    "gap": qartod.Gap,
}
# ioos_qc judges the value behind an infinite one by what lies under its mask; ours has nothing to compare it with.
OURS = {("rate_of_change", "infinite, even"), ("rate_of_change", "infinite, uneven")}
START = np.datetime64("2026-01-01T00:00:00", "ms")
EVERY = [(name, index) for name, cases in ORACLE["settings"].items() for index in range(len(cases))]
ALL = qartod.Settings(
    qartod.GrossRange((-40.0, 90.0), (-30.0, 60.0)),
    qartod.Spike(5.0, 20.0),
    qartod.RateOfChange(0.2, 0.5),
    qartod.FlatLine(180.0, 300.0, 0.5),
    qartod.Attenuated(0.4, 0.1, 300.0, 3),
    qartod.Gap(180.0),
)


def settings_of(name: str, case: dict[str, Any]) -> qartod.Settings:
    """Return one test's settings as the vectors state them."""
    given = {key: tuple(value) if isinstance(value, list) else value for key, value in case.items()}
    stated = {key: value for key, value in given.items() if value is not None}
    return qartod.Settings(**{name: KINDS[name](**stated)})


def times_of(seconds: list[int]) -> Any:
    """Return the times of a case."""
    return START + np.array(seconds) * np.timedelta64(1000, "ms")


@pytest.mark.parametrize(("name", "index"), EVERY)
def test_flags_are_those_of_ioos_qc(name: str, index: int) -> None:
    """Gaps, borders, equal values and uneven times: 46 series, each value's flag."""
    wanted = settings_of(name, ORACLE["settings"][name][index])
    wrong = []
    for case in ORACLE["cases"]:
        values = np.array([[np.nan if one is None else float(one) for one in case["values"]]])
        found = "".join(map(str, qartod.flags(values, times_of(case["seconds"]), wanted)[0].tolist()))
        if found != case["flags"][name][index]:
            wrong.append((name, case["name"]))

    assert [one for one in wrong if one not in OURS] == []


@st.composite
def blocks(draw: st.DrawFn) -> tuple[Any, Any]:
    """Draw values of a few streams with gaps and runs, and their times."""
    n, k = draw(st.integers(1, 6)), draw(st.integers(0, 40))
    chance = np.random.default_rng(draw(st.integers(0, 10**6)))
    values = np.round(20 + np.cumsum(chance.normal(0, 1, (n, k)), axis=1), 1)
    values = np.where(chance.random((n, k)) < 0.3, np.roll(values, 1, axis=1), values)
    values[chance.random((n, k)) < 0.1] = np.nan
    values[chance.random((n, k)) < 0.05] += 100
    return values, START + np.cumsum(chance.choice([60, 61, 240], k)) * np.timedelta64(1000, "ms")


@given(block=blocks())
@settings(max_examples=25)
def test_streams_are_judged_alone_and_the_worst_flag_stands(block: tuple[Any, Any]) -> None:
    """Alone or together, in any order; of several tests the aggregate's order holds."""
    values, times = block
    together, by_test = qartod.flags(values, times, ALL), qartod.each(values, times, ALL)
    rank = np.zeros(10, np.int64)
    rank[[Flag.MISSING, Flag.UNKNOWN, Flag.GOOD, Flag.SUSPECT, Flag.FAIL]] = range(5)
    worst = np.array(list(by_test.values()))
    worst = np.take_along_axis(worst, rank[worst].argmax(axis=0)[None], axis=0)[0]

    assert np.array_equal(together[::-1], qartod.flags(values[::-1], times, ALL))
    assert np.array_equal(together, np.vstack([qartod.flags(row[None], times, ALL) for row in values]))
    assert np.array_equal(together, worst)


@given(block=blocks(), cut=st.integers(0, 40))
@settings(max_examples=25)
def test_a_flag_depends_on_the_past_and_a_spike_on_the_next_value(block: tuple[Any, Any], cut: int) -> None:
    """A series that ends sooner has the same beginning; on even times, since flat line counts median steps."""
    values = block[0]
    times = START + np.arange(values.shape[1]) * np.timedelta64(60_000, "ms")
    whole, part = qartod.each(values, times, ALL), qartod.each(values[:, :cut], times[:cut], ALL)
    for name, flags in part.items():
        kept = flags.shape[1] - (1 if name == "spike" else 0)
        if name == "gap":  # the first value is judged as the second
            late = (np.cumsum(~np.isnan(values), axis=1) < 2)[:, :kept]
            assert np.array_equal(np.where(late, 0, whole[name][:, :kept]), np.where(late, 0, flags))
        elif flags.shape[1] > 2:
            assert np.array_equal(whole[name][:, :kept], flags[:, :kept])


def test_a_threshold_of_nothing_is_honoured() -> None:
    """Where ioos_qc takes 0 for "no threshold", every departure is a spike."""
    flags = qartod.flags(np.array([[1.0, 1.0, 1.5, 1.5]]), times_of([0, 60, 120, 180]), _spike(0.0))

    assert flags.tolist() == [[2, 3, 3, 2]]


def _spike(suspect: float) -> qartod.Settings:
    return qartod.Settings(spike=qartod.Spike(suspect))


def test_no_stream_and_no_step_are_no_fault() -> None:
    """Empty in, empty out."""
    assert qartod.flags(np.zeros((0, 3)), times_of([0, 60, 120]), ALL).shape == (0, 3)
    assert qartod.flags(np.zeros((3, 0)), times_of([]), ALL).shape == (3, 0)


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (lambda: qartod.GrossRange((0.0, 10.0), (-1.0, 5.0)), "suspect"),
        (lambda: qartod.FlatLine(60.0, 120.0, 0.0), "tolerance"),
        (lambda: qartod.flags(np.zeros((1, 2)), times_of([0, 60]), qartod.Settings()), "no test"),
        (lambda: qartod.flags(np.zeros(2), times_of([0, 60]), ALL), "needed"),
        (lambda: qartod.flags(np.zeros((1, 2)), times_of([0, 0]), ALL), "ascend"),
    ],
)
def test_what_cannot_be_is_refused(wrong: Any, why: str) -> None:
    """At once, with the reason."""
    with pytest.raises(ValueError, match=why):
        wrong()
