"""Which Modbus profiles fit a unit that nobody knows: those whose registers are there and hold plausible values."""

import math
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from edge.drivers.modbus.codec import Block, plan
from edge.drivers.modbus.item import items_of
from edge.drivers.modbus.line import Line
from edge.drivers.modbus.profile import Profile
from edge.errors import BadFrame, DeviceSilent
from edge.probe import Shown
from wire.properties import PROPERTIES, to_canonical
from wire.reading import Reading

_MOSTLY: Final = 0.5
_LEAST: Final = 1e-4


class Fit(msgspec.Struct, frozen=True):
    """A profile that may be the unit's own.

    Attributes:
        good: how many of its values are plausible and not zero.
        of: how many values it has.
    """

    profile: str
    good: int
    of: int
    values: tuple[Shown, ...]


async def read_as(line: Line, unit: int, profile: Profile, timeout_s: float) -> tuple[Shown, ...]:
    """Return what a unit says when it is read through a profile; empty when it does not have its registers.

    Raises:
        PortError: the line is lost.
    """
    items = items_of("unit", profile, profile.datastreams)
    readings = await _read(line, unit, plan(items), timeout_s) or await _read(line, unit, plan(items, 0), timeout_s)
    return tuple(_shown(reading, profile.datastreams[reading.property]) for reading in readings)


async def _read(line: Line, unit: int, blocks: Sequence[Block], timeout_s: float) -> list[Reading]:
    readings: list[Reading] = []
    for block in blocks:
        try:
            answer = await line.ask(unit, (block.function, block.address, block.count), timeout_s)
            if answer.refusal:
                return []
            readings += block.decode(answer.octets, answer.at_ms)[0]
        except (DeviceSilent, BadFrame, ValueError):
            return []
    return readings


def _shown(reading: Reading, unit: str) -> Shown:
    value = None if math.isnan(reading.value) else reading.value
    return Shown(reading.property, unit, value, int(reading.flag))


def rank(found: Iterable[tuple[str, Sequence[Shown]]]) -> tuple[Fit, ...]:
    """Return the profiles that give the most plausible values, the most complete of them; several when they tie.

    Args:
        found: each profile's name and what a unit says when it is read so.
    """
    fits = []
    for name, values in found:
        stated = [shown for shown in values if shown.value is not None]
        good = sum(_plausible(shown) for shown in stated)
        if stated and good / len(stated) > _MOSTLY:
            fits.append(Fit(name, good, len(values), tuple(values)))
    best = max(((fit.good, -fit.of) for fit in fits), default=None)
    return tuple(fit for fit in fits if (fit.good, -fit.of) == best)


def _plausible(shown: Shown) -> bool:
    """Return whether a value may well be true: empty registers hold zero, numbers misread as floats are next to it."""
    if shown.value is None or abs(shown.value) < _LEAST or shown.flag in {3, 4}:
        return False
    factor, offset = to_canonical(shown.property, shown.unit)
    kind = PROPERTIES[shown.property]
    return kind.low <= shown.value * factor + offset <= kind.high
