"""Tickets of the hourly checks: what was announced, with the numbers to check it by."""

from datetime import UTC, datetime
from typing import Final

import numpy as np

from hub.checks import Alarm, Calibration, FaultKind
from hub.hour_pass import Found
from hub.hourly import HOUR_MS
from hub.lead.opening import beijing, ticket_opening
from hub.model import Datastream, TicketOpening
from hub.network import Network
from hub.past import RECENT_H
from hub.quality.verdict import Quality
from wire.properties import PROPERTIES

_UNITS: Final = {"ug/m3": "µg/m³", "mg/m3": "mg/m³"}


def fault_tickets(
    network: Network, found: Found, quality: Quality, calibration: Calibration | None, now_ms: int
) -> tuple[TicketOpening, ...]:
    """Return a ticket for each device and kind of fault that an hour brought.

    A stream of which a check of the minutes says that it fails has its ticket already: one fault, one ticket.

    Args:
        network: of n datastreams.
        found: in the hour.
        quality: what the checks of the minutes say, and have told.
        calibration: of the thresholds in force.
        now_ms: the judge's time.
    """
    opened: dict[tuple[str, FaultKind], TicketOpening] = {}
    for alarm in (*found.alarms, *found.taken_over):
        stream = network.datastreams[alarm.row]
        if calibration is not None and not quality.told[alarm.row]:
            since_ms, detail = alarm.hour * HOUR_MS, _detail(stream, alarm, calibration, found.hour.hour)
            ticket = ticket_opening(stream.device, alarm.kind, since_ms, now_ms, detail)
            opened.setdefault((stream.device, alarm.kind), ticket)
    return tuple(opened.values())


def _detail(stream: Datastream, alarm: Alarm, calibration: Calibration, hour: int) -> tuple[str, str]:
    """Return the numbers in Chinese and in English."""
    known = PROPERTIES[stream.property]
    unit, when = _UNITS.get(known.unit, known.unit), beijing(hour * HOUR_MS)
    value, nearby, mean, mean_nearby = (_number(x) for x in (alarm.value, alarm.nearby, alarm.mean, alarm.mean_nearby))
    day = f"{datetime.fromtimestamp(calibration.calibrated_ms / 1000, UTC):%Y-%m-%d}"
    budget = f"{calibration.false_alarms_per_sensor_month:g}"
    chinese = (
        f"{known.chinese}（{stream.station}）：{when}起一小时均值{value} {unit}，邻近站点中位数{nearby}；"
        f"近{RECENT_H}小时均值{mean}，邻近{mean_nearby}。得分{alarm.score:.2f}，限值{alarm.limit:.2f}（每高1即罕见十倍）。"
        f"阈值标定于{day}，预算为每项每月{budget}次误报。"
    )
    english = (
        f"{known.english} at {stream.station}: {value} {unit} in the hour from {when}, where the nearest stations have "
        f"a median of {nearby}; over {RECENT_H} hours {mean} against {mean_nearby}. Score {alarm.score:.2f}, limit "
        f"{alarm.limit:.2f} (1 more is ten times as rare). Thresholds of {day}, budget {budget} false alarms a stream "
        "and month."
    )
    return chinese, english


def _number(value: float) -> str:
    return "-" if np.isnan(value) else f"{value:.3g}"
