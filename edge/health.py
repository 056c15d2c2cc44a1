"""The gateway's own health, read as from any other instrument: the board's, the outbox's, and how each device answers.

What the board does not tell is left out, never made up.
"""

import math
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from edge.catalogue import Series
from edge.clock import ClockSource
from edge.drivers.driver import DeviceHealth, DeviceSettings
from edge.outbox import Outbox
from wire.properties import PROPERTIES
from wire.reading import Flag, Reading

# How devices answered is counted over so many of the gateway's own periods.
DEVICES_EVERY: Final = 10
OF_GATEWAY: Final = (
    *("cpu_temperature", "memory_used", "disk_free"),
    *("outbox_depth", "outbox_bytes", "readings_dropped", "clock_quality"),
)
OF_DEVICE: Final = ("success_rate", "latency")
_QUALITY: Final[Mapping[ClockSource, float]] = {"unset": 0.0, "hub": 1.0, "ntp": 2.0}
_PROCESSOR: Final = ("cpu", "soc", "pkg", "core")


def series(gateway: str, devices: Sequence[DeviceSettings], period_s: float) -> tuple[Series, ...]:
    """Return the datastreams of a gateway's health; none when it is not to be read."""
    if not period_s:
        return ()
    own = [Series(gateway, name, PROPERTIES[name].unit, period_s) for name in OF_GATEWAY]
    theirs = [
        Series(device.id, name, PROPERTIES[name].unit, period_s * DEVICES_EVERY)
        for device in devices
        for name in OF_DEVICE
    ]
    return (*own, *theirs)


def cpu_temperature(thermal: Path) -> float:
    """Return the degrees Celsius of the hottest processor zone under /sys/class/thermal, else of the hottest zone.

    NaN when no zone can be read.
    """
    zones = [(_first_line(zone / "type").lower(), _number(zone / "temp")) for zone in thermal.glob("thermal_zone*")]
    known = [(kind, milli / 1000) for kind, milli in zones if not math.isnan(milli)]
    processor = [degrees for kind, degrees in known if any(word in kind for word in _PROCESSOR)]
    return max(processor or [degrees for _, degrees in known], default=math.nan)


def memory_used(meminfo: Path) -> float:
    """Return the percentage of memory that programs cannot have, by /proc/meminfo; NaN when it does not say."""
    sizes = {}
    for line in _text(meminfo).splitlines():
        name, _, rest = line.partition(":")
        words = rest.split()
        if words and words[0].isdecimal():
            sizes[name] = int(words[0])
    if not sizes.get("MemTotal") or "MemAvailable" not in sizes:
        return math.nan
    return 100.0 * (1 - sizes["MemAvailable"] / sizes["MemTotal"])


def disk_free(directory: Path) -> float:
    """Return the percentage of a directory's file system that is free; NaN when it cannot be asked."""
    try:
        disk = os.statvfs(directory)
    except OSError:
        return math.nan
    return 100.0 * disk.f_bavail / disk.f_blocks if disk.f_blocks else math.nan


@dataclass(frozen=True, slots=True)
class Board:
    """Where the board tells of itself.

    Attributes:
        outbox_dir: whose file system is meant.
    """

    outbox_dir: Path
    thermal: Path = Path("/sys/class/thermal")
    meminfo: Path = Path("/proc/meminfo")

    def values(self) -> dict[str, float]:
        """Return what the board says, by property."""
        return {
            "cpu_temperature": cpu_temperature(self.thermal),
            "memory_used": memory_used(self.meminfo),
            "disk_free": disk_free(self.outbox_dir),
        }


def outbox_values(outbox: Outbox, dropped: int) -> dict[str, float]:
    """Return what the outbox says, by property; `dropped` is the number of readings given up."""
    return {
        "outbox_depth": float(outbox.unacknowledged),
        "outbox_bytes": outbox.size_bytes / 1e6,
        "readings_dropped": float(dropped),
    }


def gateway_readings(gateway: str, at_ms: int, clock: ClockSource, values: Mapping[str, float]) -> list[Reading]:
    """Return the readings of a gateway's own device at a monotonic time."""
    said = {**values, "clock_quality": _QUALITY[clock]}
    return [Reading(gateway, name, at_ms, said[name], Flag.UNKNOWN) for name in OF_GATEWAY if math.isfinite(said[name])]


@dataclass(slots=True)
class Answers:
    """How devices answered since they were last looked at."""

    _before: dict[str, tuple[int, int]] = field(default_factory=dict)

    def since(
        self, health: Mapping[str, DeviceHealth], at_ms: int, shut: Collection[str] = ()
    ) -> Iterator[Sequence[Reading]]:
        """Yield the readings of each device that has answered or failed since the last call.

        Args:
            health: of the devices, by id; a device that counts from zero again was opened anew.
            at_ms: monotonic.
            shut: devices whose port is not open: they fail, though nobody could ask them.
        """
        before, self._before = self._before, {name: (one.answers, one.failures) for name, one in health.items()}
        for name, one in health.items():
            answers, failures = (
                now - then for now, then in zip(self._before[name], before.get(name, (0, 0)), strict=True)
            )
            if min(answers, failures) < 0:
                answers, failures = self._before[name]
            tried = answers + failures or name in shut
            if not tried:
                continue
            readings = [Reading(name, "success_rate", at_ms, 100.0 * answers / tried)]
            if answers and one.latency_ms:
                readings.append(Reading(name, "latency", at_ms, one.latency_ms))
            yield readings


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""


def _first_line(path: Path) -> str:
    return _text(path).partition("\n")[0].strip()


def _number(path: Path) -> float:
    try:
        return float(_first_line(path))
    except ValueError:
        return math.nan
