"""`quietwatch hub rules check`: the program's own rules, and those of a site beside them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

RULE = """
version = "2026-06-01"
jurisdiction = "site"
[[rule]]
id = "cold-store"
kind = "lab_range"
property = "temperature"
unit = "degC"
stations = ["lab"]
at_stations = ["lab-b2"]
threshold = 8
enter = 4
leave = 5
delay_min = 3
level = "red"
source = "standing order of the cold store"
confidence = "B"
"""


def test_the_programs_own_rules_are_without_a_flaw(called: Callable[..., Any]) -> None:
    """And the last line says so."""
    status, out, _ = called("hub", "rules", "check")

    assert 0 == status
    assert out.splitlines()[-1].endswith("no flaw")


def test_a_sites_rules_are_checked_beside_them(called: Callable[..., Any], tmp_path: Path) -> None:
    """A flaw is status 1, a line for a person, an object for a program."""
    (tmp_path / "own.toml").write_text(RULE, "utf-8")
    good = called("hub", "rules", "check", tmp_path, "--json")
    (tmp_path / "own.toml").write_text(RULE.replace('jurisdiction = "site"', ""), "utf-8")
    told, typed = called("hub", "rules", "check", tmp_path), called("hub", "rules", "check", tmp_path, "--json")

    assert (0, []) == (good.status, json.loads(good.out)["flaws"])
    assert (1, 1) == (told.status, typed.status)
    assert "cold-store@2026-06-01: jurisdiction: " in told.out
    assert ["cold-store@2026-06-01"] == [flaw["rule"] for flaw in json.loads(typed.out)["flaws"]]


def test_what_cannot_be_read_is_named(called: Callable[..., Any], tmp_path: Path) -> None:
    """A mistake in a file, or no such directory: status 2, one line."""
    (tmp_path / "own.toml").write_text(RULE.replace("threshold = 8", ""), "utf-8")
    mistake, nowhere = (called("hub", "rules", "check", where) for where in (tmp_path, tmp_path / "none"))

    assert (2, 2) == (mistake.status, nowhere.status)
    assert "site/own.toml: [rule] threshold: cold-store: give a threshold" in mistake.err
    assert 1 == nowhere.err.count("\n")
