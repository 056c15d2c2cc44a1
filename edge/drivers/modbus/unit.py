"""What is asked of one unit of a line, learned from what it refuses."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from edge.drivers.modbus.codec import Block, plan
from edge.drivers.modbus.item import Item

# Exception codes that are about what was asked for: no such function, no such registers, or too many at once.
NO_FUNCTION: Final = 1
DIVISIBLE: Final = frozenset({NO_FUNCTION, 2, 3})
# How many of the things that it lacks a fault names.
NAMED: Final = 6
# Field milliseconds after which a unit is asked again for what it did not have: it may have been changed.
ASK_AGAIN_MS: Final = 3_600_000


@dataclass(slots=True)
class Unit:
    """One unit number and what is read of it, for one or more devices.

    Attributes:
        number: of the unit on its line.
        timeout_s: real seconds that it has for an answer.
        items: all that is wanted, of every device.
        blocks: the requests that read what it has.
        lacking: what it does not have.
        hopeless: it has refused everything, so it is asked for no parts any more.
    """

    number: int
    timeout_s: float
    items: Sequence[Item]
    blocks: list[Block] = field(init=False)
    lacking: list[Item] = field(init=False, default_factory=list)
    hopeless: bool = field(init=False, default=False)
    _again_ms: int = field(init=False, default=0)
    _code: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        self.blocks = plan(self.items)

    def refresh(self, now_ms: int) -> None:
        """Forget what it refused when that was long ago."""
        if (self.lacking or self.hopeless) and now_ms >= self._again_ms:
            self._restart()
            self.hopeless = False

    def divide(self, block: Block, code: int, now_ms: int) -> list[Block]:
        """Return what to ask instead of a refused block; nothing when what it reads is lacking.

        Args:
            block: of `blocks`.
            code: the exception, one of `DIVISIBLE`.
            now_ms: monotonic.
        """
        parts = [] if code == NO_FUNCTION else block.split()
        at = self.blocks.index(block)
        self.blocks[at : at + 1] = parts
        if not parts:
            self._code = code
            self.lacking += block.items
            self._again_ms = now_ms + ASK_AGAIN_MS
        return parts

    def conclude(self) -> str:
        """Return in words what it lacks; begin anew when that is everything."""
        if self.blocks:
            names = ", ".join(item.name for item in self.lacking[:NAMED])
            return f"refused with exception {self._code}: it has no {names}" + (
                ", ..." if len(self.lacking) > NAMED else ""
            )
        self._restart()
        self.hopeless = True
        return f"refused with exception {self._code}: it has none of these: is it this profile and offset?"

    def _restart(self) -> None:
        self.blocks, self.lacking = plan(self.items), []
