"""GET /api/checks: by which thresholds devices are judged each hour, and beside the budget what a month brought."""

from collections import Counter
from collections.abc import Sequence
from typing import Final, NamedTuple, get_args

import anyio.to_thread
import numpy as np
from anyio import CapacityLimiter
from fastapi import APIRouter, Response
from typing_extensions import TypedDict

from hub.checks import Alarm, Calibration, Checks, FaultKind, StandingFault
from hub.hourly import HOUR_MS, Judged, matrices, posts_of
from hub.map_api.broadcast import Sources
from hub.map_api.routes import JsonAnswer
from hub.registry import Ticket
from hub.store.hours import History, HourReader

# A month of the budget: 30 days.
MONTH_H: Final = 720
_DAY_MS: Final = 86_400_000


class CalibrationAnswer(TypedDict):
    """The thresholds in force: the name of their file, the budget, when they were learnt, on which hours."""

    thresholds: str
    false_alarms_per_sensor_month: float
    calibrated_ms: int
    age_days: float
    history_from_ms: int
    history_to_ms: int


class CheckedPropertyAnswer(TypedDict):
    """A property that neighbours judge: false alarms that calibration expects, and the alarms of the last 30 days.

    Rates are of one datastream in 720 hours, as the budget is; null where there is no estimate, or nothing was judged.
    """

    property: str
    streams: int
    estimated_rate: float | None
    stream_months: float
    alarms: int
    alarm_rate: float | None


class StandingAnswer(TypedDict):
    """A fault that was announced and has not gone; what shares its cell is not believed meanwhile."""

    station: str
    device: str
    property: str
    kind: FaultKind
    since_ms: int


class ChecksAnswer(TypedDict):
    """How the hourly checks stand; calibration is null while no thresholds are in force: then the fixed checks judge.

    `tickets`: of the hourly checks, opened in the last 30 days; `ticket_rate`: of one datastream in 720 hours.
    """

    calibration: CalibrationAnswer | None
    properties: list[CheckedPropertyAnswer]
    tickets: int
    ticket_rate: float | None
    standing: list[StandingAnswer]


class Month(NamedTuple):
    """What the last month brought: the streams that neighbours judge, their hours, and what was announced."""

    streams: Sequence[Judged]
    hours: History
    alarms: Sequence[Alarm]


def checks_router(sources: Sources) -> APIRouter:
    """Return the endpoint; it reads its files off the event loop, one at a time."""
    thread = CapacityLimiter(1)

    def read() -> ChecksAnswer:
        snapshot = sources.live.latest()
        last = snapshot.minute_ms // HOUR_MS
        month = _month(sources.hours, last - MONTH_H + 1, last)
        return checks_answer(snapshot.checks, month, sources.registry.tickets(), snapshot.minute_ms)

    async def checks() -> Response:
        """Return the thresholds in force, their budget, and the alarms of the last 30 days."""
        return JsonAnswer(await anyio.to_thread.run_sync(read, limiter=thread))

    routes = APIRouter()
    routes.get("/api/checks", response_model=ChecksAnswer)(checks)
    return routes


def _month(hours: HourReader, first: int, last: int) -> Month:
    if not hours.exists():
        return Month((), History.nothing(first), ())
    return Month(hours.streams(), hours.history(first, last), hours.alarms(first, last))


def checks_answer(checks: Checks, month: Month, tickets: Sequence[Ticket], now_ms: int) -> ChecksAnswer:
    """Return the thresholds in force, and beside their budget what the last month brought.

    Args:
        checks: as the judge last said.
        month: the last one.
        tickets: all.
        now_ms: of the judge.
    """
    properties = _properties(checks, month)
    stream_months = sum(one["stream_months"] for one in properties)
    opened = sum(one.kind in get_args(FaultKind) and one.opened_ms > now_ms - MONTH_H * HOUR_MS for one in tickets)
    return {
        "calibration": None if checks.calibration is None else _calibration(checks.calibration, now_ms),
        "properties": properties,
        "tickets": opened,
        "ticket_rate": opened / stream_months if stream_months else None,
        "standing": [_standing(fault) for fault in checks.standing],
    }


def _properties(checks: Checks, month: Month) -> list[CheckedPropertyAnswer]:
    named = {stream.row: stream.property for stream in month.streams}
    alarms = Counter(named[alarm.row] for alarm in month.alarms if alarm.row in named)
    values = matrices(posts_of(month.streams), month.hours.means, month.hours.counts)
    rates = {} if checks.calibration is None else checks.calibration.rates
    found: list[CheckedPropertyAnswer] = []
    for name, matrix in values.items():
        months = float(np.count_nonzero(~np.isnan(matrix))) / MONTH_H
        found.append(
            {
                "property": name,
                "streams": sum(stream.property == name for stream in month.streams),
                "estimated_rate": rates.get(name),
                "stream_months": months,
                "alarms": alarms[name],
                "alarm_rate": alarms[name] / months if months else None,
            }
        )
    return found


def _calibration(calibration: Calibration, now_ms: int) -> CalibrationAnswer:
    return {
        "thresholds": calibration.sha256,
        "false_alarms_per_sensor_month": calibration.false_alarms_per_sensor_month,
        "calibrated_ms": calibration.calibrated_ms,
        "age_days": max(now_ms - calibration.calibrated_ms, 0) / _DAY_MS,
        "history_from_ms": calibration.first_ms,
        "history_to_ms": calibration.last_ms,
    }


def _standing(fault: StandingFault) -> StandingAnswer:
    return {
        "station": fault.station,
        "device": fault.device,
        "property": fault.property,
        "kind": fault.kind,
        "since_ms": fault.since_ms,
    }
