"""Mappings as TOML: where a feed's JSON holds what, in which unit, and how it says that it has no value."""

import functools
import tomllib
from importlib import resources
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec

from wire.properties import to_canonical

Paths = Annotated[tuple[Annotated[str, msgspec.Meta(min_length=1)], ...], msgspec.Meta(min_length=1)]
_Hours = Annotated[float, msgspec.Meta(ge=-12, le=14)]

LONGEST: Final = 16_384  # bytes


class _Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the file."""


class Twin(_Table, frozen=True, kw_only=True):
    """A second channel that measures the same: it vouches for the first, and is never mixed with it.

    Attributes:
        path: where it is.
        apart, share: the value is flagged suspect when the two are further apart than `apart`, in `unit`, and than
            `share` of their mean.
    """

    path: str
    apart: Annotated[float, msgspec.Meta(ge=0)]
    share: Annotated[float, msgspec.Meta(ge=0)]


class Value(_Table, frozen=True, kw_only=True):
    """One quantity of a feed.

    Attributes:
        property: a name of `wire.properties.PROPERTIES`.
        unit: what the values are stated in after scaling; converted by the hub.
        path: where it can be: keys joined by slashes, the first that is there counts; in pairs and SenML, names.
        scale: value = number * scale, in `unit`.
        units: SenML only: what a unit is called there, and the factor from it to `unit`.
        sentinels: numbers that stand for "no value", before scaling.
        range: what the device can measure, in `unit`; values outside it are flagged suspect.
        twin: a second channel.
    """

    property: str
    unit: str
    path: Paths
    scale: Annotated[float, msgspec.Meta(gt=0)] = 1.0
    units: dict[str, float] = {}
    sentinels: tuple[float, ...] = ()
    range: tuple[float, float] | None = None
    twin: Twin | None = None

    def __post_init__(self) -> None:
        try:
            to_canonical(self.property, self.unit)
        except KeyError as error:
            raise ValueError(f"property: {self.property!r} is not in the catalogue") from error
        except ValueError as error:
            raise ValueError(f"unit: {error}") from error


class Time(_Table, frozen=True, kw_only=True):
    """When it was measured.

    Attributes:
        path: where it is.
        format: "iso8601", "unix_s", "unix_ms", or a pattern of strptime such as "%Y-%m-%d %H:%M:%S".
        utc_offset_h: hours ahead of UTC of times that name no zone; without it such times are refused.
    """

    path: str
    format: Annotated[str, msgspec.Meta(pattern=r"^(iso8601|unix_s|unix_ms|.*%.*)$")] = "iso8601"
    utc_offset_h: _Hours | None = None


class Place(_Table, frozen=True, kw_only=True):
    """Where it was measured, degrees WGS-84: both paths or neither are there."""

    longitude: str
    latitude: str


class Pairs(_Table, frozen=True, kw_only=True):
    """A list of objects that each name one value.

    Attributes:
        list: where it is.
        name: the key of the name.
        value: the keys of the value: the first that is there counts.
        confidence: the key of how sure the device is, 0 to 1; "" for devices that do not say.
    """

    list: str
    name: str
    value: Paths
    confidence: str = ""


class Mapping(_Table, frozen=True, kw_only=True):
    """One kind of JSON.

    Attributes:
        title: maker and model, or the standard.
        source: where the form is from.
        layout: "object" for values at paths, "pairs" for a list of named values, "senml" after RFC 8428.
        pairs: how the list is made, for that layout.
        identity: where the device's own name can be, to tell several of one topic apart; SenML has it in its names.
        strings: whether numbers come as text.
        time: None for feeds that do not say: the arrival counts.
        place: None for feeds that do not say.
        acknowledge: the key of the serial number for devices that repeat until it is acknowledged; "" for all others.
        confident: below this confidence values are flagged suspect.
        plain: whether anything that could be a picture or a recording makes the whole payload refused.
        longest: bytes that a payload may have.
        value: the quantities.
    """

    title: str
    source: str
    layout: Literal["object", "pairs", "senml"] = "object"
    pairs: Pairs | None = None
    identity: tuple[str, ...] = ()
    strings: bool = False
    time: Time | None = None
    place: Place | None = None
    acknowledge: Annotated[str, msgspec.Meta(pattern=r"^\w*$")] = ""
    confident: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.0
    plain: bool = False
    longest: Annotated[int, msgspec.Meta(gt=0, le=1 << 20)] = LONGEST
    value: Annotated[tuple[Value, ...], msgspec.Meta(min_length=1)]

    def __post_init__(self) -> None:
        names = [value.property for value in self.value]
        if len(set(names)) < len(names):
            raise ValueError("value: a property has two")
        if (self.layout == "pairs") != (self.pairs is not None):
            raise ValueError("pairs: the table and the layout of that name come together")
        if self.acknowledge and (self.time is None or self.layout == "senml"):
            raise ValueError("acknowledge: a feed that repeats needs a time of its own, and is no SenML")

    @property
    def datastreams(self) -> dict[str, str]:
        """Units by property."""
        return {value.property: value.unit for value in self.value}


@functools.cache
def load_mapping(name: str) -> Mapping:
    """Return a mapping by its name in the folder `mappings`, or by a path (it has a slash or ends with ".toml").

    Raises:
        ValueError: there is none, or it cannot be used.
    """
    folder = resources.files("edge.drivers.mqtt") / "mappings"
    file = Path(name) if "/" in name or name.endswith(".toml") else folder / f"{name}.toml"
    try:
        return msgspec.convert(tomllib.loads(file.read_text(encoding="utf-8")), Mapping)
    except FileNotFoundError as error:
        known = sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml"))
        raise ValueError(f"mapping: there is no {name!r}: use one of {', '.join(known)}, or a path") from error
    except (OSError, ValueError) as error:
        raise ValueError(f"mapping: {name!r} cannot be used: {error}") from error
