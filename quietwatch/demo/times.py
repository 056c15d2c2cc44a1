"""Times as people and command lines read them."""

from datetime import UTC, datetime, timedelta, timezone

BEIJING = timezone(timedelta(hours=8))


def beijing(utc_ms: int) -> str:
    """Return a time as people in Beijing read it."""
    return f"{datetime.fromtimestamp(utc_ms / 1000, BEIJING):%Y-%m-%d %H:%M}"


def iso(utc_ms: int) -> str:
    """Return a time in ISO 8601 to the second."""
    return f"{datetime.fromtimestamp(utc_ms / 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"
