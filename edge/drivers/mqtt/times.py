"""Times as feeds write them. Pure."""

from datetime import datetime, timedelta, timezone
from typing import Final

from edge.drivers.mqtt.mapping import Time
from edge.drivers.mqtt.unfit import Unfit

# A device that tells an earlier time has not been told it since its boot.
FIRST_MS: Final = 946_684_800_000  # 2000-01-01


def read_time(raw: object, time: Time) -> int:
    """Return UTC milliseconds.

    Raises:
        ValueError: it is no time in that format, has no zone, or lies before FIRST_MS.
        OverflowError: it is none that a calendar has.
    """
    if time.format in {"unix_s", "unix_ms"}:
        moment_ms = _unix_ms(raw, 1 if time.format == "unix_ms" else 1000)
    elif isinstance(raw, str):
        moment_ms = _written_ms(raw, time)
    else:
        raise Unfit("not a text")
    if moment_ms < FIRST_MS:
        raise Unfit("before the year 2000")
    return moment_ms


def _unix_ms(raw: object, factor: int) -> int:
    if isinstance(raw, bool) or not isinstance(raw, int | float | str):
        raise Unfit("not a number")
    return round(float(raw) * factor)


def _written_ms(raw: str, time: Time) -> int:
    iso = time.format == "iso8601"
    moment = datetime.fromisoformat(raw) if iso else datetime.strptime(raw, time.format)  # noqa: DTZ007  # see below
    if moment.tzinfo is None:
        if time.utc_offset_h is None:
            raise Unfit("it names no timezone, and the mapping has no utc_offset_h")
        moment = moment.replace(tzinfo=timezone(timedelta(hours=time.utc_offset_h)))
    return round(moment.timestamp() * 1000)
