"""What is wanted of an instrument, and what its status does to its readings."""

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from edge.drivers.modbus.profile import Profile, Register, Status
from wire.reading import Flag, Reading


class Item(NamedTuple):
    """What is wanted of one unit: a quantity, or one bit or register of a status.

    Attributes:
        function, address: as on the wire.
        width: in registers or bits.
        gap: how many unwanted ones may be read along in front of it.
        device: whose.
        of: the quantity's register, or the status.
        text: what it means that the status is raised, "" for a quantity.
    """

    function: int
    address: int
    width: int
    gap: int
    device: str
    of: Register | Status
    text: str = ""

    @property
    def name(self) -> str:
        """What a person calls it."""
        return self.of.property if isinstance(self.of, Register) else f"status {self.address}"


class Alarm(NamedTuple):
    """A status that was raised in an answer."""

    device: str
    status: Status
    text: str

    def concerns(self, reading: Reading) -> bool:
        """Return whether a reading gets its flag."""
        wanted = self.status.properties
        return reading.device == self.device and (not wanted or reading.property in wanted)


def items_of(device: str, profile: Profile, properties: Iterable[str], offset: int = 0) -> list[Item]:
    """Return what a device needs read.

    Args:
        device: its id.
        profile: its map.
        properties: those wanted; the status is left out when it concerns none of them.
        offset: added to every address.
    """
    wanted = set(properties)
    items = []
    for register in profile.register:
        if register.property in wanted:
            width = 2 if register.type.endswith("32") else 1
            function = register.function or profile.function
            items.append(Item(function, register.address + offset, width, profile.gap, device, register))
    for status in profile.status:
        if not status.properties or wanted & set(status.properties):
            items += [
                Item(status.function, status.address + at + offset, 1, profile.gap, device, status, text)
                for at, text in enumerate(status.texts)
                if text
            ]
    return items


def flagged(readings: Sequence[Reading], alarms: Sequence[Alarm]) -> list[Reading]:
    """Return readings with the flags that the status of their instruments asks for; the worse flag wins."""
    return [_flagged(reading, alarms) for reading in readings]


def _flagged(reading: Reading, alarms: Sequence[Alarm]) -> Reading:
    flag = max((alarm.status.verdict for alarm in alarms if alarm.concerns(reading)), default=Flag.UNKNOWN)
    if flag <= reading.flag:
        return reading
    return reading._replace(flag=flag, value=math.nan if flag is Flag.MISSING else reading.value)
