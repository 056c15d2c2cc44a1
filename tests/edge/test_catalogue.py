"""The catalogue: indices that never change their meaning."""

import pytest

from edge.catalogue import LAST_INDEX, Inventory, Series, indices, merge, same
from edge.errors import OutboxError
from wire.batch import CatalogueDevice, CatalogueStation

LAB = CatalogueStation("lab-1", "lab", "一号实验室", 116.5, 39.8)
ROOM = CatalogueDevice("lab-1-room", "lab-1", "modbus", "xy_md02")
TEMPERATURE = Series("lab-1-room", "temperature", "degC", 60.0)
HUMIDITY = Series("lab-1-room", "humidity", "%", 60.0)


def _inventory(*series: Series, device: CatalogueDevice = ROOM) -> Inventory:
    return Inventory("test", (LAB, CatalogueStation("lab-2", "lab", "二号", 116.6, 39.8)), (device,), series)


def test_what_is_there_keeps_its_index_whatever_comes_before_it() -> None:
    """A device that is configured later, above the others, does not shift them."""
    first = merge(None, _inventory(TEMPERATURE))
    second = merge(first, _inventory(HUMIDITY, TEMPERATURE))

    assert indices(second, _inventory(HUMIDITY, TEMPERATURE)) == {
        ("lab-1-room", "temperature"): 0,
        ("lab-1-room", "humidity"): 1,
    }


def test_what_is_no_longer_configured_stays_listed() -> None:
    """Blocks that are held may still refer to it, and its index is not given to another."""
    first = merge(None, _inventory(TEMPERATURE))
    second = merge(first, _inventory(HUMIDITY))

    assert [(stream.index, stream.property) for stream in second.datastreams] == [(0, "temperature"), (1, "humidity")]


def test_changed_unit_gets_a_new_index() -> None:
    """Readings in the old unit keep their meaning."""
    kelvin = TEMPERATURE._replace(unit="K")
    second = merge(merge(None, _inventory(TEMPERATURE)), _inventory(kelvin))

    assert indices(second, _inventory(kelvin)) == {("lab-1-room", "temperature"): 1}


def test_unchanged_inventory_gives_the_same_catalogue() -> None:
    """A restart brings no new catalogue block."""
    first = merge(None, _inventory(TEMPERATURE))

    assert same(first, merge(first, _inventory(TEMPERATURE)))
    assert not same(first, merge(first, _inventory(TEMPERATURE, HUMIDITY)))


def test_device_that_moved_needs_a_new_id() -> None:
    """Otherwise its earlier readings would move with it."""
    moved = CatalogueDevice("lab-1-room", "lab-2", "modbus", "xy_md02")

    with pytest.raises(OutboxError, match="new id"):
        merge(merge(None, _inventory(TEMPERATURE)), _inventory(TEMPERATURE, device=moved))


def test_indices_that_run_out_are_refused() -> None:
    """65,536 datastreams are what an index can tell apart."""
    many = tuple(Series("lab-1-room", f"p{i}", "degC", 60.0) for i in range(LAST_INDEX + 2))

    with pytest.raises(OutboxError, match="65536"):
        merge(None, _inventory(*many))
