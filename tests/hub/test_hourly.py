"""Hours: which streams neighbours judge, their means, and the matrices by property."""

import math
from typing import Any

import numpy as np
import pytest

from hub.hourly import hour_of, judged_streams, matrices, posts_of
from hub.model import MINUTE_MS, Datastream, Station
from hub.network import Network, build_network
from hub.panel import Panel, Readings

HOUR = 394_000
STATIONS = (
    Station("m1", "micro_station", "m1", "m1", 116.5, 39.8, "gw"),
    Station("car", "vehicle", "car", "car", math.nan, math.nan, "gw"),
    Station("m2", "reference", "m2", "m2", 116.6, 39.8, "gw"),
    Station("lab", "lab", "lab", "lab", 116.5, 39.81, "gw"),
    Station("third", "micro_station", "t", "t", 116.7, 39.8, "party", signed=False),
)
LISTED = (
    ("m1", "m1-pm", "pm2_5", 60.0),
    ("car", "car-pm", "pm2_5", 60.0),
    ("m1", "m1-gas", "o3", 60.0),
    ("m1", "m1-gas", "temperature", 60.0),
    ("m2", "m2-pm", "pm2_5", 3600.0),
    ("m1", "m1-pm-b", "pm2_5", 60.0),
    ("lab", "lab-pm", "pm2_5", 60.0),
    ("third", "t-pm", "pm2_5", 60.0),
)


def network() -> Network:
    """Return a network with one of everything."""
    streams = [
        Datastream(f"{station}/{device}/{name}", row, station, device, name, unit(name), period)
        for row, (station, device, name, period) in enumerate(LISTED)
    ]
    return build_network(STATIONS, streams, ())


def unit(name: str) -> str:
    """Return the canonical unit of the properties used here."""
    return "degC" if name == "temperature" else "ug/m3"


def panel_of(values: Any) -> Panel:
    """Return a panel with values (n, 60) in the hour, NaN for none."""
    panel, n = Panel(), len(values)
    panel.grow(np.zeros(n, np.int8), np.zeros(n, np.bool_))
    nan = np.full(n, np.nan)
    for k in range(60):
        minute = HOUR * 60 + k
        flags = np.where(np.isnan(values[:, k]), 9, 1).astype(np.uint8)
        time_ms = np.full(n, minute * MINUTE_MS + 5)
        panel.add(Readings(np.arange(n, dtype=np.int32), time_ms, values[:, k], flags, nan, nan), minute)
        panel.head = minute
    return panel


def test_neighbours_judge_concentrations_in_the_open_air() -> None:
    """Nothing that moves, nothing in a room, nothing unsigned, no temperature."""
    assert [0, 2, 4, 5] == [stream.row for stream in judged_streams(network())]


def test_devices_of_a_station_share_a_row_unless_they_measure_the_same() -> None:
    """The second of a property has a row of its own, at the same position."""
    posts = posts_of(judged_streams(network()))

    assert [(116.5, 39.8), (116.6, 39.8), (116.5, 39.8)] == [tuple(at) for at in posts.positions]
    assert {"o3": [[2], [0]], "pm2_5": [[0, 4, 5], [0, 1, 2]]} == {
        name: [rows.tolist(), places.tolist()] for name, (rows, places) in posts.streams.items()
    }


def test_posts_stay_where_they_are_when_streams_come() -> None:
    """New ones stand behind."""
    streams = judged_streams(network())
    few, all_ = posts_of(streams[:3]), posts_of(streams)

    assert np.array_equal(few.positions, all_.positions[: len(few)])


@pytest.mark.parametrize(("minutes", "counts"), [(45, True), (44, False)])
def test_an_hour_needs_45_minutes(minutes: int, counts: bool) -> None:  # noqa: FBT001
    """As the standard asks for; its mean is that of a loop over the minutes that are there."""
    values = np.full((len(LISTED), 60), np.nan)
    values[0, :minutes] = np.arange(minutes) + 0.3
    posts, rows = posts_of(judged_streams(network())), np.array([0, 2, 4, 5])
    hour = hour_of(panel_of(values), rows, HOUR * 60 + 59)
    found = matrices(posts, hour.means[None], hour.counts[None])["pm2_5"]

    assert (HOUR, minutes) == (hour.hour, hour.counts[0])
    assert math.isclose(hour.means[0], sum(k + 0.3 for k in range(minutes)) / minutes, rel_tol=1e-6)
    assert counts == bool(np.isfinite(found[0, 0]))
    assert np.isnan(found[1:]).all()


def test_a_device_that_reports_each_hour_needs_one_value() -> None:
    """Three quarters of what it can give."""
    values = np.full((len(LISTED), 60), np.nan)
    values[4, 7] = 12.0
    hour = hour_of(panel_of(values), np.array([0, 2, 4, 5]), HOUR * 60 + 59)
    found = matrices(posts_of(judged_streams(network())), hour.means[None], hour.counts[None])

    assert 12.0 == found["pm2_5"][1, 0]


def test_a_history_from_before_a_stream_came_has_none_of_it() -> None:
    """The matrices are as many rows as there are posts now."""
    means, counts = np.full((3, 1), 5.0, np.float32), np.full((3, 1), 60, np.uint8)
    found = matrices(posts_of(judged_streams(network())), means, counts)

    assert {"pm2_5": [3, 0, 0], "o3": [0, 0, 0]} == {
        name: np.isfinite(matrix).sum(axis=1).tolist() for name, matrix in found.items()
    }
