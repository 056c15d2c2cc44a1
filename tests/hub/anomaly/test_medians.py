"""Medians of many short columns at once, against NumPy's."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from hub.anomaly.medians import ColumnMedian, median, medians

some = st.sampled_from([math.inf, 0.0, 1.0, 1.5, 40.25, 41.0, 900.0]) | st.floats(0, 1000, width=32)


@pytest.mark.parametrize(("height", "fewest"), [(4, 1), (8, 3), (16, 5)])
@given(draw=st.data())
@settings(max_examples=40)
def test_columns_have_the_medians_of_what_is_there(height: int, fewest: int, draw: st.DataObject) -> None:
    """Infinity is what is missing; of too few there is none; exactly as rows are judged one by one."""
    columns = draw.draw(arrays(np.float32, (height, 9), elements=some))
    there = [column[column < math.inf].astype(np.float64) for column in columns.T]
    expected = [np.median(values) if len(values) >= fewest else math.nan for values in there]
    rows = np.where(columns < math.inf, columns, math.nan).T.astype(np.float64)

    assert np.array_equal(medians(rows, fewest), expected, equal_nan=True)
    assert np.array_equal(ColumnMedian(height, fewest)(columns), expected, equal_nan=True)


@given(values=st.lists(st.floats(0, 1000, width=32), max_size=12))
def test_one_median_of_many(values: list[float]) -> None:
    """Five are needed."""
    expected = np.median(np.array(values)) if len(values) >= 5 else math.nan

    assert np.array_equal(median(np.array(values, np.float32)), expected, equal_nan=True)
