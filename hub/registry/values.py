"""What the registry gives back: frozen rows. Times are UTC milliseconds of field time."""

from dataclasses import dataclass
from typing import Any

from hub.lead.label import Label
from hub.model import Cause, Freshness, Level, TicketKind


@dataclass(frozen=True, slots=True)
class PushState:
    """One delivery of a lead to one receiver.

    Attributes:
        attempts: how often it was tried.
        delivered_ms: None until the receiver has answered that it has it.
        problem: why the last attempt failed, "" when it did not.
    """

    receiver: str
    created_ms: int
    attempts: int
    delivered_ms: int | None
    problem: str


@dataclass(frozen=True, slots=True)
class Episode:
    """One spell of an anomaly that belongs to a lead; the evidence as `hub.lead.evidence` writes it."""

    start_ms: int
    opened_ms: int
    late: bool
    evidence: tuple[dict[str, Any], ...]
    explanation: str
    explanation_en: str


@dataclass(frozen=True, slots=True)
class StoredOpening:
    """An episode as it opened, and the lead that it opened or joined."""

    lead: int
    area: str
    cause: Cause
    episode: Episode


@dataclass(frozen=True, slots=True)
class Lead:
    """A matter for a person to follow up.

    Attributes:
        id: given in the order of opening.
        revision: grows with every change of any lead or ticket: what is above the last one seen is new.
        episode_start_ms: of the episode that opened it.
        closed_ms: None while it is open.
        episodes: all that were attached, by start; empty in a list that leaves the details out.
        pushes: as `episodes`.
        label: what people found; None also in a list that leaves the details out.
    """

    id: int
    revision: int
    area: str
    cause: Cause
    episode_start_ms: int
    opened_ms: int
    late: bool
    closed_ms: int | None
    explanation: str
    explanation_en: str
    episodes: tuple[Episode, ...] = ()
    pushes: tuple[PushState, ...] = ()
    label: Label | None = None


@dataclass(frozen=True, slots=True)
class Ticket:
    """Maintenance work on a device or gateway; `closed_ms` is None while it is open, `label` until people say."""

    id: int
    revision: int
    subject: str
    kind: TicketKind
    since_ms: int
    opened_ms: int
    closed_ms: int | None
    explanation: str
    explanation_en: str
    label: Label | None = None


@dataclass(frozen=True, slots=True)
class LevelChange:
    """An area began to stand at a level at `since_ms`; the hub knew it at `judged_ms`."""

    area: str
    level: Level
    freshness: Freshness
    since_ms: int
    judged_ms: int


@dataclass(frozen=True, slots=True)
class DuePush:
    """A push that no receiver has confirmed yet, with what the receiver is told."""

    id: str
    receiver: str
    lead: int
    area: str
    cause: Cause
    episode_start_ms: int
    opened_ms: int
    explanation: str
    explanation_en: str
