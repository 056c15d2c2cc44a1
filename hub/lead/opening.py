"""What opens a lead or a ticket, in plain words: Chinese and English, with the numbers to check it by."""

# Chinese has its own punctuation

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from hub.model import MINUTE_MS, Anomaly, Area, LeadOpening, TicketKind, TicketOpening
from wire.properties import PROPERTIES

_BEIJING: Final = timedelta(hours=8)
_UNITS: Final = {"ug/m3": "µg/m³", "mg/m3": "mg/m³", "degC": "°C"}
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


def _explanation(area: Area, names: dict[str, Area], evidence: Sequence[Anomaly], start_ms: int) -> tuple[str, str]:
    first, known = evidence[0], PROPERTIES[evidence[0].cause.property]
    unit = _UNITS.get(known.unit, known.unit)
    chinese = (
        f"{area.name}：{beijing(start_ms)}起{known.chinese}异常。监测点{first.station}为{first.value:.0f} {unit}，"
    )
    english = f"{area.name_en}: {known.english} unusual since {beijing(start_ms)}. "
    english += f"{first.station} reads {first.value:.0f} {unit}, "
    if first.cause.detector == "local_excess":
        excess = first.value - first.background
        chinese += f"区域背景{first.background:.0f}，高出{excess:.0f}（阈值{first.threshold:.0f}）。"
        english += (
            f"the region has {first.background:.0f}: {excess:.0f} above it, more than the {first.threshold:.0f} needed."
        )
    else:
        chinese += f"超出{first.threshold:g} {unit}。"
        english += f"beyond {first.threshold:g} {unit}."
    if len(evidence) > 1:
        chinese += f"另有{len(evidence) - 1}个监测点佐证。"
        english += f" {len(evidence) - 1} more series agree."
    others = [names[other] for other in first.alternatives if other in names]
    if others:
        chinese += f"其他可能：{'、'.join(other.name for other in others)}。"
        english += f" It could also be {', '.join(other.name_en for other in others)}."
    return chinese + "仅为线索，须经核实。", english + " A lead to be verified, not a finding."


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


def beijing(time_ms: int) -> str:
    """Return a time as a clock in Beijing shows it, to the minute."""
    moment = datetime.fromtimestamp(time_ms // MINUTE_MS * 60, UTC) + _BEIJING
    return f"{moment:%m-%d %H:%M}"
