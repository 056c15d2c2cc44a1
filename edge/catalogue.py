"""The catalogue: what the indices in a batch's columns mean, the same for the whole life of an outbox."""

from typing import Final, NamedTuple, TypeVar

import msgspec

from edge.errors import OutboxError
from wire.batch import CatalogueBody, CatalogueDatastream, CatalogueDevice, CatalogueStation

LAST_INDEX: Final = 0xFFFF
_Listed = TypeVar("_Listed", CatalogueStation, CatalogueDevice)


class Series(NamedTuple):
    """One property of one device, as the configuration and the driver state it."""

    device: str
    property: str
    unit: str
    period_s: float


class Inventory(NamedTuple):
    """What a configuration says is there.

    Attributes:
        software: name and version of what runs on the gateway.
    """

    software: str
    stations: tuple[CatalogueStation, ...]
    devices: tuple[CatalogueDevice, ...]
    series: tuple[Series, ...]


def merge(held: CatalogueBody | None, inventory: Inventory) -> CatalogueBody:
    """Return the held catalogue with what the inventory adds or says anew; an index never changes its meaning.

    A datastream whose unit changed gets a new index. What is no longer configured stays listed.

    Raises:
        OutboxError: a device stands at another station than it did: its old readings would move with it.
    """
    if held is None:
        held = CatalogueBody(b"", 0, "", (), (), ())
    _refuse_moves(held.devices, inventory.devices)
    return CatalogueBody(
        boot=held.boot,
        number=held.number,
        software=inventory.software,
        stations=_renewed(held.stations, inventory.stations),
        devices=_renewed(held.devices, inventory.devices),
        datastreams=_indexed(held.datastreams, inventory.series),
    )


def same(left: CatalogueBody, right: CatalogueBody) -> bool:
    """Return whether two catalogues say the same, whatever their numbers."""
    return msgspec.structs.replace(left, boot=right.boot, number=right.number) == right


def indices(catalogue: CatalogueBody, inventory: Inventory) -> dict[tuple[str, str], int]:
    """Return the index of each (device, property) of an inventory that was merged into the catalogue."""
    index = {(stream.device, stream.property, stream.unit): stream.index for stream in catalogue.datastreams}
    return {(each.device, each.property): index[each.device, each.property, each.unit] for each in inventory.series}


def _renewed(held: tuple[_Listed, ...], said: tuple[_Listed, ...]) -> tuple[_Listed, ...]:
    return tuple(({each.id: each for each in held} | {each.id: each for each in said}).values())


def _indexed(held: tuple[CatalogueDatastream, ...], series: tuple[Series, ...]) -> tuple[CatalogueDatastream, ...]:
    known = {(stream.device, stream.property, stream.unit): stream for stream in held}
    free = max((stream.index for stream in held), default=-1) + 1
    for each in series:
        key = (each.device, each.property, each.unit)
        index = known[key].index if key in known else free
        if index > LAST_INDEX:
            raise OutboxError(f"more than {LAST_INDEX + 1} datastreams in one outbox: begin a new one")
        free = max(free, index + 1)
        known[key] = CatalogueDatastream(index, each.device, each.property, each.unit, each.period_s)
    return tuple(known.values())


def _refuse_moves(held: tuple[CatalogueDevice, ...], said: tuple[CatalogueDevice, ...]) -> None:
    places = {device.id: device.station for device in held}
    for device in said:
        if places.get(device.id, device.station) != device.station:
            raise OutboxError(
                f"device {device.id!r} stood at station {places[device.id]!r}, not {device.station!r}: "
                "its earlier readings would move with it; give the moved device a new id"
            )
