"""The standards' tables as values: which limit, breakpoint or zone holds for what, on which day, and who says so."""

import tomllib
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from importlib import resources
from typing import Annotated, Final, Literal

import msgspec

from hub.errors import ConfigError

Averaging = Literal["1h", "daily_max_8h", "day", "year"]
Confidence = Literal["A", "B", "C"]
Positive = Annotated[int, msgspec.Meta(ge=1)]
GRADES: Final = (1, 2)


class NoSuchLimit(LookupError):
    """The standard has no limit for what was asked."""


class Standard(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What every table says of itself.

    Attributes:
        standard: its number, by which rules cite it.
        title, title_en: its name.
        jurisdiction: where it holds: CN for all of China.
        version: of the table; the day of the text that it was read from.
        valid_from, valid_to: first and last day (Asia/Shanghai) on which it holds.
        source: where every number stands.
        confidence: A the primary text was read, B two independent sources, C one secondary source.
    """

    standard: str
    title: str
    title_en: str
    jurisdiction: str
    version: str
    valid_from: date
    valid_to: date = date.max
    source: str
    confidence: Confidence


class Limit(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One cell: the limits of both grades for one averaging period.

    Attributes:
        grades: of grade 1 and of grade 2, in `unit`.
        table: of the standard.
        by_decision: whether it holds only where an authority has said so.
        valid_from, valid_to: where the standard has steps; None for as long as the standard.
    """

    property: str
    unit: str
    averaging: Averaging
    grades: tuple[float, float]
    table: int
    by_decision: bool = False
    valid_from: date | None = None
    valid_to: date | None = None


class Validity(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How many values a mean needs to exist, for some properties and one averaging period; 0 for no such condition.

    Attributes:
        minutes: of sampling within the hour.
        hours: hourly means within the 8 hours or the day.
        days: daily means within the year, `days_in_month` in each month, `days_in_february` in that one.
    """

    averaging: Averaging
    properties: tuple[str, ...]
    minutes: int = 0
    hours: int = 0
    days: int = 0
    days_in_month: int = 0
    days_in_february: int = 0


class AirStandard(Standard, frozen=True, kw_only=True, tag="air", tag_field="kind"):
    """Limits of the air."""

    limit: tuple[Limit, ...]
    validity: tuple[Validity, ...]

    def cells(self, property_name: str, averaging: str) -> tuple[Limit, ...]:
        """Return the cells of a property and an averaging period with their days, in the order of time.

        Raises:
            NoSuchLimit: there is none.
        """
        found = [cell for cell in self.limit if (cell.property, cell.averaging) == (property_name, averaging)]
        if not found:
            raise NoSuchLimit(f"{self.standard} has no limit for {property_name} over {averaging}")
        dated = (
            msgspec.structs.replace(
                cell, valid_from=cell.valid_from or self.valid_from, valid_to=cell.valid_to or self.valid_to
            )
            for cell in found
        )
        return tuple(sorted(dated, key=lambda cell: cell.valid_from or date.min))

    def at(self, property_name: str, averaging: str, grade: int, day: date) -> float:
        """Return the limit of grade 1 or 2 that holds on a day, in the cell's unit.

        Raises:
            NoSuchLimit: there is none, or none on that day.
        """
        if grade not in GRADES:
            raise NoSuchLimit(f"{self.standard} has grades 1 and 2, not {grade}")
        for cell in self.cells(property_name, averaging):
            if cell.valid_from and cell.valid_to and cell.valid_from <= day <= cell.valid_to:
                return cell.grades[grade - 1]
        raise NoSuchLimit(f"{self.standard} has no limit for {property_name} over {averaging} on {day}")

    def needs(self, property_name: str, averaging: str) -> Validity:
        """Return how many values the mean needs.

        Raises:
            NoSuchLimit: the standard does not say, so the mean does not exist.
        """
        for validity in self.validity:
            if validity.averaging == averaging and property_name in validity.properties:
                return validity
        raise NoSuchLimit(f"{self.standard} does not say what a mean of {property_name} over {averaging} needs")


class Column(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The concentrations at which one index has its breakpoints.

    Attributes:
        also: another averaging period for which the same points hold, "" for none.
        places: decimals to which a concentration is rounded before it is looked up.
        points: ascending, beside the first of the index's own; the last of them is the highest that it can have.
    """

    property: str
    unit: str
    averaging: Literal["1h", "8h", "24h"]
    also: Literal["", "1h"] = ""
    places: int = 0
    points: tuple[Decimal, ...]


class IndexLevel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A level of the index: up to which value, how it is called and drawn."""

    up_to: int
    chinese: str
    english: str
    colour: str


class AirIndex(Standard, frozen=True, kw_only=True, tag="index", tag_field="kind"):
    """The breakpoints of an air quality index; iaqi: of the index itself."""

    iaqi: tuple[int, ...]
    column: tuple[Column, ...]
    level: tuple[IndexLevel, ...]

    def of(self, property_name: str, averaging: str) -> Column:
        """Return the column of a property and averaging period.

        Raises:
            NoSuchLimit: there is none.
        """
        for column in self.column:
            if column.property == property_name and averaging in (column.averaging, column.also or None):
                return column
        raise NoSuchLimit(f"{self.standard} has no index for {property_name} over {averaging}")


class Zone(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"name": "class"}):
    """The limits of one class of places, dB(A)."""

    name: str
    day: float
    night: float


class NoiseStandard(Standard, frozen=True, kw_only=True, tag="noise", tag_field="kind"):
    """Equivalent levels by class of place."""

    zone: tuple[Zone, ...]

    def of(self, name: str) -> Zone:
        """Return the limits of a class.

        Raises:
            NoSuchLimit: there is no such class.
        """
        for zone in self.zone:
            if zone.name == name:
                return zone
        raise NoSuchLimit(f"{self.standard} has no class {name!r}: {', '.join(zone.name for zone in self.zone)}")


AnyStandard = AirStandard | AirIndex | NoiseStandard
Standards = Mapping[str, AnyStandard]


def read_standard(name: str, text: str) -> AnyStandard:
    """Return the tables of one TOML text; numbers of an index are decimal, as they are printed.

    Raises:
        ConfigError: not TOML, or not of the form of a standard.
    """
    try:
        found: AnyStandard = msgspec.convert(tomllib.loads(text, parse_float=Decimal), AnyStandard)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ConfigError(name, "standard", "", str(error)) from error
    return found


def standard_texts() -> dict[str, str]:
    """Return the texts of the standards' tables that come with the program, by file name."""
    files = sorted(resources.files("hub.anomaly.standards").iterdir(), key=lambda file: file.name)
    return {file.name: file.read_text("utf-8") for file in files if file.name.endswith(".toml")}


def standards_of(texts: Mapping[str, str]) -> Standards:
    """Return the standards of several files, by number.

    Raises:
        ConfigError: see `read_standard`.
    """
    found = (read_standard(name, text) for name, text in texts.items())
    return {one.standard: one for one in found}


def default_standards() -> Standards:
    """Return the standards that come with the program, by number."""
    return standards_of(standard_texts())
