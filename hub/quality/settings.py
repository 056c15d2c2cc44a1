"""What is checked of which property, from TOML, and the checks bound to the streams of a network."""

import tomllib
from collections.abc import Mapping
from importlib import resources
from typing import Any, Final, TypeVar

import msgspec
import numpy as np

from hub.errors import ConfigError
from hub.model import MINUTE_MS
from hub.network import PROPERTY_INDEX, Network
from hub.quality.check import Floats
from hub.quality.pairs import LAWS

CHECKS: Final = "checks.toml"


class FlatSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`FlatLine` for one property; `fail_min` in minutes."""

    moved: float
    moved_share: float
    suspect: int
    fail: int
    fail_min: int


class GainSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`Gain` for one property."""

    floor: float
    factor: float
    release: float
    band: float
    scatter: float
    memory: int
    enough: int


class SpikeSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`Spike` for one property; `memory_h` in hours."""

    suspect: float
    share: float
    fail: int
    memory_h: float


class RateSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`RateOfChange` for one property; `memory_h` in hours."""

    suspect: float
    fail: int
    memory_h: float


class AttenuatedSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`Attenuated` for one property."""

    moved: float
    moved_share: float
    suspect: float
    fail: float
    memory: int
    enough: int


class BottomSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`Bottom` for one property."""

    bottom: float
    high: float
    suspect: int
    fail: int
    fail_min: int


class ClippingSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`Clipping` for one property; `memory_h` in hours."""

    above: float
    above_share: float
    moved_share: float
    suspect: int
    fail: int
    memory_h: float


class ConsistencySettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`Consistency` for one law of `hub.quality.pairs`; `slack` in its unit, ppb for gases."""

    share: float
    slack: float
    suspect: int
    fail: int
    fail_min: int


class OxidantSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`Oxidant`; `off` in ppb."""

    off: float
    off_share: float
    suspect: int
    fail: int
    fail_min: int
    memory: int
    enough: int


class GapSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`Gap` for all properties: missing after `periods`, at least `missing_min`; silent after `silent_min`.

    Attributes:
        silent_min_of: by property, where it differs.
    """

    periods: int
    missing_min: int
    silent_min: int
    silent_min_of: dict[str, int] = {}


class RendezvousSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`Rendezvous` for one property."""

    factor: float
    floor: float


class CheckSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which checks hold for which properties, pairs and all."""

    version: str
    flat_line: dict[str, FlatSettings] = {}
    gain: dict[str, GainSettings] = {}
    spike: dict[str, SpikeSettings] = {}
    rate_of_change: dict[str, RateSettings] = {}
    attenuated: dict[str, AttenuatedSettings] = {}
    bottom: dict[str, BottomSettings] = {}
    clipping: dict[str, ClippingSettings] = {}
    consistency: dict[str, ConsistencySettings] = {}
    oxidant: OxidantSettings | None = None
    gap: GapSettings = GapSettings(periods=3, missing_min=15, silent_min=120)
    rendezvous: dict[str, RendezvousSettings] = {}


_OF_PROPERTIES: Final = (
    "flat_line",
    "gain",
    "spike",
    "rate_of_change",
    "attenuated",
    "bottom",
    "clipping",
    "rendezvous",
)


def default_checks() -> CheckSettings:
    """Return the checks' settings that come with the program."""
    return read_checks(CHECKS, check_text())


def check_text() -> str:
    """Return the checks' settings that come with the program, TOML."""
    return (resources.files("hub.quality") / CHECKS).read_text("utf-8")


def read_checks(name: str, text: str) -> CheckSettings:
    """Return settings from TOML.

    Raises:
        ConfigError: not TOML, an unknown check, property, law or parameter.
    """
    try:
        settings = msgspec.convert(tomllib.loads(text), CheckSettings)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ConfigError(name, "checks", "", str(error)) from error
    for table in _OF_PROPERTIES:
        for unknown in set(getattr(settings, table)) - set(PROPERTY_INDEX):
            raise ConfigError(name, table, unknown, "is not in the catalogue of properties")
    for unknown in set(settings.gap.silent_min_of) - set(PROPERTY_INDEX):
        raise ConfigError(name, "gap", unknown, "is not in the catalogue of properties")
    for unknown in set(settings.consistency) - set(LAWS):
        raise ConfigError(name, "consistency", unknown, f"is none of {', '.join(LAWS)}")
    return settings


KindT = TypeVar("KindT", bound=msgspec.Struct)
_UNITS_MS: Final = {"_min": MINUTE_MS, "_h": 60 * MINUTE_MS}


def parameters(
    network: Network, settings: Mapping[str, KindT], kind: type[KindT], unbound: Mapping[str, float] | None = None
) -> dict[str, Floats]:
    """Return float64[n] by parameter of a check; NaN, or what is `unbound`, for properties without settings.

    Minutes and hours become milliseconds: `fail_min` is `fail_ms`.
    """
    columns = {}
    for name in kind.__struct_fields__:
        table = np.full(len(PROPERTY_INDEX), np.nan if unbound is None else unbound[name])
        for prop, given in settings.items():
            table[PROPERTY_INDEX[prop]] = getattr(given, name)
        columns.update(in_ms(name, table[network.property]))
    return columns


def in_ms(name: str, value: Any) -> dict[str, Any]:
    """Return a parameter under the name and in the unit that the check has it."""
    for suffix, unit_ms in _UNITS_MS.items():
        if name.endswith(suffix):
            return {f"{name.removesuffix(suffix)}_ms": value * unit_ms}
    return {name: value}
