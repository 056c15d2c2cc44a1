"""What a [[device]] table of kind "winsen" says."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec

from edge.drivers.driver import DeviceSettings
from edge.drivers.serial_port import check_port
from edge.drivers.winsen.model import MODELS, Model


class WinsenSettings(DeviceSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A Winsen gas module on a serial port of its own.

    Attributes:
        period_s: how often it sends by itself, or is asked.
        model: a key of `edge.drivers.winsen.model.MODELS`.
        port: path of the serial port, best one of /dev/serial/by-id, or tcp://host:port of a serial server.
        mode: "active", it sends by itself, or "ask".
        gas: the property, where the model is sold for several gases.
        unit: of the values, where the module offers several; "" for the model's usual one.
        scale: unit per count, where the module at hand counts otherwise than its manual says.
        warm_up_s: field seconds of no values after its power came, where the model's own do not do.
        timeout_s: real seconds to wait for an answer.
    """

    port: str
    model: Literal["ze07-co", "ze15-co", "ze07-ch2o", "ze08-ch2o", "ze25-o3", "ze12", "mh-z19b"]
    period_s: Annotated[float, msgspec.Meta(gt=0)] = 1.0
    mode: Literal["active", "ask"] = "active"
    gas: str = ""
    unit: Literal["", "ppb", "ppm", "ug/m3"] = ""
    scale: Annotated[float, msgspec.Meta(gt=0)] | None = None
    warm_up_s: Annotated[float, msgspec.Meta(ge=0)] | None = None
    baud: Annotated[int, msgspec.Meta(gt=0)] = 9600
    timeout_s: Annotated[float, msgspec.Meta(gt=0, le=60)] = 1.0

    def __post_init__(self) -> None:
        check_port(self.port)
        model = model_of(self)
        offered = _offered(self, model)
        if not offered:
            other = "ask" if self.mode == "active" else "active"
            raise ValueError(f"mode: {self.model} cannot be used so: mode = {other!r}")
        if self.unit and self.unit not in offered:
            raise ValueError(f"unit: {self.model} has no {self.unit!r} here: use one of {', '.join(offered)}")
        if self.gas not in model.gases and (self.gas or len(model.gases) > 1):
            raise ValueError(f"gas: say which one this {self.model} measures: one of {', '.join(model.gases)}")
        datastreams(self)


def model_of(settings: WinsenSettings) -> Model:
    """Return the table's entry."""
    return MODELS[settings.model]


def port_of(settings: WinsenSettings) -> str:
    """Return the port as it is written."""
    return settings.port


def unit_of(settings: WinsenSettings) -> str:
    """Return the unit in which values are stated."""
    return settings.unit or next(iter(_offered(settings, model_of(settings))))


def datastreams(settings: WinsenSettings) -> tuple[tuple[str, str], ...]:
    """Return the (property, unit) pair that the device gives."""
    return settings.chosen({settings.gas or model_of(settings).gases[0]: unit_of(settings)})


def _offered(settings: WinsenSettings, model: Model) -> Mapping[str, Any]:
    return model.sent if settings.mode == "active" else model.asked
