"""How values and durations are written for people."""

from collections.abc import Iterable, Sequence
from typing import Final

from edge.probe import Shown
from edge.state import ValueState

FLAGS: Final = {1: "", 2: "", 3: "suspect", 4: "FAIL", 9: "missing"}
_STEPS: Final = ((86_400, "d", 3_600, "h"), (3_600, "h", 60, "min"), (60, "min", 1, "s"))


def with_values(cells: Sequence[str], values: Iterable[Shown | ValueState]) -> list[list[str]]:
    """Return the rows of one device in a table: a row each value, with its flag where there is something to say.

    Args:
        cells: what stands before the values in the first row.
        values: of a probe, or of the running agent.
    """
    lines, missing = [], []
    for each in values:
        if each.value is None:
            missing.append(each.property)
        else:
            lines.append([f"{each.property} {each.value:.6g} {each.unit}", FLAGS[each.flag]])
    if missing:
        lines.append([f"no {', '.join(missing)}", FLAGS[9]])
    first, *others = lines or [["", ""]]
    return [[*cells, *first], *([""] * len(cells) + line for line in others)]


def duration(seconds: float) -> str:
    """Return a duration in its two largest units."""
    whole = round(seconds)
    for large, name, small, second in _STEPS:
        if whole >= large:
            rest = whole % large // small
            return f"{whole // large} {name}" + (f" {rest} {second}" if rest else "")
    return f"{whole} s"
