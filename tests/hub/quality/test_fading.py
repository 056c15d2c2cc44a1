"""The causal filters against plain loops."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from hub.quality.faults.fading import run_sum, whole, window_max, window_sum


@given(
    st.lists(st.sampled_from([0.0, 1.0, 2.5, 7.9, np.nan]), min_size=1, max_size=20),
    st.integers(1, 6),
    st.integers(0, 20),
)
def test_filters_give_what_a_loop_gives(series: list[float], steps: int, border: int) -> None:
    """Sums and greatest of the newest steps and of runs, cut anywhere."""
    nothing = np.full((1, steps), -np.inf, np.float32), np.zeros((1, steps), np.float32), np.zeros(1)
    amounts = whole(np.nan_to_num(np.array(series)) / 3)
    broken = np.array(series) == 2.5
    greatest, total, run = [], [], []
    for part in (slice(0, border), slice(border, None)):
        if np.array(series)[part].size:
            top = window_max(np.array(series)[None, part], nothing[0])
            greatest += top[0][0].tolist()
            some = window_sum(amounts[None, part], nothing[1])
            total += some[0][0].tolist()
            runs = run_sum(np.where(broken, 0, amounts)[None, part], broken[None, part], nothing[2])
            run += runs[0][0].tolist()
            nothing = top[1], some[1], runs[1]

    for at in range(len(series)):
        newest = [-np.inf, *(x for x in series[max(at - steps, 0) : at] if not np.isnan(x))]
        since = max([-1, *np.flatnonzero(broken[: at + 1])])
        assert np.float32(max(newest)) == greatest[at]
        assert amounts[max(at - steps + 1, 0) : at + 1].sum() == total[at]
        assert amounts[since + 1 : at + 1].sum() == run[at]
