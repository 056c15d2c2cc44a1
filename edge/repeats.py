"""Feeds with times of their own send again what was not acknowledged: what is already held is not kept twice."""

from bisect import bisect_left, insort
from collections.abc import Collection, Iterable
from typing import Final

TIMES_KEPT: Final = 8192
TOLERANCE_MS: Final = 400


class Repeats:
    """The UTC times of the readings that are held of some devices.

    Two readings of one device that lie within TOLERANCE_MS are one and the same: their time went through two clocks
    that were read one after the other. A feed is not expected to measure as often as that.
    """

    def __init__(self, devices: Collection[str], held: Iterable[tuple[str, int]]) -> None:
        """Start with what the outbox holds.

        Args:
            devices: whose readings to watch.
            held: (device, UTC milliseconds) of held readings.
        """
        self._times: dict[str, list[int]] = {device: [] for device in devices}
        for device, utc_ms in held:
            self._times[device].append(utc_ms)
        for times in self._times.values():
            times.sort()

    def watch(self, devices: Collection[str], held: Iterable[tuple[str, int]]) -> None:
        """Watch these devices from here on.

        Args:
            devices: whose readings to watch; what is known of them stays known.
            held: (device, UTC milliseconds) of held readings of those that were not watched before.
        """
        self._times = {device: self._times.get(device, []) for device in devices}
        for device, utc_ms in held:
            insort(self._times[device], utc_ms)

    def has(self, device: str, utc_ms: int) -> bool:
        """Return whether a reading of that time is held."""
        times = self._times.get(device, [])
        i = bisect_left(times, utc_ms)
        return any(abs(near - utc_ms) <= TOLERANCE_MS for near in times[max(0, i - 1) : i + 1])

    def add(self, device: str, utc_ms: int) -> None:
        """Note that a reading of that time is held now."""
        times = self._times.get(device)
        if times is not None:
            insort(times, utc_ms)
            del times[: max(0, len(times) - TIMES_KEPT)]
