"""The rules: what value asks what level of an area, from when to when, and who says so."""

import tomllib
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import cache, lru_cache
from importlib import resources
from typing import Final

import msgspec

from hub.anomaly.citing import Uncitable, cited, versioned
from hub.anomaly.rule import Rule, Rulebook
from hub.anomaly.standard import Standards, default_standards
from hub.errors import ConfigError

__all__ = [
    "Rule",
    "beijing_day",
    "default_rules",
    "in_force",
    "is_night",
    "phase_start",
    "read_rules",
    "rule_texts",
    "rules_of",
]

# China has one time zone, without daylight saving: the standards' days and nights are Beijing's.
BEIJING: Final = timedelta(hours=8)
NIGHT_FROM_H, NIGHT_TO_H = 22, 6


def read_rules(name: str, text: str, standards: Standards | None = None) -> tuple[Rule, ...]:
    """Return the rules of one TOML text, each id followed by the version of its file.

    Args:
        name: of the file, for errors.
        text: TOML.
        standards: that it may cite; those that come with the program unless given.

    Raises:
        ConfigError: not TOML, an unknown key or property, a unit that cannot be converted, a limit that no standard
            has, or a rule without its source.
    """
    try:
        book = msgspec.convert(tomllib.loads(text), Rulebook)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ConfigError(name, "rule", "", str(error)) from error
    known = default_standards() if standards is None else standards
    found: list[Rule] = []
    for written in book.rule:
        try:
            found += (versioned(rule, book.version, book.jurisdiction) for rule in cited(written, known))
        except Uncitable as error:
            raise ConfigError(name, "rule", error.key, f"{written.id}: {error.reason}") from error
    return tuple(found)


def rule_texts() -> dict[str, str]:
    """Return the texts of the rules that come with the program, by file name."""
    files = sorted(resources.files("hub.anomaly.rules").iterdir(), key=lambda file: file.name)
    return {file.name: file.read_text("utf-8") for file in files if file.name.endswith(".toml")}


def rules_of(texts: Mapping[str, str], standards: Standards | None = None) -> tuple[Rule, ...]:
    """Return the rules of several files, in the order of their names.

    Args:
        texts: TOML, by name.
        standards: that they may cite; those that come with the program unless given.

    Raises:
        ConfigError: see `read_rules`.
    """
    known = default_standards() if standards is None else standards
    return tuple(rule for name in sorted(texts) for rule in read_rules(name, texts[name], known))


@cache  # a hub asks again whenever a gateway's catalogue changes
def default_rules() -> tuple[Rule, ...]:
    """Return the rules that come with the program."""
    return rules_of(rule_texts())


def in_force(rules: Iterable[Rule], day: date) -> tuple[Rule, ...]:
    """Return the rules that judge readings of a day in Beijing."""
    return tuple(rule for rule in rules if rule.valid_from <= day <= rule.valid_to)


def beijing_day(minute: int) -> date:
    """Return the day in Beijing of a minute since 1970."""
    return _beijing(minute).date()


def is_night(minute: int) -> bool:
    """Return whether a minute since 1970 is in the night of the noise standards."""
    hour = _beijing(minute).hour
    return hour >= NIGHT_FROM_H or hour < NIGHT_TO_H


def phase_start(minute: int) -> int:
    """Return the first minute of the day or night of the noise standards in which a minute since 1970 lies."""
    clock = _beijing(minute)
    since_six = (clock.hour - NIGHT_TO_H) % 24 * 60 + clock.minute
    day_min = (NIGHT_FROM_H - NIGHT_TO_H) * 60
    return minute - (since_six - day_min if since_six >= day_min else since_six)


@lru_cache(maxsize=64)  # every group of rules asks the same of the same minute
def _beijing(minute: int) -> datetime:
    return datetime.fromtimestamp(minute * 60, UTC).replace(tzinfo=None) + BEIJING
