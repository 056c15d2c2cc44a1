"""A gateway's whole line on one machine: numbered instruments, the agent, a link that can be cut, a broker, the hub.

instruments ══Modbus TCP══> quietwatch edge run ══> Link ══> mosquitto <══ quietwatch hub run
"""

import asyncio
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from played.arrivals import Arrivals
from played.instruments import Answer, answers
from played.programs import Program, free_port, mosquitto

from edge.key import load_or_create, public_text
from quietwatch.demo.link import Link

PLAYED = Path(__file__).parent
GATEWAY = "gw"
STATION = {
    "id": "station",
    "kind": "micro_station",
    "name": "站",
    "longitude": 116.5,
    "latitude": 39.8,
}
NUMBERED = """title = "Numbered answers"
source = "played"
function = 3
[[register]]
property = "pm10"
address = 0
type = "uint32"
unit = "ug/m3"
"""


@dataclass(frozen=True)
class Verdict:
    """What the instruments said against what arrived.

    Attributes:
        served: answers of the instruments.
        arrived: those of them that arrived.
        in_flight: missing, but the very last answer on a connection whose gateway was killed.
        lost: missing otherwise.
        doubled: arrived more often than once.
    """

    served: int
    arrived: int
    in_flight: int
    lost: int
    doubled: int


def judge(served: Sequence[Answer], found: Mapping[tuple[str, int], int], killed: Sequence[int]) -> Verdict:
    """Compare.

    Args:
        served: the instruments' ledger.
        found: how often each (device, number) arrived; device "unit-N" is unit N.
        killed: the connection that a gateway had when it was killed, once for each time.
    """
    missing = [answer for answer in served if not found.get((f"unit-{answer.unit}", answer.number))]
    last = {answer.connection: answer for answer in served}
    flying = sum(last[answer.connection] == answer and answer.connection in killed for answer in missing)
    doubled = sum(many - 1 for many in found.values() if many > 1)
    return Verdict(len(served), len(served) - len(missing), flying, len(missing) - flying, doubled)


@dataclass
class Line:
    """The line's parts; enter it to have all of them running.

    Attributes:
        place: where everything is written.
        units: how many instruments there are on the one Modbus connection.
        period_s: of their polls.
        device: more of each [[device]].
        gateway: more of [gateway].
        tables: gives the [[device]] tables for a port instead, where they are others.
        killed: the connection that the agent had whenever it was killed.
    """

    place: Path
    units: int = 1
    period_s: float = 0.2
    device: Mapping[str, Any] = field(default_factory=dict)
    gateway: Mapping[str, Any] = field(default_factory=dict)
    tables: Callable[[str], Sequence[Mapping[str, Any]]] | None = None
    killed: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.broker_port = free_port()
        self.broker = mosquitto(self.place, self.broker_port)
        self.link = Link(self.broker_port)
        self.ledger = self.place / "ledger.tsv"
        self.instruments = Program(
            "instruments", [sys.executable, PLAYED / "instruments.py", self.ledger], self.place, "listening"
        )
        self.agent = Program(
            "agent",
            [sys.executable, "-m", "quietwatch", "edge", "run", self.place / "edge.toml"],
            self.place,
            "gateway ready",
        )
        self.hub = Program(
            "hub",
            [sys.executable, "-m", "quietwatch", "hub", "run", self.place / "hub.toml"],
            self.place,
            "hub ready",
        )
        self.arrivals = Arrivals(self.place / "hub" / "journal")

    async def __aenter__(self) -> Self:
        try:
            await self.broker.start()
            await self.link.__aenter__()
            port = int(await self.instruments.start())
            self.configure(port)
            write_hub(self.place, self.broker_port)
            await asyncio.gather(self.hub.start(), self.agent.start())
        except BaseException:
            await self.__aexit__(None, None, None)
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for program in (self.agent, self.instruments, self.hub, self.broker):
            program.kill()  # nothing that they would still do is looked at
        await self.link.__aexit__(kind, error, trace)
        self.arrivals.__exit__(kind, error, trace)

    def configure(self, modbus_port: int) -> None:
        """Write the agent's configuration."""
        (self.place / "numbered.toml").write_text(NUMBERED)
        port = f"tcp://127.0.0.1:{modbus_port}"
        devices = self.tables(port) if self.tables is not None else self._numbered(port)
        write_config(self.place / "edge.toml", self.link.port, devices, self.gateway)

    def _numbered(self, port: str) -> Sequence[Mapping[str, Any]]:
        profile = str(self.place / "numbered.toml")
        every = {"station": "station", "driver": "modbus", "port": port, "profile": profile, "period_s": self.period_s}
        units = range(1, self.units + 1)
        return [{**every, "id": f"unit-{unit}", "unit": unit, **self.device} for unit in units]

    def served(self) -> list[Answer]:
        """Return the instruments' ledger."""
        return answers(self.ledger.read_text("ascii")) if self.ledger.exists() else []

    def kill_agent(self) -> None:
        """Take the agent down as a power cut of its process would."""
        self.agent.kill()
        served = self.served()
        self.killed += [served[-1].connection] if served else []

    async def settle(self, patience_s: float = 60.0) -> Verdict:
        """Let the instruments fall silent, wait until everything has arrived or patience ends, and judge."""
        self.instruments.say("silent 0")
        await asyncio.sleep(0.5)
        served = self.served()
        deadline_s = time.monotonic() + patience_s
        while True:
            self.arrivals.look()
            verdict = judge(served, self.arrivals.times, self.killed)
            if not verdict.lost or time.monotonic() > deadline_s:
                return verdict
            await asyncio.sleep(0.5)


def write_config(
    path: Path, broker_port: int, devices: Sequence[Mapping[str, Any]], gateway: Mapping[str, Any] | None = None
) -> None:
    """Write an agent's configuration with one station."""
    own = {"id": GATEWAY, "flush_s": 1.0, "health_period_s": 0, "socket": "", **(gateway or {})}
    hub = {"host": "127.0.0.1", "port": broker_port, "timeout_s": 2.0}
    tables = [("[gateway]", own), ("[hub]", hub), ("[[station]]", STATION), *(("[[device]]", each) for each in devices)]
    path.write_text("".join(f"{head}\n{_lines(table)}" for head, table in tables))


def write_hub(place: Path, broker_port: int) -> None:
    """Write the configuration of a hub that knows the gateway by the key in key.pem."""
    for name in ("areas.geojson", "districts.geojson"):
        (place / name).write_text('{"type": "FeatureCollection", "features": []}')
    public = public_text(load_or_create(place / "key.pem"))
    (place / "hub.toml").write_text(
        f'[hub]\ndirectory = "hub"\n[mqtt]\nport = {broker_port}\n[zone]\nname = "区"\n'
        f'[[gateway]]\nid = "{GATEWAY}"\npublic_key = "{public}"\n'
    )


async def until(condition: Callable[[], bool], patience_s: float = 60.0) -> None:
    """Wait for something that lies in other processes."""
    async with asyncio.timeout(patience_s):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.05)


def _lines(table: Mapping[str, Any]) -> str:
    return "".join(f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in table.items())
