"""A line on a connection that pymodbus's client keeps: one question at a time, and only its own answer is taken for it.

The client opens the port and carries bytes. Answers are told from all else here: the client itself drops what follows
noise, takes a late answer for the next one, and waits out its time when the far end has hung up.
"""

import asyncio
import time
from typing import Final, NamedTuple

from pymodbus.client.base import ModbusBaseClient

from edge.drivers.modbus.frames import rtu_answer, rtu_failure, rtu_question, tcp_answer, tcp_question
from edge.errors import BadFrame, DeviceSilent, PortError
from wire.clock import Clock

SILENT: Final = "silent: no answer in time"
# Bytes that may come in answer to one question, noise included, before the client throws them away.
_MOST_HEARD: Final = 4096


class Answer(NamedTuple):
    """What a unit said.

    Attributes:
        at_ms: when its last byte came, monotonic.
        latency_ms: real milliseconds since the question.
        octets: registers or bits; empty when it refused.
        refusal: the exception code, 0 for none.
    """

    at_ms: int
    latency_ms: float
    octets: bytes
    refusal: int


class Owed(NamedTuple):
    """A question whose answer did not come in time and may still come."""

    question: bytes
    until_s: float


class Line:
    """One line, serial or TCP. The client calls `trace` and `connection`; give them to it when it is made.

    RTU answers have no number, so a late one could be taken for the answer to the next question of the same unit: after
    a time-out that unit is asked nothing for another time-out, unless its late answer comes before.

    Attributes:
        port: as configured, for errors.
        client: connected.
        late: units whose last answer came too late.
    """

    client: ModbusBaseClient

    def __init__(self, port: str, clock: Clock, *, rtu: bool) -> None:
        self.port = port
        self.late: set[int] = set()
        self._clock = clock
        self._rtu = rtu
        self._find = rtu_answer if rtu else tcp_answer
        self._transaction = 0
        self._question = b""
        self._frame = b""
        self._heard = b""
        self._unasked = b""
        self._old = b""
        self._at_ms = 0
        self._owed: dict[int, Owed] = {}
        self._lost = False
        self._waiting: asyncio.Future[None] | None = None

    def trace(self, sending: bool, octets: bytes) -> bytes:  # noqa: FBT001  # pymodbus calls it so
        """Hear what has come since the last question; there is never anything left for the client to take apart.

        Args:
            sending: the direction.
            octets: all that came since the last question.
        """
        if sending:
            return octets
        if self._question:
            self._heard = octets
            self._frame = self._find(self._question, octets)
            if self._frame:
                self._at_ms = self._clock.monotonic_ms()
                self._question, self._old = b"", octets
                self._wake()
            return b""
        self._unasked = octets.removeprefix(self._old)
        if self._owed and self._settle(self._unasked):
            self._unasked, self._old = b"", octets
        return b""

    def connection(self, connected: bool) -> None:  # noqa: FBT001  # pymodbus calls it so
        """Note that the connection is there, or lost: a question that waits is given up at once."""
        self._lost = not connected
        if self._lost:
            self._wake()

    async def ask(self, unit: int, read: tuple[int, int, int], timeout_s: float) -> Answer:
        """Put a question and return the answer to it.

        Args:
            unit: whom.
            read: function, address and count.
            timeout_s: real seconds to wait.

        Raises:
            DeviceSilent: nothing came in time.
            BadFrame: something came, but no answer.
            PortError: the connection is lost.
        """
        if unit in self._owed:
            await self._quarantine(unit)
        asked_ns = time.perf_counter_ns()
        await self._exchange(unit, read, timeout_s)
        latency_ms = (time.perf_counter_ns() - asked_ns) / 1e6
        if not self._frame:
            self._give_up(unit, timeout_s)
        self.late.discard(unit)
        self._unasked = b""
        if self._owed:
            self._settle(self._heard)
        if self._frame[1] & 0x80:
            return Answer(self._at_ms, latency_ms, b"", self._frame[2])
        function, _, count = read
        octets = self._frame[3:]
        if len(octets) != (2 * count if function > 2 else (count + 7) // 8):
            raise BadFrame(self.port, "", f"garbled: an answer of {len(octets)} bytes to a question for {count}")
        return Answer(self._at_ms, latency_ms, octets, 0)

    async def _exchange(self, unit: int, read: tuple[int, int, int], timeout_s: float) -> None:
        """Send a question and wait for its answer, the time-out, or the end of the connection."""
        if self._lost:
            raise PortError(self.port, "", "the connection is lost")
        self._transaction = self._transaction % 0xFFFF + 1
        question = rtu_question(unit, read) if self._rtu else tcp_question(self._transaction, unit, read)
        self._heard = self._frame = self._old = b""
        loop = asyncio.get_running_loop()
        self._waiting, self._question = loop.create_future(), question
        self.client.ctx.max_buffer_size = _MOST_HEARD
        self.client.ctx.send(question)
        expiry = loop.call_later(timeout_s, self._wake)
        try:
            await self._waiting
        finally:
            expiry.cancel()
            self._waiting = None

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    async def _quarantine(self, unit: int) -> None:
        owed = self._owed.get(unit)
        if owed is not None:
            await asyncio.sleep(owed.until_s - asyncio.get_running_loop().time())
            self._owed.pop(unit, None)

    def _give_up(self, unit: int, timeout_s: float) -> None:
        """Raise what it means that there is no answer."""
        if self._lost:
            raise PortError(self.port, "", "the connection is lost") from None
        question, self._question = self._question, b""
        unasked, self._unasked = self._unasked, b""
        if not self._rtu:
            heard = f"garbled: {len(self._heard)} bytes that are no answer" if self._heard else ""
            raise (BadFrame if heard else DeviceSilent)(self.port, "", heard or SILENT) from None
        self._owed[unit] = Owed(question, asyncio.get_running_loop().time() + timeout_s)
        reason = rtu_failure(question, self._heard, unasked)
        if reason.startswith("silent") and unit in self.late:
            reason = f"late: it answers after more than {timeout_s:g} s: raise timeout_s"
        raise (DeviceSilent if reason.startswith(("silent", "late")) else BadFrame)(self.port, "", reason) from None

    def _settle(self, octets: bytes) -> bool:
        """Return whether something that is owed has come after all, and note whose it is."""
        came = {unit for unit, owed in self._owed.items() if rtu_answer(owed.question, octets)}
        self.late |= came
        return bool(came)
