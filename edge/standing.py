"""How the running agent stands: what its parts know, and the newest reading of every datastream."""

from collections.abc import Sequence

from edge.clock import GatewayClock
from edge.config import Config
from edge.delivery import Delivery, now_s, version
from edge.drivers.driver import DeviceSettings
from edge.instruments import Instruments
from edge.inventory import inventory
from edge.outbox import Outbox
from edge.ports import Port
from edge.state import (
    AgentState,
    ClockState,
    ConfigState,
    DeviceState,
    OutboxState,
    StationState,
    UplinkState,
    ValueState,
)
from wire.configuration import digest
from wire.properties import PROPERTIES
from wire.reading import Reading


class Standing:
    """Sees the parts and says how they are.

    Attributes:
        fault: why the configuration as it is now in the file was not taken over, "" when it was.
    """

    def __init__(self, clock: GatewayClock, outbox: Outbox, delivery: Delivery, instruments: Instruments) -> None:
        """Begin with nothing read."""
        self.fault = ""
        self._clock = clock
        self._outbox = outbox
        self._delivery = delivery
        self._instruments = instruments
        self._began_s = now_s()
        self._newest: dict[tuple[str, str], Reading] = {}
        self._series: dict[str, list[tuple[str, str]]] = {}
        self.renew()

    def renew(self) -> None:
        """Follow the configuration that holds now."""
        self._series = {}
        for each in inventory(self._config, "").series:
            self._series.setdefault(each.device, []).append((each.property, each.unit))
        self._newest = {key: reading for key, reading in self._newest.items() if key[0] in self._series}

    def note(self, readings: Sequence[Reading]) -> None:
        """Remember the newest readings."""
        for reading in readings:
            self._newest[reading.device, reading.property] = reading

    def state(self) -> AgentState:
        """Return how everything is now."""
        config, offset_ms = self._config, self._clock.offset_ms()
        up_s = now_s() - self._began_s
        devices = [self._device(port, device) for port in self._instruments.ports() for device in port.devices]
        order = {device.id: place for place, device in enumerate(config.devices)}
        return AgentState(
            gateway=config.gateway.id,
            version=version(),
            started_ms=None if offset_ms is None else self._clock.utc_ms() - int(up_s * 1000),
            uptime_s=up_s,
            clock=ClockState(self._clock.source, None if offset_ms is None else self._clock.utc_ms()),
            uplink=self._uplink(),
            outbox=self._box(),
            config=ConfigState(self._delivery.care.version, digest(config.text), str(config.path), self._fault()),
            stations=tuple(StationState(each.id, each.name, each.name_en) for each in config.stations),
            devices=tuple(sorted(devices, key=lambda device: order.get(device.id, 0))),
            health=self._values(config.gateway.id),
        )

    def _fault(self) -> str:
        return self.fault or self._delivery.care.known.fault

    def line(self) -> str:
        """Return one line for a person who asks systemd."""
        health = self._instruments.health()
        silent = sum(bool(each.silent) or not each.answers for each in health.values())
        hub = "hub connected" if self._delivery.uplink.connected else "hub not reached"
        return f"{len(health)} devices, {silent} silent; {hub}; {self._outbox.unacknowledged} blocks wait"

    @property
    def _config(self) -> Config:
        return self._delivery.config

    def _uplink(self) -> UplinkState:
        uplink, hub, acked_s = self._delivery.uplink, self._config.hub, self._delivery.last_ack_s
        return UplinkState(
            connected=uplink.connected,
            since_s=0.0 if uplink.since_s is None else now_s() - uplink.since_s,
            host=hub.host,
            port=hub.port,
            last_ack_s=None if acked_s is None else now_s() - acked_s,
            fault=uplink.fault,
        )

    def _box(self) -> OutboxState:
        outbox, chain = self._outbox, self._outbox.chain
        return OutboxState(
            blocks=outbox.unacknowledged,
            bytes=outbox.size_bytes,
            cap_bytes=self._config.gateway.outbox_mb << 20,
            dropped=self._delivery.dropped,
            oldest_unacked_ms=outbox.oldest_unacknowledged_ms,
            epoch=chain.epoch,
            seq=chain.last_seq,
            acked=chain.acked,
            thinned=outbox.thinned,
        )

    def _device(self, port: Port, device: DeviceSettings) -> DeviceState:
        health = port.driver.health[device.id]
        last_s = None if health.last_ms is None else (self._clock.monotonic_ms() - health.last_ms) / 1000
        rate = self._newest.get((device.id, "success_rate"))
        return DeviceState(
            id=device.id,
            station=device.station,
            driver=device.driver,
            port=port.name,
            answers=health.answers,
            failures=health.failures,
            silent=health.silent,
            skipped=health.skipped,
            latency_ms=health.latency_ms,
            last_s=last_s,
            fault=health.fault if port.open else port.fault or health.fault,
            open=port.open,
            period_s=device.period_s,
            success_rate=None if rate is None else rate.value,
            values=self._values(device.id),
        )

    def _values(self, device: str) -> tuple[ValueState, ...]:
        """Return the newest values of a device: what it measures, or of the gateway itself all."""
        own = device == self._config.gateway.id
        said = [
            (name, unit, self._newest.get((device, name)))
            for name, unit in self._series.get(device, ())
            if own or PROPERTIES[name].subject != "gateway"
        ]
        return tuple(self._value(unit, reading) for _, unit, reading in said if reading is not None)

    def _value(self, unit: str, reading: Reading) -> ValueState:
        offset_ms, now_ms = self._clock.offset_ms(), self._clock.monotonic_ms()
        return ValueState(
            property=reading.property,
            unit=unit,
            value=reading.value,  # a NaN becomes null
            flag=int(reading.flag),
            time_ms=None if offset_ms is None else reading.monotonic_ms + offset_ms,
            age_s=(now_ms - reading.monotonic_ms) / 1000,
        )
