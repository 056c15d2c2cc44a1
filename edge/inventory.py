"""What a configuration says is there, the gateway itself included, as the catalogue lists it."""

from edge.catalogue import Inventory, Series
from edge.config import Config
from edge.drivers import DRIVERS
from edge.health import series
from wire.batch import CatalogueDevice, CatalogueStation

# The kind of station, and the driver, of the gateway's own health.
GATEWAY = "gateway"


def inventory(config: Config, version: str) -> Inventory:
    """Return everything of which readings can come.

    Args:
        config: of the gateway.
        version: of the software.
    """
    own = config.gateway.id
    health = series(own, config.devices, config.gateway.health_period_s)
    stations = [
        CatalogueStation(each.id, each.kind, each.name, each.longitude, each.latitude, each.name_en)
        for each in config.stations
    ]
    devices = [CatalogueDevice(each.id, each.station, each.driver, each.model) for each in config.devices]
    if health:
        stations.append(CatalogueStation(own, GATEWAY, own))
        devices.append(CatalogueDevice(own, own, GATEWAY))
    measured = [
        Series(each.id, name, unit, each.period_s)
        for each in config.devices
        for name, unit in DRIVERS[each.driver].datastreams(each)
    ]
    return Inventory(f"quietwatch-edge {version}", tuple(stations), tuple(devices), (*measured, *health))
