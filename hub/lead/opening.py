"""What opens a lead or a ticket, in plain words: Chinese and English, with the numbers to check it by."""

# Chinese has its own punctuation

from collections.abc import Sequence
from math import isfinite
from typing import Final

from hub.lead.words import LIKELY, Said, beijing, figure, rule_words, shares, unit_of
from hub.model import EXCESSES, Anomaly, Area, LeadOpening, TicketKind, TicketOpening
from wire.properties import PROPERTIES

_NO_FINDING: Final = "A lead to be verified, not a finding."
__all__ = ["beijing", "lead_opening", "ticket_opening"]

_TICKETS: Final[dict[TicketKind, tuple[str, str]]] = {
    "range": ("连续给出不可能的值", "keeps giving values that cannot be"),
    "flat_line": ("数值不再变化，而周围的空气在变化", "repeats one value while the air around it changes"),
    "gain": ("与邻近站点相比持续偏高或偏低", "reads steadily too high or too low against its neighbours"),
    "gap": ("有数据永久缺失", "has lost readings for good"),
    "fork": ("同一身份出现两份数据", "shows two lives under one identity"),
    "silent": ("没有数据", "is silent"),
    "drift": ("与邻近站点相比逐渐偏离", "drifts away from its neighbours"),
    "stuck": ("小时值停留不变，或总停在同一上限", "keeps giving one hourly value, or never gets above one"),
    "spike": ("出现邻近站点没有的孤立尖峰", "jumps up and back where its neighbours do not"),
    "noise": ("小时值的跳动远大于以往", "scatters from hour to hour far more than it used to"),
    "clipping": ("总停在同一最高值，而周围更高", "never gets above one value while the air around it does"),
    "bottom": ("停在量程下限，而周围并不干净", "stays at the bottom of its scale while the air around it is not clean"),
    "consistency": ("同一处两项读数不可能并存", "shows two properties that cannot go together"),
    "rendezvous": ("与相遇的巡检车或站点比对不符", "reads otherwise than what it met: patrol vehicles, or stations"),
    "attenuated": ("变化幅度远小于周围空气", "moves far less than the air around it"),
    "rate_of_change": ("多次变化过快", "keeps changing faster than the world can"),
    "dropout": ("读数跌至底部，而邻近站点没有", "reads next to nothing while its neighbours do not"),
}


def lead_opening(
    area: Area, names: dict[str, Area], evidence: Sequence[Anomaly], when: tuple[int, int, bool]
) -> LeadOpening:
    """Return the opening of a lead about an area.

    Args:
        area: what became red.
        names: all areas by id, to name the alternatives.
        evidence: at least one anomaly, the strongest first; its cause is the lead's.
        when: (episode start, the judge's time, whether late data opened it); milliseconds.
    """
    start_ms, opened_ms, late = when
    chinese, english = _explanation(area, names, evidence, start_ms)
    return LeadOpening(area.id, evidence[0].cause, start_ms, opened_ms, late, tuple(evidence), chinese, english)


def _explanation(area: Area, names: dict[str, Area], evidence: Sequence[Anomaly], start_ms: int) -> Said:
    first, known = evidence[0], PROPERTIES[evidence[0].cause.property]
    said = [_measured(first), _entered(first), _agreeing(len(evidence) - 1), _whose(first, names), rule_words(first)]
    chinese, english = zip(*(sentence for sentence in said if sentence[0]), strict=True)
    return (
        f"{area.name}：{beijing(start_ms)}起{known.chinese}异常。{''.join(chinese)}仅为线索，须经核实。",
        f"{area.name_en}: {known.english} unusual since {beijing(start_ms)}. {' '.join(english)} {_NO_FINDING}",
    )


def _measured(first: Anomaly) -> Said:
    """Return the value, what it was compared with, and by how much it is beyond that."""
    unit, value, limit = unit_of(first.cause.property), figure(first.value), figure(first.threshold)
    if first.cause.detector not in EXCESSES:
        beyond = ("低于", "below") if first.value < first.threshold else ("超出", "beyond")
        return (
            f"监测点{first.station}为{value} {unit}，{beyond[0]}{limit} {unit}。",
            f"{first.station} reads {value} {unit}, {beyond[1]} {limit} {unit}.",
        )
    background, excess = figure(first.background), figure(first.value - first.background)
    of, how = _background(first), _formed(first)
    return (
        f"监测点{first.station}为{value} {unit}，{of[0]}{background}，高出{excess}（阈值{limit}{how[0]}）。",
        f"{first.station} reads {value} {unit}, {of[1]} {background}: {excess} above, more than {limit}{how[1]}.",
    )


def _background(first: Anomaly) -> Said:
    """Return whose background it is."""
    if first.cause.detector == "onset":
        return "平常应为", "as a rule it would read"
    kind = first.explanation.background_of if first.explanation else ""
    count = first.explanation.background_count if first.explanation else 0
    return {
        "neighbours": (f"{count}个邻近站点的中位数", f"the median of its {count} neighbours is"),
        "region": (f"全区{count}个站点的中位数", f"the median of the region's {count} stations is"),
        "own_hour": ("该车此前一小时的中位数", "the median of its own last hour is"),
    }.get(kind, ("区域背景", "the region has"))


def _formed(first: Anomaly) -> Said:
    """Return how the threshold was formed where the background has a part in it."""
    said = first.explanation
    if said is None or not said.relative:
        return "", ""
    return (
        f"，取{figure(said.absolute)}与背景的{said.relative:g}倍之大者",
        f", the larger of {figure(said.absolute)} and {said.relative:g} x background",
    )


def _entered(first: Anomaly) -> Said:
    """Return how long it must last, and the wind that blew."""
    said = first.explanation
    if said is None:
        return "", ""
    entered = (
        f"连续{said.enter}次成立后认定，连续{said.leave}次回落后解除",
        f"{said.enter} in a row enter, {said.leave} leave",
    )
    if said.passes:
        entered = (
            f"{said.within_min}分钟内同一地点{said.passes}次驶过均出现短时峰值",
            f"A short peak at one place on {said.passes} passes within {said.within_min} min",
        )
    if not (isfinite(said.wind_speed) and first.cause.detector in EXCESSES):
        return f"{entered[0]}。", f"{entered[1]}."
    wind = f"{said.wind_speed:.1f} m/s"
    return (
        f"{entered[0]}；风速{wind}，来自{said.wind_direction:.0f}°。",
        f"{entered[1]}; wind {wind} from {said.wind_direction:.0f}°.",
    )


def _agreeing(others: int) -> Said:
    return (f"另有{others}个监测点佐证。", f"{others} more series agree.") if others > 0 else ("", "")


def _whose(first: Anomaly, names: dict[str, Area]) -> Said:
    """Return whose it may be, how likely, and what would settle it."""
    if not first.candidates:
        return "", ""
    chinese, english = shares(first.candidates, names)
    own = next((one.probability for one in first.candidates if one.area == first.area), 0.0)
    doubt = ("归属（可能性）：", "Whose it may be: ")
    if first.candidates[0].area is None:
        doubt = ("多半不属于任何已知区域，该区域为其中可能性最大者：", "Most likely of none of the known areas: ")
    elif own < LIKELY:
        doubt = ("归属未定，该区域仅为可能性最大者：", "Whose it is remains open, this area is only probable: ")
    settle = ("", "") if first.settle is None else (first.settle.words, f" {first.settle.words_en}")
    return f"{doubt[0]}{chinese}。{settle[0]}", f"{doubt[1]}{english}.{settle[1]}"


def ticket_opening(
    subject: str, kind: TicketKind, since_ms: int, opened_ms: int, detail: str | tuple[str, str] = ""
) -> TicketOpening:
    """Return the opening of a ticket about a device or gateway.

    Args:
        subject: id of the device or gateway.
        kind: what is wrong.
        since_ms: since when, UTC ms.
        opened_ms: the judge's time, UTC ms.
        detail: the numbers to check it by, at the end of both texts; or a pair, in Chinese and in English.
    """
    chinese, english = _TICKETS[kind]
    own, foreign = (detail, detail) if isinstance(detail, str) else detail
    return TicketOpening(
        subject,
        kind,
        since_ms,
        opened_ms,
        f"{subject}{chinese}（自{beijing(since_ms)}）。{_tail(own)}",
        f"{subject} {english}, since {beijing(since_ms)}.{_tail(foreign)}",
    )


def _tail(detail: str) -> str:
    return f" {detail}" if detail else ""
