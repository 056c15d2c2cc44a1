"""thingsboard-gateway from PyPI, in an environment of its own, on the same instruments, link and broker as ours.

It sends nothing until something answers its request for session limits, so the far end here does that and keeps what
comes, as ThingsBoard would: a second value of the same device, key and time takes the place of the first.
"""

import asyncio
import contextlib
import json
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiomqtt
from played.instruments import Answer, answers
from played.line import PLAYED
from played.programs import Program, free_port, mosquitto

from quietwatch.demo.link import Link

TOP = Path(__file__).resolve().parents[2]
PLACE = TOP / ".quietwatch" / "bench" / "thingsboard"
# The last two it would otherwise fetch by itself at its first start.
WANTED = ("thingsboard-gateway==3.8.5", "pyserial", "pymodbus==3.9.2", "pyserial-asyncio")
START = "from thingsboard_gateway.tb_gateway import daemon; daemon()"
LIMITS = {"messages": "0:0,", "telemetryMessages": "0:0,", "telemetryDataPoints": "0:0,"}
SESSION = {"maxPayloadSize": 65536, "maxInflightMessages": 100, "rateLimits": LIMITS, "gatewayRateLimits": LIMITS}
# Nothing of it may call home.
NOWHERE = {"http_proxy": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9", "no_proxy": ""}


def installed() -> bool:
    """Return whether the peer is there; installs it first, once, where that is possible."""
    if not (PLACE / "made").exists():
        uv = Path(sys.executable).with_name("uv")
        environment = f'eval "$({sys.executable} {TOP}/.ci/uv_env.py)"'
        make = f"{uv} venv -q -p {sys.executable} {PLACE} && {uv} pip install -q -p {PLACE} {' '.join(WANTED)}"
        shutil.rmtree(PLACE, ignore_errors=True)
        if subprocess.run(["/bin/sh", "-c", f"{environment} && {make}"], check=False).returncode:
            return False
        (PLACE / "made").touch()
    return True


def tag(name: str, address: int | str = 0, kind: str = "16uint", count: int = 1) -> dict[str, Any]:
    """Return one entry of its map; an address "0-124" is a range, read by up to 125 registers a request."""
    row = {"tag": name, "type": kind, "functionCode": 3, "objectsCount": count, "address": address}
    return {**row, "maxRegistersPerRequest": 125} if isinstance(address, str) else row


@dataclass
class Peer:
    """The peer with everything around it; enter it to have all running.

    Attributes:
        place: where everything is written.
        tags: of each unit.
        period_s: of its polls.
        storage: "sqlite", "memory" or "file".
        timeout_s: it waits for an answer.
        shared: whether all units are behind one address.
        values: what the far end keeps, by (device, key, time).
        killed: the connection that it had whenever it was killed.
    """

    place: Path
    tags: Mapping[int, Sequence[Mapping[str, Any]]]
    period_s: float = 0.2
    storage: str = "sqlite"
    timeout_s: int = 20
    shared: bool = True
    values: dict[tuple[str, str, int], int] = field(default_factory=dict)
    killed: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.broker_port = free_port()
        self.broker = mosquitto(self.place, self.broker_port)
        self.link = Link(self.broker_port)
        self.ledger = self.place / "ledger.tsv"
        self.instruments = Program(
            "instruments", [sys.executable, PLAYED / "instruments.py", self.ledger], self.place, "listening"
        )
        self.agent = Program("agent", [PLACE / "bin" / "python", "-c", START], self.place).with_environment(
            TB_GW_CONFIG_DIR=f"{self.place}/config/", **NOWHERE
        )
        self._far_end: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await self.broker.start()
        await self.link.__aenter__()
        self.configure(int(await self.instruments.start()))
        self._far_end = asyncio.create_task(self._receive(), name="far end")
        await self.agent.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._far_end is not None:
            self._far_end.cancel()
            await asyncio.gather(self._far_end, return_exceptions=True)
        for program in (self.agent, self.instruments, self.broker):
            program.kill()
        await self.link.__aexit__(kind, error, trace)

    def configure(self, modbus_port: int) -> None:
        """Write its configuration."""
        place = self.place / "config"
        place.mkdir(parents=True, exist_ok=True)
        (self.place / "logs").mkdir(exist_ok=True)
        (self.place / "data").mkdir(exist_ok=True)
        shipped = next(PLACE.glob("lib/python3*/site-packages/thingsboard_gateway/config"))
        shutil.copy(shipped / "logs.json", place)
        (place / "tb_gateway.json").write_text(json.dumps(self._general(shipped)))
        slaves = [self._slave(modbus_port, unit, rows) for unit, rows in self.tags.items()]
        (place / "modbus.json").write_text(json.dumps({"master": {"slaves": slaves}}))

    def _general(self, shipped: Path) -> dict[str, Any]:
        general: dict[str, Any] = json.loads((shipped / "tb_gateway.json").read_text())
        general["thingsboard"] |= {
            "host": "127.0.0.1",
            "port": self.link.port,
            "remoteConfiguration": False,
            "statistics": {"enable": False},
            **dict.fromkeys(("rateLimits", "dpRateLimits", "messagesRateLimits"), "0:0,"),
            **dict.fromkeys(("deviceMessagesRateLimits", "deviceRateLimits", "deviceDpRateLimits"), "0:0,"),
        }
        folder = f"{self.place}/data/"
        general["storage"] |= {"type": self.storage, "data_file_path": folder, "data_folder_path": folder}
        general["connectors"] = [{"type": "modbus", "name": "modbus", "configuration": "modbus.json"}]
        return general

    def _slave(self, port: int, unit: int, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        host = "127.0.0.1" if self.shared else f"127.0.0.{unit}"
        line = {"host": host, "port": port, "type": "tcp", "method": "socket", "unitId": unit}
        order = {"byteOrder": "BIG", "wordOrder": "BIG", "deviceName": f"unit-{unit}", "deviceType": "default"}
        times = {"timeout": self.timeout_s, "retries": 3, "pollPeriod": int(self.period_s * 1000)}
        rest = {"attributes": [], "attributeUpdates": [], "rpc": [], "timeseries": list(rows)}
        return {**line, **order, **times, **rest}

    def served(self) -> list[Answer]:
        """Return the instruments' ledger."""
        return answers(self.ledger.read_text("ascii")) if self.ledger.exists() else []

    def found(self) -> Counter[tuple[str, int]]:
        """Return how often each (device, number) is kept."""
        return Counter((device, value) for (device, _, _), value in self.values.items())

    def look(self) -> int:
        """Return how many values are kept."""
        return len(self.values)

    def kill_agent(self) -> None:
        """Take it down as a power cut of its process would."""
        self.agent.kill()
        served = self.served()
        self.killed += [served[-1].connection] if served else []

    async def _receive(self) -> None:
        while True:
            with contextlib.suppress(aiomqtt.MqttError):
                async with aiomqtt.Client("127.0.0.1", self.broker_port, max_queued_incoming_messages=0) as client:
                    await client.subscribe([("v1/devices/me/rpc/request/+", 1), ("v1/gateway/telemetry", 1)])
                    async for heard in client.messages:
                        assert isinstance(heard.payload, bytes)
                        await self._take(client, heard.topic.value, json.loads(heard.payload))
            await asyncio.sleep(0.1)

    async def _take(self, client: aiomqtt.Client, topic: str, said: dict[str, Any]) -> None:
        if topic.startswith("v1/devices/me/rpc/request/"):
            if said.get("method") == "getSessionLimits":
                await client.publish(topic.replace("request", "response"), json.dumps(SESSION), qos=1)
            return
        for device, rows in said.items():
            for row in rows:
                self.values |= {(device, key, row["ts"]): value for key, value in row["values"].items()}
