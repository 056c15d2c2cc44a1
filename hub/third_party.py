"""What third parties report: JSON without a signature, known by the broker's word for who sent it, never evidence.

What the page docs/third-party.md describes: all of a report is taken, or nothing.
"""

import math
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final, Literal

import msgspec

from hub.errors import Unusable
from wire.properties import UnitMismatchError, to_canonical
from wire.topics import is_identifier

LARGEST_BYTES: Final = 1 << 16
# How far a report may be ahead of the hub's clock.
AHEAD_MS: Final = 86_400_000
# No property is measured in numbers beyond this, whatever the unit; below it no conversion overflows.
LARGEST_VALUE: Final = 1e12
_1970: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)


class ThirdPartyStation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A place of a third party that stands still; degrees WGS-84."""

    id: str
    kind: Literal["reference", "micro_station", "lab"]
    name: str
    longitude: float
    latitude: float
    name_en: str = ""


class ThirdParty(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who may report, and of which stations.

    Attributes:
        id: its user at the broker, whose access list lets nobody else publish under this name.
    """

    id: str
    station: tuple[ThirdPartyStation, ...] = ()


class Reported(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One value at one time."""

    property: str
    unit: str
    time: Annotated[datetime, msgspec.Meta(tz=True)]
    value: float

    def time_ms(self) -> int:
        """Return the time in UTC milliseconds, what is finer cut off."""
        return (self.time - _1970) // _MILLISECOND


class Report(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Readings of one device."""

    station: str
    device: str
    readings: Annotated[tuple[Reported, ...], msgspec.Meta(min_length=1)]

    def distinct(self) -> list[Reported]:
        """Return the readings without those whose property and time one before them has."""
        first: dict[tuple[str, int], Reported] = {}
        for reading in self.readings:
            first.setdefault((reading.property, reading.time_ms()), reading)
        return list(first.values())


class _Said(msgspec.Struct, frozen=True):
    """What the journal says of third parties in an entry of kind config; one of an earlier hub says nothing."""

    third_party: tuple[ThirdParty, ...] = ()


_decode = msgspec.json.Decoder(Report).decode
_decode_said = msgspec.json.Decoder(_Said).decode


def parties_of(config: bytes) -> tuple[ThirdParty, ...]:
    """Return the third parties that an entry of kind config lists."""
    return _decode_said(config).third_party


def said(parties: Sequence[ThirdParty]) -> bytes:
    """Return an entry of kind config that lists third parties and nothing else."""
    return msgspec.json.encode(_Said(tuple(parties)))


def read_report(party: str, body: bytes, now_ms: int) -> Report:
    """Return what a third party reports; all of it or nothing.

    Args:
        party: whose topic it came on.
        body: the bytes as received.
        now_ms: when they were received, UTC milliseconds.

    Raises:
        Unusable: not such JSON, or a reading that nobody could use: the reason names it.
    """
    if len(body) > LARGEST_BYTES:
        raise Unusable(party, f"{len(body)} bytes are too many for a report: {LARGEST_BYTES} at most")
    try:
        report = _decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Unusable(party, f"report unreadable: {error}") from error
    if not is_identifier(report.device):
        raise Unusable(party, f"device {report.device!r}: 1 to 64 of a-z, 0-9 and inner hyphens")
    for i, reading in enumerate(report.readings):
        if (flaw := _flaw(reading, now_ms)) is not None:
            raise Unusable(party, f"readings[{i}] of {report.station}/{report.device}: {flaw}")
    return report


def flaws(parties: Sequence[ThirdParty], gateways: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """Yield (table, key, reason) for everything in a configuration that cannot be.

    Args:
        parties: as configured.
        gateways: ids that are taken.
    """
    taken, stations = set(gateways), set[str]()
    for i, party in enumerate(parties, 1):
        if not is_identifier(party.id) or party.id in taken:
            yield f"third_party[{i}]", "id", f"{party.id!r}: a-z, 0-9 and inner hyphens, no gateway's, each id once"
        taken.add(party.id)
        for k, station in enumerate(party.station, 1):
            table = f"third_party[{i}].station[{k}]"
            if not is_identifier(station.id) or station.id in stations:
                yield table, "id", f"{station.id!r}: a-z, 0-9 and inner hyphens, each id once"
            stations.add(station.id)
            for key, most in (("longitude", 180), ("latitude", 90)):
                if not abs(getattr(station, key)) <= most:
                    yield table, key, f"{getattr(station, key)} are no degrees"


def _flaw(reading: Reported, now_ms: int) -> str | None:
    try:
        to_canonical(reading.property, reading.unit)
    except KeyError:
        return f"{reading.property!r} is not in the catalogue of properties"
    except UnitMismatchError as error:
        return str(error)
    if not math.isfinite(reading.value) or abs(reading.value) > LARGEST_VALUE:
        return f"{reading.value} is no measured value"
    if not 0 < reading.time_ms() <= now_ms + AHEAD_MS:
        return f"{reading.time.isoformat()} lies before 1970 or more than a day after the hub's time"
    return None
