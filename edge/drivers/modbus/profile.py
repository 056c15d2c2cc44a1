"""Register maps as TOML: what an instrument keeps where, in which unit, and how it says that it has no value."""

import functools
import tomllib
from importlib import resources
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec

from wire.properties import to_canonical

RegisterType = Literal["int16", "uint16", "int32", "uint32", "float32"]
WordOrder = Literal["ABCD", "CDAB"]

MAX_COUNT: Final = 125  # registers in one answer


class Register(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One quantity of an instrument.

    Attributes:
        property: a name of `wire.properties.PROPERTIES`.
        address: as on the wire: 40001 of a document is 0.
        type: of the number; 32 bits take two registers.
        word_order: "ABCD" high word first, "CDAB" low word first.
        scale: value = number * scale, in `unit`.
        unit: what the values are stated in; converted by the hub.
        sentinels: numbers that stand for "no value", before scaling; a float that is not a number always does.
        range: what the instrument can measure, in `unit`; values outside it are flagged suspect.
    """

    property: str
    address: Annotated[int, msgspec.Meta(ge=0, le=0xFFFF)]
    type: RegisterType = "int16"
    word_order: WordOrder = "ABCD"
    scale: Annotated[float, msgspec.Meta(gt=0)] = 1.0
    unit: str
    sentinels: tuple[float, ...] = ()
    range: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        try:
            to_canonical(self.property, self.unit)
        except KeyError as error:
            raise ValueError(f"property: {self.property!r} is not in the catalogue") from error
        except ValueError as error:
            raise ValueError(f"unit: {error}") from error


def width(register: Register) -> int:
    """Return how many registers the number takes."""
    return 2 if register.type.endswith("32") else 1


class Profile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One instrument's map.

    Attributes:
        title: maker and model.
        source: where the map is from.
        function: 3 for holding registers, 4 for input registers.
        gap: how many unwanted registers may be read along between two wanted ones, because one request costs more
            than they do.
        register: the quantities.
    """

    title: str
    source: str
    function: Literal[3, 4]
    gap: Annotated[int, msgspec.Meta(ge=0, le=MAX_COUNT - 2)] = 0
    register: Annotated[tuple[Register, ...], msgspec.Meta(min_length=1)]

    def __post_init__(self) -> None:
        names = [register.property for register in self.register]
        if len(set(names)) < len(names):
            raise ValueError("register: a property has two")

    @property
    def datastreams(self) -> dict[str, str]:
        """Units by property."""
        return {register.property: register.unit for register in self.register}


@functools.cache
def load_profile(name: str) -> Profile:
    """Return a profile by its name in the folder `profiles`, or by a path (it has a slash or ends with ".toml").

    Raises:
        ValueError: there is none, or it cannot be used.
    """
    folder = resources.files("edge.drivers.modbus") / "profiles"
    place = Path(name) if "/" in name or name.endswith(".toml") else folder / f"{name}.toml"
    try:
        table = tomllib.loads(place.read_text(encoding="utf-8"))
        return msgspec.convert(table, Profile)
    except FileNotFoundError as error:
        known = sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml"))
        raise ValueError(f"profile: there is no {name!r}: use one of {', '.join(known)}, or a path") from error
    except (OSError, ValueError) as error:
        raise ValueError(f"profile: {name!r} cannot be used: {error}") from error
