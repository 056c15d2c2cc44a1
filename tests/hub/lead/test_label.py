"""Precision from labels, against hand counts and printed intervals."""

import pytest

from hub.lead.label import FEW, LabelOutcome, Opened, beijing_month, precisions, wilson


@pytest.mark.parametrize(
    ("right", "n", "low", "high"),
    [
        # Newcombe 1998, Statistics in Medicine 17:857-872, table I, method 3.
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_interval_is_the_printed_one(right: int, n: int, low: float, high: float) -> None:
    """The score interval without continuity correction."""
    assert wilson(right, n) == pytest.approx((low, high), abs=5e-5)


def test_nothing_said_is_nothing_known() -> None:
    """Without labels there is no precision, and the interval is everything."""
    row = precisions([Opened("lead", (("detector", "onset"),), 0, None)])[0]

    assert (row.opened, row.labelled, row.precision, row.low, row.high, row.few) == (1, 0, None, 0.0, 1.0, True)


def test_a_sensor_fault_confirms_a_ticket_and_refutes_a_lead() -> None:
    """A lead says that the world is unusual, a ticket that the sensor lies."""
    outcomes: tuple[LabelOutcome, ...] = ("confirmed", "sensor_fault", "regional", "false")
    leads = [Opened("lead", (("detector", "onset"),), 0, outcome) for outcome in outcomes]
    tickets = [Opened("ticket", (("check", "gain"),), 0, outcome) for outcome in outcomes]
    rows = {row.name: row for row in precisions([*leads, *tickets]) if not row.month}

    assert [rows[name].precision for name in ("onset", "gain")] == [0.25, 0.5]
    assert rows["onset"].outcomes == dict.fromkeys(outcomes, 1)


def test_many_labels_are_not_few() -> None:
    """What is said of enough cases may be read as a share."""
    row = precisions([Opened("ticket", (("check", "gain"),), 0, "false")] * FEW)[0]

    assert (row.few, row.precision) == (False, 0.0)


def test_month_is_that_of_beijing() -> None:
    """The last hours of a month in UTC are the next month's first there."""
    assert [beijing_month(1_777_564_800_000 + shift) for shift in (-1, 0)] == ["2026-04", "2026-05"]
