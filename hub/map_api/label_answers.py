"""What the interface says of labels: what people found of leads and tickets."""

from typing_extensions import TypedDict

from hub.lead.label import Label, LabelOutcome, Origin


class LabelAnswer(TypedDict):
    """What a person found of a lead or ticket; the latest counts."""

    outcome: LabelOutcome
    note: str
    said_by: str
    said_ms: int


class PrecisionAnswer(TypedDict):
    """How often what one origin opened was right; month "" is all time, low and high are a 95 % interval (Wilson).

    A lead is right when it was confirmed, a ticket also when the sensor was at fault; `few` says that there are too few
    labels for the share to say much.
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


def label_answer(label: Label | None) -> LabelAnswer | None:
    """Return a label."""
    if label is None:
        return None
    return {"outcome": label.outcome, "note": label.note, "said_by": label.said_by, "said_ms": label.said_ms}
