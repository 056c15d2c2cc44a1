"""One device's payloads, in; readings, out. No network here."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from edge.drivers.driver import DeviceHealth
from edge.drivers.mqtt.codec import Elsewhere, Observed, Report, Unusable, encode_acknowledgement, read_payload
from edge.drivers.mqtt.mapping import Mapping, load_mapping
from edge.drivers.mqtt.order import Order, Parcel
from edge.drivers.mqtt.settings import MqttSettings, datastreams
from wire.clock import Clock
from wire.reading import Reading

_log = logging.getLogger(__name__)

PATIENCE_S: Final = 30.0  # real, for a device that should send again
AHEAD_MS: Final = 60_000  # field, by which a device's clock may be ahead of ours
TIMES_KEPT: Final = 4096


@dataclass(slots=True)
class Feed:
    """One device of a broker.

    Attributes:
        settings: the device's.
        health: counts payloads.
        order: of a device that sends again; of no use for others.
    """

    settings: MqttSettings
    clock: Clock
    health: DeviceHealth = field(default_factory=DeviceHealth)
    order: Order = field(default_factory=lambda: Order(PATIENCE_S))
    _mapping: Mapping = field(init=False)
    _names: frozenset[str] = field(init=False)
    _seen: dict[tuple[str, int], None] = field(init=False, default_factory=dict)
    _warned: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        self._mapping = load_mapping(self.settings.mapping)
        self._names = frozenset(name for name, _ in datastreams(self.settings))

    def connect(self) -> None:
        """Begin a connection."""
        self.order.connect()

    def take(self, payload: bytes, now_s: float, *, retained: bool = False) -> list[Sequence[Reading]]:
        """Return the readings that are to be stored now, in order, by payload.

        Args:
            payload: as it came.
            now_s: real, of any origin.
            retained: whether the broker had kept it: nobody knows since when, so only its own times count.
        """
        again = bool(self._mapping.acknowledge)
        if again and self.clock.offset_ms() is None:
            return []  # nobody knows when that was; it is not acknowledged, so it will be sent again
        report = read_payload(payload, self._mapping, self.settings.identity)
        if isinstance(report, Elsewhere):
            return []
        self._note(report)
        if again:
            return self._in_order(report, now_s)
        return [] if isinstance(report, Unusable) else self._fresh(report, retained=retained)

    def confirm(self) -> bytes | None:
        """Say that all readings so far are safe; return the acknowledgement to publish, None for none."""
        sn = self.order.confirm()
        return None if sn is None else encode_acknowledgement(self._mapping.acknowledge, sn)

    def _in_order(self, report: Report | Unusable, now_s: float) -> list[Sequence[Reading]]:
        if report.sn is None:
            return []
        time_ms = None if isinstance(report, Unusable) else report.time_ms
        taken = self.order.arrive(Parcel(report.sn, report, time_ms), now_s)
        return [self._readings(one.report) for one in taken if isinstance(one.report, Report)]

    def _fresh(self, report: Report, *, retained: bool) -> list[Sequence[Reading]]:
        """Return the readings of a payload from a device that nobody answers: what it repeats is told by its times."""
        values = []
        for value in report.values:
            time_ms = value.time_ms if value.time_ms is not None else report.time_ms
            key = (value.property, time_ms or 0)
            if (time_ms is None and retained) or (time_ms is not None and key in self._seen):
                continue
            if time_ms is not None:
                self._seen[key] = None
            values.append(value)
        while len(self._seen) > TIMES_KEPT:
            del self._seen[next(iter(self._seen))]
        readings = self._readings(report._replace(values=tuple(values)))
        return [readings] if readings else []

    def _readings(self, report: Report) -> Sequence[Reading]:
        now_ms = self.clock.monotonic_ms()
        return [
            Reading(
                self.settings.id,
                value.property,
                self._measured_ms(value, report, now_ms),
                value.value,
                value.flag,
                report.longitude,
                report.latitude,
            )
            for value in report.values
            if value.property in self._names
        ]

    def _measured_ms(self, value: Observed, report: Report, now_ms: int) -> int:
        """Return when a value was measured; the arrival counts where neither device nor gateway know the date."""
        time_ms = value.time_ms if value.time_ms is not None else report.time_ms
        offset_ms = self.clock.offset_ms()
        at_ms = now_ms - value.ago_ms if time_ms is None or offset_ms is None else time_ms - offset_ms
        # A time to come cannot be right, and would make all that follows look old.
        return now_ms if at_ms > now_ms + AHEAD_MS else at_ms

    def _note(self, report: Report | Unusable) -> None:
        faults = [report.reason] if isinstance(report, Unusable) else list(report.faults)
        if isinstance(report, Report) and not report.values and not faults and not self._mapping.acknowledge:
            faults = [f"holds nothing that the mapping {self.settings.mapping!r} knows"]
        for fault in faults:
            self.health.failed(fault)
        if isinstance(report, Report) and (report.values or not faults):
            self.health.answered(self.clock.monotonic_ms())
        if faults and not self._warned:
            _log.warning("%s: unusable JSON, counted from now on without a word: %s", self.settings.id, faults[0])
            self._warned = True
