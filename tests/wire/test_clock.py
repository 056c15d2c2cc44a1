"""Field time: what every program takes instead of reading the time itself."""

import asyncio
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire.clock import ScaledClock, SystemClock, parse_clock

ORIGIN_MS = 1_380_844_800_000  # 2013-10-04T00:00:00Z
HOUR_MS = 3_600_000


def anchored(seconds_ago: float, speed: float, limit_ms: int | None = None) -> ScaledClock:
    """Return a clock that was at the origin so many real seconds ago."""
    anchor_ns = time.monotonic_ns() - int(seconds_ago * 1e9)
    return (
        ScaledClock(ORIGIN_MS, anchor_ns, speed)
        if limit_ms is None
        else ScaledClock(ORIGIN_MS, anchor_ns, speed, limit_ms)
    )


def test_scaled_clock_runs_speed_times_as_fast() -> None:
    """Ten real seconds at 360 are one field hour, give or take what this test itself takes."""
    passed_ms = anchored(10, 360).utc_ms() - ORIGIN_MS

    assert HOUR_MS <= passed_ms < HOUR_MS + 360 * 2000


def test_two_clocks_of_one_demo_agree() -> None:
    """A clock handed over on a command line tells the time of the one it was made from."""
    clock = anchored(10, 360)
    before, there, after = clock.utc_ms(), parse_clock(str(clock)).utc_ms(), clock.utc_ms()

    assert before <= there <= after


def test_scaled_clock_slows_down_at_its_limit() -> None:
    """Past the limit field seconds are real seconds: draining after the scene costs no field hours."""
    clock = anchored(20, 360, ORIGIN_MS + HOUR_MS)
    after_ms = clock.utc_ms() - ORIGIN_MS - HOUR_MS

    assert 10_000 <= after_ms < 12_000
    assert clock.real_s(5) == pytest.approx(5)


@given(st.floats(0.001, 1e6), st.floats(0, 1e6))
def test_real_seconds_shrink_by_the_speed(speed: float, field_s: float) -> None:
    """What is asked of the operating system is field seconds over speed."""
    assert ScaledClock(ORIGIN_MS, time.monotonic_ns(), speed).real_s(field_s) == pytest.approx(
        field_s / speed, abs=1e-3
    )


def test_a_sleep_of_a_field_hour_is_short_at_high_speed() -> None:
    """Sleeping goes by field time; a time already past returns at once."""
    clock = anchored(0, 3.6e6)
    asyncio.run(clock.sleep(3600))
    asyncio.run(clock.sleep(-1))

    assert clock.utc_ms() - ORIGIN_MS >= HOUR_MS


def test_system_clock_is_the_system_time() -> None:
    """Field time is real time, in the milliseconds of 1970."""
    before_ms, now_ms, after_ms = time.time_ns() // 10**6, SystemClock().utc_ms(), time.time_ns() // 10**6

    assert before_ms <= now_ms <= after_ms
    assert SystemClock().real_s(3) == 3


@given(st.integers(0, 4_000_000_000), st.integers(0, 10**18), st.integers(1, 99_999), st.none() | st.integers(1, 10**6))
def test_a_clock_survives_the_command_line(origin_s: int, anchor_ns: int, speed: int, limit_s: int | None) -> None:
    """`parse_clock` gives back what str() wrote, to the second of origin and limit."""
    limit = () if limit_s is None else ((origin_s + limit_s) * 1000,)
    clock = ScaledClock(origin_s * 1000, anchor_ns, speed, *limit)

    assert parse_clock(str(clock)) == clock


def test_the_word_system_names_the_system_clock() -> None:
    """It is the default of every program."""
    assert isinstance(parse_clock("system"), SystemClock)


@pytest.mark.parametrize(
    "text",
    ["", "now", "2013-10-04T00:00:00Z", "@360/1", "2013-10-04T00:00:00Z@360/", "2013-13-01T00:00:00Z@360/1", "x@0/1"],
)
def test_a_text_that_names_no_clock_is_refused(text: str) -> None:
    """A misspelt clock stops the program at its start."""
    with pytest.raises(ValueError, match=r".+"):
        parse_clock(text)


@pytest.mark.parametrize("speed", [0.0, -1.0, float("nan")])
def test_a_clock_that_does_not_advance_is_refused(speed: float) -> None:
    """Speed is above zero."""
    with pytest.raises(ValueError, match="speed"):
        ScaledClock(ORIGIN_MS, 0, speed)


def test_scaled_clock_runs_as_in_life_until_its_anchor() -> None:
    """Programs that start before the anchor lose no field time: a sleep across it is not stretched or cut."""
    clock = anchored(-10, 360)

    assert ORIGIN_MS - 10_000 <= clock.utc_ms() < ORIGIN_MS - 8_000
    assert clock.real_s(10 + 360) == pytest.approx(11, abs=1e-3)
