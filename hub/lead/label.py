"""What people found: the outcome of leads and tickets, and how often those of each origin were right. Pure."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Literal, NamedTuple, get_args

SubjectKind = Literal["lead", "ticket"]
LabelOutcome = Literal["confirmed", "sensor_fault", "regional", "false"]
Origin = Literal["detector", "rule", "check"]
# What makes a lead or a ticket right: a ticket says that the sensor lies, so a sensor's fault confirms it.
RIGHT: Final[dict[SubjectKind, tuple[LabelOutcome, ...]]] = {
    "lead": ("confirmed",),
    "ticket": ("confirmed", "sensor_fault"),
}
# Below so many labels a share says little, and is shown as saying little.
FEW: Final = 30
NOTE_MOST: Final = 2_000
_Z95: Final = 1.959963984540054
_BEIJING: Final = timedelta(hours=8)


class Subject(NamedTuple):
    """A lead or a ticket."""

    kind: SubjectKind
    id: int


class Said(NamedTuple):
    """What a person says of a subject, who, and when (UTC milliseconds)."""

    outcome: LabelOutcome
    note: str
    by: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class Label:
    """What was said of a lead or ticket, and what that is about.

    Attributes:
        id: given in the order of saying; of one subject the highest counts.
        subject_kind, subject_id: what it was said of.
        outcome, note, said_by, said_ms: what, why, who, when.
        area, property, detector, rule: of a lead; rule with its version, that of its strongest evidence.
        subject, kind: of a ticket: the device, datastream or gateway, and what is wrong with it.
        since_ms, closed_ms: of the lead's first episode, or of the fault; None while the subject is open.
    """

    id: int
    subject_kind: SubjectKind
    subject_id: int
    outcome: LabelOutcome
    note: str
    said_by: str
    said_ms: int
    area: str
    property: str
    detector: str
    rule: str
    subject: str
    kind: str
    since_ms: int
    closed_ms: int | None


class Opened(NamedTuple):
    """A lead or ticket that was opened, by what, when, and what people found; outcome None while nobody has said."""

    subject: SubjectKind
    origins: tuple[tuple[Origin, str], ...]
    opened_ms: int
    outcome: LabelOutcome | None


@dataclass(frozen=True, slots=True)
class Precision:
    """How often what one origin opened was right.

    Attributes:
        origin, name: a kind of detector, a rule with its version, or the kind of a ticket.
        month: in Beijing, such as 2026-05; "" for all time.
        opened, labelled: counts.
        outcomes: how many labels say each of them.
        precision: share of the labelled that were right; None without a label.
        low, high: its 95 % interval (Wilson), 0 and 1 without a label.
        few: whether there are too few labels for the share to say much.
    """

    origin: Origin
    name: str
    month: str
    opened: int
    labelled: int
    outcomes: dict[LabelOutcome, int]
    precision: float | None
    low: float
    high: float
    few: bool


def precisions(opened: Iterable[Opened]) -> tuple[Precision, ...]:
    """Return a row for each origin and name over all time, and one for each of its months, in that order."""
    groups: dict[tuple[Origin, str, str], list[Opened]] = {}
    for one in opened:
        for origin, name in one.origins:
            for month in ("", beijing_month(one.opened_ms)):
                groups.setdefault((origin, name, month), []).append(one)
    return tuple(_row(key, groups[key]) for key in sorted(groups))


def _row(key: tuple[Origin, str, str], group: list[Opened]) -> Precision:
    outcomes = [one.outcome for one in group if one.outcome is not None]
    right = sum(one.outcome in RIGHT[one.subject] for one in group)
    share = right / len(outcomes) if outcomes else None
    low, high = wilson(right, len(outcomes))
    return Precision(
        *key,
        opened=len(group),
        labelled=len(outcomes),
        outcomes={name: outcomes.count(name) for name in get_args(LabelOutcome)},
        precision=share,
        low=low,
        high=high,
        few=len(outcomes) < FEW,
    )


def wilson(right: int, n: int) -> tuple[float, float]:
    """Return the 95 % score interval of a share (Wilson 1927, doi:10.1080/01621459.1927.10502953), (0, 1) for n = 0."""
    if not n:
        return 0.0, 1.0
    share, z2 = right / n, _Z95**2
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = _Z95 / (1 + z2 / n) * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    return max(0.0, middle - half), min(1.0, middle + half)


def beijing_month(time_ms: int) -> str:
    """Return the month of a time in Beijing, such as 2026-05."""
    return f"{datetime.fromtimestamp(time_ms / 1000, UTC) + _BEIJING:%Y-%m}"
