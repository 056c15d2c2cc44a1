"""What the agent asks of every driver."""

from collections.abc import AsyncIterator, Sequence
from types import TracebackType
from typing import Protocol, Self

from wire.reading import Reading


class Driver(Protocol):
    """One port and the devices on it, as an async context manager: opened on enter, closed on exit.

    Opening raises `PortError` when the port cannot be opened; `readings` raises `DriverError` when the port is lost. A device that is silent or garbled does
    not end the driver: the driver notes it in `health` and goes on with the others. The agent supervises: it logs the loss once and the return once, waits
    exponentially longer and enters again.
    """

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def readings(self) -> AsyncIterator[Sequence[Reading]]:
        """Yield the readings of one frame or answer at a time, as they come, each with the time of its own answer."""
        ...
