"""Thinning: what a block says, a minute at a time, for when a card is full of what no hub has come for."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

import msgspec

from wire.batch import CatalogueBody, ReadingsBody, encode_body, read_readings
from wire.columns import Columns, little
from wire.properties import PROPERTIES, Averaging
from wire.reading import Flag

MINUTE_MS: Final = 60_000
DIGITS: Final = 6  # significant ones of a mean
_DEGREES: Final = 7  # decimals of a mean position: a centimetre


class Thinned(NamedTuple):
    """A block after thinning.

    Attributes:
        body: as `wire.batch.encode_body` returns it; each row says how many readings it is the mean of.
        merged: how many readings are no longer there one by one.
    """

    body: bytes
    merged: int


class _Reading(NamedTuple):
    stream: int
    offset_ms: int
    value: float
    flag: int
    longitude: float
    latitude: float


class _Row(NamedTuple):
    stands_for: int
    reading: _Reading


def averagings(catalogue: CatalogueBody) -> Mapping[int, Averaging]:
    """Return in which domain each datastream averages, by index."""
    return {each.index: PROPERTIES[each.property].averaging for each in catalogue.datastreams}


def thin(body: bytes, averaging: Mapping[int, Averaging], offset_ms: int) -> Thinned:
    """Return a block of readings as minute means, a row for each datastream and minute in which it has readings.

    The mean is in the domain in which the property averages; MISSING readings and infinite ones have no part in it; the
    worst flag is kept; the time is the mean time. A minute with a single reading keeps it as it is.

    Args:
        body: a block that was not thinned before.
        averaging: the domain of each datastream, by index.
        offset_ms: UTC minus monotonic milliseconds, so that minutes are those of the clock; 0 where it is not known.
    """
    block = read_readings(body)
    start_ms = block.origin_ms + offset_ms
    minutes: dict[tuple[int, int], list[_Reading]] = {}
    for reading in _readings(block.columns):
        minutes.setdefault((reading.stream, (start_ms + reading.offset_ms) // MINUTE_MS), []).append(reading)
    rows = [_Row(len(group), _mean(group, averaging.get(stream))) for (stream, _), group in minutes.items()]
    merged = sum(row.stands_for for row in rows if row.stands_for > 1)
    return Thinned(encode_body(ReadingsBody(block.boot, block.number, block.origin_ms, _columns(rows))), merged)


def _readings(columns: Columns) -> Iterable[_Reading]:
    count = len(columns.flag)
    nowhere = [math.nan] * count
    return map(
        _Reading,
        memoryview(columns.stream).cast("H"),
        memoryview(columns.offset_ms).cast("I"),
        memoryview(columns.value).cast("d"),
        columns.flag,
        memoryview(columns.longitude).cast("d") if columns.longitude else nowhere,
        memoryview(columns.latitude).cast("d") if columns.latitude else nowhere,
    )


def _mean(group: Sequence[_Reading], averaging: Averaging | None) -> _Reading:
    usable = [reading for reading in group if reading.flag != Flag.MISSING and math.isfinite(reading.value)]
    if len(group) == 1 or not usable:
        return group[0]
    mean = _averaged([reading.value for reading in usable], averaging)
    return _Reading(
        group[0].stream,
        sum(reading.offset_ms for reading in usable) // len(usable),
        float(f"{mean:.{DIGITS}g}"),
        max(reading.flag for reading in group if reading.flag != Flag.MISSING),
        round(math.fsum(reading.longitude for reading in usable) / len(usable), _DEGREES),
        round(math.fsum(reading.latitude for reading in usable) / len(usable), _DEGREES),
    )


def _averaged(values: Sequence[float], averaging: Averaging | None) -> float:
    count = len(values)
    match averaging:
        case "energy":  # the loudest is taken out of the powers, so that none is too large
            loudest = max(values)
            return loudest + 10 * math.log10(math.fsum(10 ** ((value - loudest) / 10) for value in values) / count)
        case "vector":
            east = math.fsum(math.sin(math.radians(value)) for value in values)
            north = math.fsum(math.cos(math.radians(value)) for value in values)
            return math.degrees(math.atan2(east, north)) % 360
        case _:
            return math.fsum(values) / count


def _columns(rows: Sequence[_Row]) -> Columns:
    readings = [row.reading for row in rows]
    columns = Columns(
        stream=little("H", [reading.stream for reading in readings]),
        offset_ms=little("I", [reading.offset_ms for reading in readings]),
        value=little("d", [reading.value for reading in readings]),
        flag=bytes(reading.flag for reading in readings),
        merged=little("H", [row.stands_for for row in rows]),
    )
    if all(math.isnan(reading.longitude) and math.isnan(reading.latitude) for reading in readings):
        return columns
    return msgspec.structs.replace(
        columns,
        longitude=little("d", [reading.longitude for reading in readings]),
        latitude=little("d", [reading.latitude for reading in readings]),
    )
