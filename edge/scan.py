"""Finds out what is on a line: devices that talk by themselves, and Modbus units with the profiles that fit them.

Only questions are sent that read. A line has one speed and one parity: where a unit has answered, the rest of the
numbers is tried at that setting alone.
"""

import contextlib
import termios
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple

import msgspec

from edge.clock import GatewayClock
from edge.drivers.modbus.driver import open_client
from edge.drivers.modbus.frames import refusal
from edge.drivers.modbus.line import Line
from edge.drivers.modbus.profile import load_profile, profile_names
from edge.drivers.modbus.settings import ModbusSettings
from edge.errors import BadFrame, DeviceSilent, PortError
from edge.fitting import Fit, rank, read_as
from edge.listening import Talker, recognise
from edge.probe import hear

Parity = Literal["N", "E", "O"]

LISTEN_S: Final = 3.0
LISTEN_BAUDS: Final = (9600, 115_200)
# Numbers that installers give first: they are tried at every setting before the others are at any.
LIKELY: Final = 16
# Bytes of the shortest question and answer together, and bits of a byte with start, parity and stop.
_BYTES, _BITS = 16, 11
# Real seconds that a unit which is known to be there has for each answer.
IDENTIFY_S: Final = 0.5
# How a driver begins to say that the unit itself sent what could not be read.
_ITS_OWN: Final = ("garbled", "babbles")


class Setting(NamedTuple):
    """How fast a line is and with which parity; 0 and "N" where only the network's other end knows."""

    baud: int
    parity: Parity


class Unit(msgspec.Struct, frozen=True):
    """A Modbus unit that has answered.

    Attributes:
        said: "" when it gave registers, else with what it refused, or why its answer could not be read.
        garbled: whether it could not be read.
        fits: the best first; empty when no profile does, None while none was tried.
    """

    unit: int
    baud: int
    parity: Parity
    latency_ms: float
    said: str = ""
    fits: tuple[Fit, ...] | None = None
    garbled: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """What to try.

    Attributes:
        port: a serial port, tcp://host:502 or rtu+tcp://host:4001.
        ids: unit numbers.
        settings: in the order of trying; of a network port one.
        timeout_s: real seconds that a unit has besides the time that the bytes take.
        listen_s: real seconds of listening at each speed of LISTEN_BAUDS; 0 for none.
    """

    port: str
    ids: Sequence[int]
    settings: Sequence[Setting]
    timeout_s: float = 0.15
    listen_s: float = LISTEN_S

    def question_s(self, setting: Setting) -> float:
        """Return how long one number takes that nobody has."""
        return self.timeout_s + (_BYTES * _BITS / setting.baud if setting.baud else 0.0)

    def longest_s(self) -> float:
        """Return how long it takes when nobody is found."""
        silence_s = sum(self.question_s(setting) for setting in self.settings) * len(self.ids)
        return silence_s + self.listen_s * len(LISTEN_BAUDS)


@dataclass(slots=True)
class Scan:
    """What has been found so far; a scan that is broken off leaves it here.

    Attributes:
        doing: in words.
        talkers, units: what was found.
        passed: settings whose line cannot be opened so, and why.
        left_s: real seconds that are left at most.
    """

    plan: Plan
    clock: GatewayClock
    told: Callable[["Scan"], None] = lambda _: None
    doing: str = ""
    talkers: list[Talker] = field(default_factory=list)
    units: list[Unit] = field(default_factory=list)
    passed: dict[Setting, str] = field(default_factory=dict)
    left_s: float = 0.0

    async def run(self) -> None:
        """Listen, ask, identify.

        Raises:
            PortError: the port cannot be opened with any setting, or went away.
        """
        self.left_s = self.plan.longest_s()
        if self.plan.listen_s and not self.plan.port.startswith("tcp://"):
            await self._listen()
        if not self.talkers or any(talker.driver == "modbus" for talker in self.talkers):
            await self._ask()
        if self.units:
            await self._identify()

    async def _listen(self) -> None:
        bauds = LISTEN_BAUDS if "://" not in self.plan.port else LISTEN_BAUDS[:1]
        for baud in bauds:
            self._tell(f"listening at {baud} baud", 0.0)
            heard = await hear(self.plan.port.removeprefix("rtu+"), baud, self.plan.listen_s)
            self.talkers += recognise(baud, heard)
            self.left_s -= self.plan.listen_s

    async def _ask(self) -> None:
        likely = [unit for unit in self.plan.ids if unit <= LIKELY]
        others = [unit for unit in self.plan.ids if unit > LIKELY]
        for some, rest in ((likely, others), (others, [])):
            for setting in self.plan.settings:
                if setting not in self.passed and some and await self._try(setting, some):
                    self.left_s = self.plan.question_s(setting) * len(rest)
                    await self._try(setting, rest)
                    return
        if len(self.passed) == len(self.plan.settings):
            raise PortError(self.plan.port, "", "; ".join(dict.fromkeys(self.passed.values())))

    async def _try(self, setting: Setting, ids: Sequence[int]) -> bool:
        """Ask these numbers at one setting and return whether anybody answered."""
        sound: list[Unit] = []
        doubtful: list[Unit] = []
        try:
            async with _connected(self._line(setting), self.clock) as line:
                for unit in ids:
                    self._tell(f"{_said(setting)}asking unit {unit}", self.plan.question_s(setting))
                    answer = await self._one(line, setting, unit)
                    if answer is not None:
                        (doubtful if answer.garbled else sound).append(answer)
                        self.units = sorted([*self.units, answer], key=lambda one: one.unit)
        except PortError as error:
            if sound:
                raise
            self.passed[setting] = error.reason
        if not sound and len(self.plan.settings) > 1:  # at a wrong speed everything is garbled
            self.units = [unit for unit in self.units if unit not in doubtful]
        return bool(sound)

    async def _one(self, line: Line, setting: Setting, unit: int) -> Unit | None:
        try:
            answer = await line.ask(unit, (3, 0, 1), self.plan.question_s(setting))
        except DeviceSilent:
            return None
        except BadFrame as error:
            if not error.reason.startswith(_ITS_OWN):
                return None  # only somebody else talks
            return Unit(unit, setting.baud, setting.parity, 0.0, error.reason, garbled=True)
        said = refusal(answer.refusal) if answer.refusal else ""
        return Unit(unit, setting.baud, setting.parity, round(answer.latency_ms, 1), said)

    async def _identify(self) -> None:
        """Read every unit through every profile."""
        first = self.units[0]
        async with _connected(self._line(Setting(first.baud, first.parity)), self.clock) as line:
            for at, found in enumerate(self.units):
                if found.garbled:
                    continue
                values = []
                for name in profile_names():
                    self._tell(f"unit {found.unit}: trying profile {name}", 0.0)
                    values.append((name, await read_as(line, found.unit, load_profile(name), IDENTIFY_S)))
                self.units[at] = msgspec.structs.replace(found, fits=rank(values))

    def _line(self, setting: Setting) -> ModbusSettings:
        """Return settings for the line; unit and profile do not matter."""
        return ModbusSettings(
            id="scan",
            station="scan",
            driver="modbus",
            port=self.plan.port,
            unit=1,
            profile=profile_names()[0],
            baud=setting.baud or 9600,
            parity=setting.parity,
        )

    def _tell(self, doing: str, spent_s: float) -> None:
        self.doing = doing
        self.left_s = max(0.0, self.left_s - spent_s)
        self.told(self)


def _said(setting: Setting) -> str:
    return f"{setting.baud} baud {setting.parity}: " if setting.baud else ""


@contextlib.asynccontextmanager
async def _connected(settings: ModbusSettings, clock: GatewayClock) -> AsyncIterator[Line]:
    """Open a line to ask units one by one."""
    line = Line(settings.port, clock, rtu=not settings.port.startswith("tcp://"))
    client = open_client(settings, line)
    client.set_max_no_responses(1 << 31)  # a scan is made of silences
    try:
        connected = await client.connect()
    except (OSError, ValueError, termios.error) as error:
        raise PortError(settings.port, "", f"cannot be opened: {error}") from error
    if not connected:
        raise PortError(settings.port, "", "cannot be opened: no such port, no permission, in use, or nobody listens")
    line.client = client
    try:
        yield line
    finally:
        client.close()
