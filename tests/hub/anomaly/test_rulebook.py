"""Limits and thresholds: which hold when, and what can never be one."""

from datetime import UTC, date, datetime

import pytest

from hub.anomaly.rulebook import beijing_day, default_rules, in_force, is_night, read_rules
from hub.errors import ConfigError

RULE = """
version = "2026-01-01"
[[rule]]
id = "x"
kind = "local_threshold"
property = "pm10"
unit = "ug/m3"
stations = ["micro_station"]
threshold = 100
enter = 1
leave = 1
level = "red"
source = "here, unverified"
confidence = "C"
"""


def minute(text: str) -> int:
    """Return a minute since 1970 of a UTC time."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) // 60


def test_every_rule_says_where_its_numbers_stand() -> None:
    """Source and confidence are there, ids are unique and carry the version of their table."""
    rules = default_rules()

    assert all(rule.source and "@" in rule.id for rule in rules)
    assert len({rule.id for rule in rules}) == len(rules)


def test_no_rule_is_a_limit_for_hourly_particulates() -> None:
    """GB 3095 has none below a day: they are index levels or thresholds of our own, and ask for attention only."""
    hourly = [rule for rule in default_rules() if rule.property in {"pm2_5", "pm10"} and rule.average_min < 1440]

    assert hourly
    assert not [rule for rule in hourly if rule.kind == "limit"]
    assert {rule.level for rule in hourly if rule.kind != "local_excess"} == {"attention"}


def test_an_invented_hourly_limit_is_refused() -> None:
    """Also when somebody writes one into the tables."""
    with pytest.raises(ConfigError, match="no limit for pm10 below a day"):
        read_rules("x.toml", RULE.replace("local_threshold", "limit"))


def test_nitrogen_oxides_have_no_limit() -> None:
    """Clause 4.5 of GB 3095-2026 leaves it to the ministry or the province."""
    assert {rule.kind for rule in default_rules() if rule.property == "nox"} == {"local_excess", "onset"}


def test_rules_are_chosen_by_the_day_of_the_readings() -> None:
    """The index of HJ 633-2026 judges readings from 2026-03-01 on; before, the project's own threshold does."""
    before, after = (in_force(default_rules(), date(2026, *day)) for day in ((2, 28), (3, 1)))

    assert "aqi_level" not in {rule.kind for rule in before}
    assert {"aqi_level", "limit"} <= {rule.kind for rule in after}
    assert [r.property for r in before if r.id.startswith("local-pm")] == ["pm2_5", "pm10"]
    assert not [r for r in after if r.id.startswith("local-pm")]


@pytest.mark.parametrize(
    ("utc", "night"),
    [("2026-05-01T13:59", False), ("2026-05-01T14:00", True), ("2026-05-01T21:59", True), ("2026-05-01T22:00", False)],
)
def test_night_is_from_22_to_6_in_beijing(utc: str, night: bool) -> None:  # noqa: FBT001
    """Whatever the machine's own time zone is."""
    assert is_night(minute(utc)) is night


def test_a_day_begins_at_midnight_in_beijing() -> None:
    """16:00 UTC is the next day."""
    assert beijing_day(minute("2026-02-28T15:59")) == date(2026, 2, 28)
    assert beijing_day(minute("2026-02-28T16:00")) == date(2026, 3, 1)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("threshold", "treshold"), "treshold"),
        (('"pm10"', '"pm11"'), "pm11"),
        (('"ug/m3"', '"ppb"'), "ppb"),
        ((", unverified", ""), "unverified"),
        (('"red"', '"crimson"'), "crimson"),
        (("version", "[["), "Invalid|Expected"),
    ],
)
def test_a_rule_that_cannot_be_used_is_refused_with_its_reason(change: tuple[str, str], said: str) -> None:
    """File and rule are named."""
    with pytest.raises(ConfigError, match=said) as caught:
        read_rules("x.toml", RULE.replace(*change))

    assert caught.value.file == "x.toml"
