"""Register maps as TOML: what an instrument keeps where, in which unit, and how it says that a value is none."""

import functools
import tomllib
from importlib import resources
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec

from wire.properties import to_canonical
from wire.reading import Flag

RegisterType = Literal["int16", "uint16", "int32", "uint32", "float32", "sign10000"]
WordOrder = Literal["ABCD", "CDAB", "BADC", "DCBA"]
Address = Annotated[int, msgspec.Meta(ge=0, le=0xFFFF)]

MAX_COUNT: Final = 125  # registers in one answer
MAX_BITS: Final = 2000  # bits in one answer


class Register(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One quantity of an instrument.

    Attributes:
        property: a name of `wire.properties.PROPERTIES`.
        address: as on the wire: 40001 of a document is 0.
        function: 3 or 4 where it is not the profile's.
        type: of the number; 32 bits take two registers; "sign10000" is 16 bits in which a number below zero stands as
            10000 plus its amount.
        word_order: of 32 bits, A the highest byte: "ABCD" as the standard has it, "CDAB" low word first, "BADC" and
            "DCBA" the same with the bytes of each word swapped.
        scale: value = number * scale, in `unit`.
        unit: what the values are stated in; converted by the hub.
        sentinels: numbers that stand for "no value", before scaling; a float that is not a number always does.
        range: what the instrument can measure, in `unit`; values outside it are flagged suspect.
    """

    property: str
    address: Address
    function: Literal[3, 4] | None = None
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


class Status(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Bits or registers by which an instrument says how far its values can be trusted.

    Attributes:
        function: 1 for coils, 2 for discrete inputs, 3 for holding registers, 4 for input registers.
        address: of the first one.
        texts: what it means that the first one is raised, the second one, and so on; "" for one that means nothing.
        flag: what the values get while one is raised; "missing" takes them away.
        mask: the bits of a register that count.
        equals: the masked numbers of a register that raise it; empty for any but 0.
        properties: whose values; empty for all.
    """

    function: Literal[1, 2, 3, 4]
    address: Address
    texts: Annotated[tuple[str, ...], msgspec.Meta(min_length=1, max_length=MAX_COUNT)]
    flag: Literal["fail", "suspect", "missing"]
    mask: Annotated[int, msgspec.Meta(ge=1, le=0xFFFF)] = 0xFFFF
    equals: tuple[int, ...] = ()
    properties: tuple[str, ...] = ()

    @property
    def verdict(self) -> Flag:
        """The flag as readings have it."""
        return Flag[self.flag.upper()]


class Profile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One instrument's map.

    Attributes:
        title: maker and model.
        source: where the map is from, and how sure it is.
        function: 3 for holding registers, 4 for input registers.
        gap: how many unwanted registers or bits may be read along between two wanted ones, because one request costs
            more than they do.
        register: the quantities.
        status: what says that they cannot be trusted.
    """

    title: str
    source: str
    function: Literal[3, 4]
    gap: Annotated[int, msgspec.Meta(ge=0, le=MAX_COUNT - 2)] = 0
    register: Annotated[tuple[Register, ...], msgspec.Meta(min_length=1)]
    status: tuple[Status, ...] = ()

    def __post_init__(self) -> None:
        names = [register.property for register in self.register]
        if len(set(names)) < len(names):
            raise ValueError("register: a property has two")
        for status in self.status:
            unknown = set(status.properties) - set(names)
            if unknown:
                raise ValueError(f"status: properties: there is no register for {', '.join(sorted(unknown))}")

    @property
    def datastreams(self) -> dict[str, str]:
        """Units by property."""
        return {register.property: register.unit for register in self.register}


def profile_names() -> list[str]:
    """Return the names of the folder `profiles`."""
    folder = resources.files("edge.drivers.modbus") / "profiles"
    return sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml"))


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
        known = ", ".join(profile_names())
        raise ValueError(f"profile: there is no {name!r}: use one of {known}, or a path") from error
    except (OSError, ValueError) as error:
        raise ValueError(f"profile: {name!r} cannot be used: {error}") from error
