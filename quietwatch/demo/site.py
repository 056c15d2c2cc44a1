"""The demo's programs in one directory: their configuration, their ports, their lives."""

import asyncio
import json
import socket
from pathlib import Path
from typing import Any

from edge.key import load_or_create, public_text
from firmware_sim.zone import build_zone
from quietwatch.demo.ledger import Outage
from quietwatch.demo.plan import write_gateway, write_hub
from quietwatch.demo.processes import Processes
from quietwatch.demo.times import iso
from wire.clock import ScaledClock

# Real latencies last hundreds of times longer in field time, so minutes stay open longer than the 30 s of real life.
GRACE_REAL_S = 1.7
LONGEST_GRACE_S = 21_600.0
# In life 5 s; one machine that plays a whole zone cannot write its disk seventy times a second for each gateway.
FLUSH_REAL_S = 0.15
# What may have left an instrument for a gateway process in the moment that it is killed.
IN_FLIGHT_REAL_S = 2.0


class Site:
    """Broker, simulated field, gateways and hub as processes of their own on loopback.

    Attributes:
        directory: everything that they write.
        clock: the field time that programs are started with.
        processes: their supervisor.
        url: of the map.
        receiver_port: where the hub pushes leads.
    """

    def __init__(self, directory: Path, scene: str, seed: int, clock: ScaledClock, http_port: int) -> None:
        self.directory = directory
        self.clock = clock
        self.processes = Processes(directory, lambda: self.clock)
        self.receiver_port = free_port()
        self.broker_port = free_port()
        self._http_port = http_port or free_port()
        self.url = f"http://127.0.0.1:{self._http_port}"
        self._scene = scene
        self._seed = seed
        self._field: dict[str, Any] = {}

    async def start_broker(self) -> None:
        """Start the broker; it outlives the stages."""
        await self.processes.start("broker", ["broker", str(self.broker_port)], "broker ready")

    async def start(self, period_s: float | None, until_ms: int, uplink_ports: dict[str, int]) -> None:
        """Start the field, the hub and the gateways.

        Args:
            period_s: at which all devices are read, None for their own periods.
            until_ms: field time at which the field falls silent.
            uplink_ports: the broker's port as a gateway sees it, where it is not the broker's own.
        """
        await self._start_field(period_s, until_ms)
        self._write_hub()
        await self.start_hub()
        gateways = list(self._field["gateways"])
        for gateway in gateways:
            port = uplink_ports.get(gateway, self.broker_port)
            write_gateway(
                self._config(gateway),
                gateway,
                self._field,
                broker_port=port,
                period_s=period_s,
                flush_s=round(FLUSH_REAL_S * self.clock.speed, 1),
            )
        await asyncio.gather(*(self._start_gateway(gateway) for gateway in gateways))

    async def start_hub(self) -> None:
        """Start the hub alone."""
        command = ["hub", "run", str(self.directory / "hub.toml"), "--clock", str(self.clock)]
        await self.processes.start("hub", command, "hub ready")

    async def stop(self) -> None:
        """Stop the gateways, which first send what they hold, and the field."""
        await self.processes.stop(*self._field["gateways"], timeout_s=20)
        await self.processes.stop("field")

    async def _start_gateway(self, gateway: str) -> None:
        command = ["edge", "run", str(self._config(gateway)), "--clock", str(self.clock)]
        await self.processes.start(gateway, command, "gateway ready")

    def outages(self, real_ms: float) -> tuple[Outage, ...]:
        """Return the deaths of gateways; `real_ms` is how many field milliseconds a real one lasts."""
        return tuple(
            Outage(self._devices(death.name), death.died_ms, int(IN_FLIGHT_REAL_S * 1000 * real_ms))
            for death in self.processes.deaths
            if death.name in self._field["gateways"]
        )

    def _devices(self, gateway: str) -> frozenset[str]:
        return frozenset(device["id"] for device in self._field["devices"] if device["gateway"] == gateway)

    async def _start_field(self, period_s: float | None, until_ms: int) -> None:
        place = self.directory / "field"
        (place / "field.json").unlink(missing_ok=True)
        arguments = ["sim", "run", "--directory", str(place), "--scene", self._scene, "--seed", str(self._seed)]
        arguments += ["--broker", f"127.0.0.1:{self.broker_port}", "--until", iso(until_ms), "--clock", str(self.clock)]
        await self.processes.start("field", [*arguments, "--interval-s", str(period_s or 60)], "field ready")
        self._field = json.loads((place / "field.json").read_text())

    def _write_hub(self) -> None:
        zone = build_zone(self._seed)
        (self.directory / "areas.geojson").write_text(json.dumps(zone.areas_geojson(), ensure_ascii=False))
        (self.directory / "districts.geojson").write_text(json.dumps(zone.districts_geojson(), ensure_ascii=False))
        write_hub(
            self.directory / "hub.toml",
            broker_port=self.broker_port,
            http_port=self._http_port,
            receiver_url=f"http://127.0.0.1:{self.receiver_port}/lead",
            keys={gateway: self._public_key(gateway) for gateway in self._field["gateways"]},
            grace_s=min(GRACE_REAL_S * self.clock.speed, LONGEST_GRACE_S),
        )

    def _public_key(self, gateway: str) -> str:
        path = self._config(gateway).parent / "key.pem"
        path.parent.mkdir(parents=True, exist_ok=True)
        return public_text(load_or_create(path))

    def _config(self, gateway: str) -> Path:
        return self.directory / "gateways" / gateway / "edge.toml"


def free_port() -> int:
    """Return a TCP port that was free on loopback just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
