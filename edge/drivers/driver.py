"""What the agent asks of every driver, and what polled drivers share: the timetable and the health of each device."""

import heapq
import math
import statistics
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Annotated, NamedTuple, Protocol, Self

import msgspec

from wire.clock import Clock
from wire.reading import Reading

# Polls begin within this part of their period: the rest is room for a busy port, so that a reading does not slip
# into the next period.
PHASE_FROM, PHASE_TO = 0.05, 0.60
# A unit that stays silent, or that takes the line for so long that others lose slots, is left in peace for this many
# times as long as it took: the others lose 4 % of their time to it.
FAIR_REST = 24
# A silent unit is heard again within that many real seconds of its return, unless others lose slots through it.
LONGEST_REST_S = 25.0
# A poll is to blame for a slot that another device lost when it took this part of that device's period, this many times
# as long as most polls do, and this many real seconds.
LONG_PART, LONGER, LONG_S = 0.2, 4, 0.1


class DeviceSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every [[device]] table says; each kind adds its own keys.

    Attributes:
        id: the device's id, unique in the zone.
        station: id of the station that hosts it.
        driver: the kind, a key of `edge.drivers.DRIVERS`.
        period_s: field seconds between two readings.
        properties: the properties to read; empty for all that the device measures.
        model: the variant of the instrument, "" for the usual one.
    """

    id: str
    station: str
    driver: str
    period_s: Annotated[float, msgspec.Meta(gt=0)] = 60.0
    properties: tuple[str, ...] = ()
    model: str = ""

    def chosen(self, offered: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
        """Return the (property, unit) pairs of `offered` that are to be read, in its order.

        Raises:
            ValueError: a property is wanted that the device does not measure; the text begins with the key.
        """
        for name in self.properties:
            if name not in offered:
                raise ValueError(
                    f"properties: {name!r} is not measured by this device: use some of {', '.join(offered)}"
                )
        return tuple((name, unit) for name, unit in offered.items() if not self.properties or name in self.properties)


@dataclass(slots=True)
class DeviceHealth:
    """How a device answers, counted since the agent's start.

    Attributes:
        answers: good frames.
        failures: silences, bad frames and refusals.
        silent: failures since the last answer.
        skipped: slots of the timetable that passed unused.
        latency_ms: real milliseconds from the last request to its answer, 0 for a device that sends by itself.
        last_ms: `Clock.monotonic_ms` of the last answer, None before the first.
        fault: the last failure in words, "" when there was none.
    """

    answers: int = 0
    failures: int = 0
    silent: int = 0
    skipped: int = 0
    latency_ms: float = 0.0
    last_ms: int | None = None
    fault: str = ""

    def answered(self, monotonic_ms: int, latency_ms: float = 0.0) -> None:
        """Count a good answer."""
        self.answers += 1
        self.silent = 0
        self.latency_ms = latency_ms
        self.last_ms = monotonic_ms

    def failed(self, fault: str) -> None:
        """Count a failure, in words."""
        self.failures += 1
        self.silent += 1
        self.fault = fault


class Driver(Protocol):
    """One port and the devices on it, as an async context manager that can be entered again after it was left.

    Opening raises `PortError` when the port cannot be opened; `readings` raises `DriverError` when the port is lost.
    A device that is silent or garbled does
    not end the driver: the driver notes it in `health` and goes on with the others. The agent supervises: it logs
    the loss once and the return once, waits
    exponentially longer and enters again.
    """

    @property
    def health(self) -> Mapping[str, DeviceHealth]:
        """By device id; the driver goes on counting in them."""
        ...

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def readings(self) -> AsyncIterator[Sequence[Reading]]:
        """Yield the readings of one frame or answer at a time, as they come, each with the time of its own answer.

        What follows a `yield` runs when the consumer asks for more: feeds are acknowledged there, so ask only when
        the readings are safe.
        """
        ...


class Slot(NamedTuple):
    """When a device is due, in field milliseconds of the monotonic clock."""

    due_ms: int
    device: str


@dataclass(slots=True)
class Timetable:
    """Who is due when on one port: each device on the grid of its period, at a phase that only its id decides. Pure.

    The grid lies on round UTC times as the clock has them when the timetable is made, but runs on the monotonic
    clock: a step of the date moves nothing.

    Attributes:
        periods_s: field seconds, by device.
        now_ms: monotonic.
        date_ms: UTC minus monotonic.
    """

    periods_s: Mapping[str, float]
    now_ms: int
    date_ms: int
    _periods_ms: dict[str, int] = field(init=False)
    _slots: list[Slot] = field(init=False)

    def __post_init__(self) -> None:
        self._periods_ms = {device: max(1, round(s * 1000)) for device, s in self.periods_s.items()}
        self._slots = [Slot(self._first_ms(device), device) for device in self.periods_s]
        heapq.heapify(self._slots)

    def next(self) -> Slot:
        """Return the slot that is due first."""
        return self._slots[0]

    def done(self, now_ms: int, rest_ms: float = 0) -> int:
        """Give the first slot's device its next one and return how many of its slots were left out.

        A slot that is late by less than a period is still used; after a rest the first slot from then on is.
        """
        slot = self._slots[0]
        period_ms = self._periods_ms[slot.device]
        following = slot.due_ms + period_ms
        late_ms = now_ms - following
        rested = math.ceil((late_ms + rest_ms) / period_ms) if rest_ms else 0
        left_out = max(0, late_ms // period_ms, rested)
        heapq.heapreplace(self._slots, Slot(following + left_out * period_ms, slot.device))
        return left_out

    def postpone(self, device: str, until_ms: float) -> int:
        """Leave out a device's slots before a time; return how many that are."""
        for at, slot in enumerate(self._slots):
            if slot.device == device:
                left_out = max(0, math.ceil((until_ms - slot.due_ms) / self._periods_ms[device]))
                self._slots[at] = Slot(slot.due_ms + left_out * self._periods_ms[device], device)
                heapq.heapify(self._slots)
                return left_out
        raise KeyError(device)

    def lost(self, slot: Slot, now_ms: int) -> bool:
        """Return whether a slot comes so late that the one after it is due: the line was taken for too long."""
        return now_ms - slot.due_ms >= self._periods_ms[slot.device]

    def _first_ms(self, device: str) -> int:
        period_ms = self._periods_ms[device]
        phase_ms = int(period_ms * phase(device)) - self.date_ms
        return self.now_ms + (phase_ms - self.now_ms) % period_ms


def phase(device: str) -> float:
    """Return the part of its period at which a device is polled, PHASE_FROM to PHASE_TO: a stable hash of its id."""
    return PHASE_FROM + (PHASE_TO - PHASE_FROM) * zlib.crc32(device.encode()) / 2**32


def rest_s(health: DeviceHealth, timeout_s: float) -> float:
    """Return for how many real seconds to leave a silent device in peace.

    After the first silence it is one time-out, in which a late answer may still come; after the second one 8, then 16,
    then `FAIR_REST` time-outs.
    """
    if not health.silent:
        return 0.0
    if health.silent == 1:
        return timeout_s
    return min(timeout_s * min(2.0 ** (health.silent + 1), FAIR_REST), max(LONGEST_REST_S, timeout_s))


@dataclass(slots=True)
class Costs:
    """How long the last poll of each device took, to find the one through which others lose slots. Pure.

    Attributes:
        periods_s: field seconds, by device.
        floor_ms: field milliseconds below which no poll is long.
    """

    periods_s: Mapping[str, float]
    floor_ms: float
    _last_ms: dict[str, int] = field(init=False, default_factory=dict)

    def add(self, device: str, cost_ms: int) -> None:
        """Note a poll."""
        self._last_ms[device] = cost_ms

    def hog(self, loser: str) -> tuple[str, int] | None:
        """Return the device that is to blame for a lost slot of another one, and what its last poll took."""
        device, cost_ms = max(self._last_ms.items(), key=lambda item: item[1], default=(loser, 0))
        if device == loser or cost_ms < max(self.floor_ms, LONG_PART * 1000 * self.periods_s[loser]):
            return None
        others = statistics.median([cost for name, cost in self._last_ms.items() if name != device] or [0])
        return (device, cost_ms) if cost_ms >= LONGER * others else None

    def forgive(self, device: str) -> None:
        """Forget a poll that was paid for."""
        self._last_ms[device] = 0


async def poll_every(
    clock: Clock,
    periods_s: Mapping[str, float],
    read_once: Callable[[str], Awaitable[Sequence[Reading]]],
    health: Mapping[str, DeviceHealth],
    timeout_s: float,
) -> AsyncIterator[Sequence[Reading]]:
    """Read every device of one port on its timetable, one at a time, for ever.

    Args:
        clock: paces it.
        periods_s: field seconds, by device.
        read_once: asks one device; returns nothing when it failed and has noted that in its health.
        health: by device; slots that are left out are counted here.
        timeout_s: real seconds that a silent device costs.
    """
    now_ms = clock.monotonic_ms()
    table = Timetable(periods_s, now_ms, clock.utc_ms() - now_ms)
    costs = Costs(periods_s, LONG_S * 1000 / clock.real_s(1.0))
    while True:
        slot = table.next()
        wait_ms = slot.due_ms - clock.monotonic_ms()
        if wait_ms > 0:
            await clock.sleep(wait_ms / 1000)
        began_ms = clock.monotonic_ms()
        hog = costs.hog(slot.device) if table.lost(slot, began_ms) else None
        if hog is not None:
            health[hog[0]].skipped += table.postpone(hog[0], began_ms + FAIR_REST * hog[1])
            costs.forgive(hog[0])
        readings = await read_once(slot.device)
        state, now_ms = health[slot.device], clock.monotonic_ms()
        costs.add(slot.device, now_ms - began_ms)
        state.skipped += table.done(now_ms, rest_s(state, timeout_s) * 1000 / clock.real_s(1.0))
        if readings:
            yield readings
