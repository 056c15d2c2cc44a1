"""Probing a port: what is concluded of each device, and when it is enough."""

import asyncio
import math
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from edge.drivers.driver import DeviceHealth
from edge.drivers.pms.settings import PmsSettings
from edge.errors import PortError
from edge.ports import Port
from edge.probe import Finding, Shown, Visit, port_state
from wire.reading import Flag, Reading

DEVICE = PmsSettings(id="dust", station="lab", driver="pms", port="/dev/ttyUSB0", properties=("pm2_5", "pm10"))


@dataclass
class SoftDriver:
    """A driver without a port: each step yields readings, or notes something in the health."""

    steps: Sequence[Callable[[DeviceHealth], Sequence[Reading]]]
    lost: str = ""
    health: Mapping[str, DeviceHealth] = field(default_factory=lambda: {"dust": DeviceHealth()})

    async def __aenter__(self) -> Self:
        if self.lost:
            raise PortError("/dev/ttyUSB0", "", self.lost)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing is open."""

    async def readings(self) -> AsyncIterator[Sequence[Reading]]:
        """Play the steps, then be silent."""
        for step in self.steps:
            readings = step(self.health["dust"])
            if readings:
                yield readings
        await asyncio.Event().wait()


def answer(health: DeviceHealth) -> Sequence[Reading]:
    """A frame with one value and one that is missing."""
    health.answered(5, 12.34)
    return [Reading("dust", "pm2_5", 5, 35.0, Flag.UNKNOWN), Reading("dust", "pm10", 5, math.nan, Flag.MISSING)]


def failing(fault: str) -> Callable[[DeviceHealth], Sequence[Reading]]:
    """Return a step that fails so."""

    def step(health: DeviceHealth) -> Sequence[Reading]:
        health.failed(fault)
        return ()

    return step


def found(driver: SoftDriver) -> Finding:
    """Return what a visit finds out."""
    visit = Visit(Port("/dev/ttyUSB0", "pms", driver, (DEVICE,)))
    asyncio.run(visit.pay(0.0))
    return visit.finding(DEVICE)


def test_an_answer_is_shown_with_units_flags_and_latency() -> None:
    """What a device has no value for is None, never a number."""
    finding = found(SoftDriver([failing("wrong checksum"), answer]))

    assert ("answered", "", 12.3) == (finding.verdict, finding.fault, finding.latency_ms)
    assert (Shown("pm2_5", "ug/m3", 35.0, 2), Shown("pm10", "ug/m3", None, 9)) == finding.values


@pytest.mark.parametrize(
    ("fault", "times", "verdict", "exception"),
    [
        ("silent: nothing arrived", 1, "silent", 0),
        ("late: it answers after more than 1 s: raise timeout_s", 1, "silent", 0),
        ("wrong checksum", 3, "garbled", 0),
        ("babbles: it sends frames that nobody asked for", 3, "babbling", 0),
        ("refused with exception 2: it has no such registers", 3, "refused", 2),
    ],
)
def test_a_failure_is_named_and_ends_the_visit(fault: str, times: int, verdict: str, exception: int) -> None:
    """Nobody waits longer on a ladder than it takes to know."""
    finding = found(SoftDriver([failing(fault)] * times))

    assert (verdict, fault, exception) == (finding.verdict, finding.fault, finding.exception)


def test_a_port_that_cannot_be_opened_is_no_silence() -> None:
    """The device is not to blame."""
    finding = found(SoftDriver([], lost="cannot be opened: No such file or directory"))

    assert ("no port", "cannot be opened: No such file or directory") == (finding.verdict, finding.fault)


def test_a_port_is_looked_at_before_it_is_opened(tmp_path: Path) -> None:
    """Network, missing or there; who may not is told apart by the advice's own test."""
    assert ("network", "missing", "there") == (
        port_state("tcp://10.0.0.3:502"),
        port_state(str(tmp_path / "ttyUSB0")),
        port_state(str(tmp_path)),
    )
