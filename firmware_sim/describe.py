"""field.json: what stands where and on which port, for whoever configures the gateways."""

from collections.abc import Mapping
from typing import Any, Final

from firmware_sim.instruments import vehicle
from firmware_sim.instruments.registers import MAPS
from firmware_sim.zone import Device, Station, Zone

_DRIVERS: Final = {"pms5003": "pms", "gps": "nmea", "vehicle": "mqtt"}
# Field seconds at which it is usual to read each model.
_PERIOD_S: Final = {"logger": 600, "rs_zs_noise": 300, "gps": 15}
_USUAL_PERIOD_S: Final = 60


def describe(zone: Zone, addresses: Mapping[str, str]) -> dict[str, Any]:
    """Return {stations, gateways, devices}.

    Args:
        zone: what stands where.
        addresses: of each named port: a path, tcp://host:port, or host:port of the broker.
    """
    return {
        "stations": [_station(s) for s in zone.stations],
        "gateways": zone.gateways(),
        "devices": [_device(d, addresses) for d in zone.devices],
    }


def _station(station: Station) -> dict[str, Any]:
    longitude, latitude = station.place.degrees() if station.place is not None else (None, None)
    return {
        "id": station.id,
        "kind": station.kind,
        "name": station.name,
        "name_en": station.name_en,
        "longitude": longitude,
        "latitude": latitude,
    }


def _device(device: Device, addresses: Mapping[str, str]) -> dict[str, Any]:
    row: dict[str, Any] = {
        "id": device.id,
        "station": device.station,
        "gateway": device.gateway,
        "driver": _DRIVERS.get(device.model, "modbus"),
        "model": device.model,
        "properties": [*device.properties],
        "port": addresses[device.port],
        "period_s": _PERIOD_S.get(device.model, _USUAL_PERIOD_S),
    }
    if device.model in MAPS:
        row |= {"profile": device.model, "unit": device.unit}
    if device.model == "vehicle":
        host, _, port = addresses[device.port].rpartition(":")
        row |= {"host": host, "port": int(port), "topic": vehicle.topic(device.station)}
    return row
