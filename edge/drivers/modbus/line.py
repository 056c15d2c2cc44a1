"""A line through pymodbus's client: one question at a time, and only its own answer is taken for it."""

import asyncio
import time
from typing import Final, NamedTuple

from pymodbus.client.base import ModbusBaseClient
from pymodbus.exceptions import ConnectionException, ModbusException
from pymodbus.framer.rtu import FramerRTU

from edge.drivers.modbus.frames import rtu_answer, rtu_failure, tcp_answer
from edge.errors import BadFrame, DeviceSilent, PortError
from wire.clock import Clock

SILENT: Final = "silent: no answer in time"
_READS: Final = {
    1: "read_coils",
    2: "read_discrete_inputs",
    3: "read_holding_registers",
    4: "read_input_registers",
}


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
        self._question = b""
        self._frame = b""
        self._heard = b""
        self._unasked = b""
        self._left = b""
        self._at_ms = 0
        self._owed: dict[int, Owed] = {}
        self._lost = False
        self._guard: asyncio.Timeout | None = None

    def trace(self, sending: bool, octets: bytes) -> bytes:  # noqa: FBT001  # pymodbus calls it so
        """Note a question; or return the answer alone in what has been heard since, with its CRC, as the client wants.

        Args:
            sending: the direction.
            octets: the question, or all that came since it.
        """
        if sending:
            self._question, self._heard, self._frame, self._left = octets, b"", b"", b""
            return octets
        if not self._question:
            self._unasked = octets.removeprefix(self._left)
            if self._settle(self._unasked):
                self._unasked, self._left = b"", octets
            return b""
        self._heard = octets
        self._frame = self._find(self._question, octets)
        if not self._frame:
            return b""
        self._at_ms = self._clock.monotonic_ms()
        if self._rtu:
            clean = self._frame + FramerRTU.compute_CRC(self._frame).to_bytes(2, "big")
        else:
            clean = self._question[:4] + len(self._frame).to_bytes(2, "big") + self._frame
        # The client cuts so many bytes off the front of what it holds, whatever they are.
        self._question, self._left = b"", octets[len(clean) :]
        return clean

    def connection(self, connected: bool) -> None:  # noqa: FBT001  # pymodbus calls it so
        """Note that the connection is there, or lost: a question that waits is given up at once."""
        self._lost = not connected
        if self._lost and self._guard is not None:
            self._guard.reschedule(asyncio.get_running_loop().time())

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
        if self._lost:
            raise PortError(self.port, "", "the connection is lost")
        await self._quarantine(unit)
        function, address, count = read
        asked_ns = time.perf_counter_ns()
        ask = getattr(self.client, _READS[function])
        task = asyncio.current_task()
        assert task is not None
        cancelled = task.cancelling()
        try:
            async with asyncio.timeout(timeout_s) as self._guard:
                await ask(address, count=count, device_id=unit)
        except TimeoutError:
            self._give_up(unit, timeout_s)
        except ConnectionException as error:
            raise PortError(self.port, "", "the connection is lost") from error
        except ModbusException as error:
            raise BadFrame(self.port, "", f"garbled: {error}") from error
        finally:
            self._guard = None
        if task.cancelling() > cancelled:
            # Python 3.11's wait_for, in the client, forgets a cancellation that comes together with the answer.
            raise asyncio.CancelledError
        self.late.discard(unit)
        self._unasked = b""
        if self._owed:
            self._settle(self._heard)
        frame = self._frame
        refused = frame[2] if frame[1] & 0x80 else 0
        octets = b"" if refused else frame[3:]
        if not refused and len(octets) != (2 * count if function > 2 else (count + 7) // 8):
            raise BadFrame(self.port, "", f"garbled: an answer of {len(octets)} bytes to a question for {count}")
        return Answer(self._at_ms, (time.perf_counter_ns() - asked_ns) / 1e6, octets, refused)

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
