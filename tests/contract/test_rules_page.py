"""docs/rules.md explains every key of a rule, and its example is one that the check accepts."""

import re
from pathlib import Path

import pytest

from hub.anomaly.lint import lint
from hub.anomaly.rule import Rulebook, Written
from hub.anomaly.rulebook import default_rules, read_rules
from hub.anomaly.standard import default_standards
from hub.model import Basis


@pytest.fixture(name="page")
def rules_page(root: Path) -> str:
    """Return the page."""
    return (root / "docs" / "rules.md").read_text("utf-8")


def test_every_key_is_explained(page: str) -> None:
    """Of a file, of a rule, and of what is shown with a cause."""
    keys = {*Written.__struct_fields__, *Rulebook.__struct_fields__, *Basis.__slots__} - {"rule"}

    assert {key for key in keys if f"`{key}`" not in page} == set()


def test_every_kind_and_standard_is_listed(page: str) -> None:
    """Those that the program's rules and tables have."""
    assert {rule.kind for rule in default_rules() if f"| `{rule.kind}` |" not in page} == set()
    assert {name for name in default_standards() if f"| {name} |" not in page} == set()


def test_the_example_is_without_a_flaw(page: str) -> None:
    """Beside the program's own rules."""
    (example,) = re.findall(r"(?s)```toml\n(.+?)```", page)

    assert lint([*default_rules(), *read_rules("example", example)]) == ()
