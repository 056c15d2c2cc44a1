"""Drivers for instruments: one folder a kind, one line in DRIVERS."""

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from edge.drivers.bswa import settings as bswa
from edge.drivers.clink import settings as clink
from edge.drivers.driver import DeviceSettings, Driver
from edge.drivers.hpma import settings as hpma
from edge.drivers.jtt808 import settings as jtt808
from edge.drivers.modbus import settings as modbus
from edge.drivers.mqtt import settings as mqtt
from edge.drivers.nmea import settings as nmea
from edge.drivers.pms import settings as pms
from edge.drivers.sds011 import settings as sds011
from edge.drivers.sps30 import settings as sps30
from edge.drivers.winsen import settings as winsen
from wire.clock import Clock


@dataclass(frozen=True, slots=True)
class DriverKind:
    """What configuration and agent need to know about a kind; its driver's module is imported when a port is opened.

    Attributes:
        name: as in configuration.
        settings: the struct of a [[device]] table; converting into it raises for whatever cannot be used.
        port_of: the port that a device is on: devices of one port share one driver.
        datastreams: the (property, unit) pairs that a device gives, for the catalogue.
        sends_again: whether a device keeps what it measured and sends it again, with its own time, until it is told
            that the gateway has it: what is held already is then not kept twice.
    """

    name: str
    settings: type[DeviceSettings]
    # Any: each kind takes its own settings, which is what `settings` makes.
    port_of: Callable[[Any], str]
    datastreams: Callable[[Any], tuple[tuple[str, str], ...]]
    sends_again: Callable[[Any], bool] = lambda _: False

    def open(self, devices: Sequence[DeviceSettings], clock: Clock) -> Driver:
        """Return the driver of one port with all devices on it, not yet entered.

        Raises:
            ValueError: the devices cannot share the port; the text begins with the key at fault.
        """
        module = importlib.import_module(f"edge.drivers.{self.name}.driver")
        driver: Driver = module.open_port(devices, clock)
        return driver


DRIVERS: Final[Mapping[str, DriverKind]] = MappingProxyType(
    {
        "pms": DriverKind("pms", pms.PmsSettings, pms.port_of, pms.datastreams),
        "sds011": DriverKind("sds011", sds011.NovaSettings, sds011.port_of, sds011.datastreams),
        "sps30": DriverKind("sps30", sps30.Sps30Settings, sps30.port_of, sps30.datastreams),
        "hpma": DriverKind("hpma", hpma.HpmaSettings, hpma.port_of, hpma.datastreams),
        "modbus": DriverKind("modbus", modbus.ModbusSettings, modbus.port_of, modbus.datastreams),
        "nmea": DriverKind("nmea", nmea.NmeaSettings, nmea.port_of, nmea.datastreams),
        "jtt808": DriverKind("jtt808", jtt808.Jtt808Settings, jtt808.port_of, jtt808.datastreams, jtt808.sends_again),
        "mqtt": DriverKind("mqtt", mqtt.MqttSettings, mqtt.port_of, mqtt.datastreams, mqtt.sends_again),
        "winsen": DriverKind("winsen", winsen.WinsenSettings, winsen.port_of, winsen.datastreams),
        "bswa": DriverKind("bswa", bswa.BswaSettings, bswa.port_of, bswa.datastreams),
        "clink": DriverKind("clink", clink.ClinkSettings, clink.port_of, clink.datastreams),
    }
)
