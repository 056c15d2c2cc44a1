"""Thermo's analysers as a table: what to ask each, and what its status word means. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from wire.reading import Flag


@dataclass(frozen=True, slots=True)
class Model:
    """An analyser.

    Attributes:
        instrument: the id that it leaves the factory with.
        gases: the properties; each is its own command.
        fail_bits, suspect_bits: of its status word.
        pause_s: real seconds of rest that it needs between commands.
    """

    instrument: int
    gases: tuple[str, ...]
    fail_bits: int = 0
    suspect_bits: int = 0
    pause_s: float = 0.0


# 00000003 bench temperature low, high; 0000000C lamp temperature; 00000030 ozonator temperature; 000000C0 pressure:
# beyond their limits the value is doubtful.
_OZONE_SUSPECT: Final = 0x0000_00FF
# 00000300 flow A low, high; 00000C00 flow B; 00003000 intensity A; 0000C000 intensity B; 20000000 service mode: without
# flow or light it measures nothing, and while somebody works on it, not the air.
# Compensations (0C000000), the ozonator being on (00100000) and alarms about the concentration (C0000000) say nothing
# against the value.
_OZONE_FAIL: Final = 0x2000_FF00

MODELS: Final[Mapping[str, Model]] = MappingProxyType(
    {
        "49i": Model(49, ("o3",), _OZONE_FAIL, _OZONE_SUSPECT),
        "49c": Model(49, ("o3",), _OZONE_FAIL, _OZONE_SUSPECT, pause_s=0.25),
        # What the bits of its status word mean was found in no public document: the table of the device says it.
        "42i": Model(42, ("no", "no2", "nox")),
    }
)


def judge(word: int, fail_bits: int, suspect_bits: int) -> Flag:
    """Return the flag that a status word deserves."""
    if word & fail_bits:
        return Flag.FAIL
    return Flag.SUSPECT if word & suspect_bits else Flag.UNKNOWN
