"""What a gateway and the hub say to each other: batches of readings or catalogues, acknowledgements, statuses.

A `Payload` carries one sealed block. Its `body` is the block exactly as the outbox holds it, so that the hub knows a
block by its body however often it is numbered anew. Stored, hashed and verified as sent, never re-encoded.
"""

import hashlib
from typing import Annotated, Final, Literal

import msgspec

from wire.columns import MERGED, POSITIONS, ROWS_MOST, Columns, layout_of, pack, unpack
from wire.errors import UnusablePayload

Kind = Literal["readings", "catalogue", "void"]
ClockState = Literal["ntp", "hub", "estimated"]
# Bounds that keep what a gateway signs within int64 columns and real dates.
Number = Annotated[int, msgspec.Meta(ge=0, le=(1 << 63) - 1)]
Millis = Annotated[int, msgspec.Meta(ge=0, le=253_402_300_799_999)]  # up to the year 9999
Hash = Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
Index = Annotated[int, msgspec.Meta(ge=0, le=0xFFFF)]

NO_HASH: Final = bytes(32)


class Payload(msgspec.Struct, frozen=True, array_like=True):
    """What a gateway says in one batch.

    Attributes:
        gateway: the gateway's id.
        epoch: one life of an outbox; drawn at random, above zero.
        seq: 1 for the first batch of an epoch, without holes.
        oldest: the lowest seq of this epoch that the gateway still holds.
        previous: SHA-256 of the whole previous envelope; for seq 1 the last of the previous epoch, or 32 zero bytes.
        kind: what the body is.
        t0: UTC milliseconds of the body's origin, zero for a void.
        clock: where the date comes from; "estimated" when the gateway never knew the time while it took the block.
        body: what `encode_body` returned; empty for a void.
    """

    gateway: str
    epoch: Number
    seq: Number
    oldest: Number
    previous: Hash
    kind: Kind
    t0: Millis
    clock: ClockState
    body: bytes


class ReadingsBody(msgspec.Struct, frozen=True):
    """One block of readings, unpacked.

    Attributes:
        boot: 16 bytes that name the boot in which it was taken.
        number: the block's number in its outbox: no two blocks of one outbox have the same boot and number, but those
            of its copies may; rows that a copy found in the tail then begin both, in the order of their coming.
        origin_ms: `Clock.monotonic_ms` of that boot from which the offsets count.
        columns: the readings.
    """

    boot: bytes
    number: Number
    origin_ms: int
    columns: Columns


class CatalogueStation(msgspec.Struct, frozen=True):
    """A place that hosts devices; longitude and latitude in degrees WGS-84, None when the station moves."""

    id: str
    kind: str
    name: str
    longitude: float | None = None
    latitude: float | None = None
    name_en: str = ""


class CatalogueDevice(msgspec.Struct, frozen=True):
    """One instrument."""

    id: str
    station: str
    driver: str
    model: str = ""


class CatalogueDatastream(msgspec.Struct, frozen=True):
    """One series: `index` is what `Columns.stream` says; it never changes its meaning in the life of an outbox."""

    index: Index
    device: str
    property: str
    unit: str
    period_s: float


class PackedReadings(msgspec.Struct, frozen=True, array_like=True):
    """One block of readings as it stands and travels.

    Attributes:
        boot, number, origin_ms: as in `ReadingsBody`.
        count: how many readings.
        layout: which of the optional columns there are, see `wire.columns`.
        packed: the columns.
    """

    boot: bytes
    number: Number
    origin_ms: int
    count: Annotated[int, msgspec.Meta(ge=0, le=ROWS_MOST)]
    layout: Annotated[int, msgspec.Meta(ge=0, le=POSITIONS | MERGED)]
    packed: bytes


class CatalogueBody(msgspec.Struct, frozen=True, array_like=True):
    """Everything that the readings of an outbox refer to, whole each time.

    Attributes:
        boot, number: as in `ReadingsBody`.
        software: name and version of what runs on the gateway.
        stations, devices, datastreams: all that were ever used in this outbox.
    """

    boot: bytes
    number: Number
    software: str
    stations: tuple[CatalogueStation, ...]
    devices: tuple[CatalogueDevice, ...]
    datastreams: tuple[CatalogueDatastream, ...]


class Ack(msgspec.Struct, frozen=True):
    """What the hub has committed of one epoch of one gateway.

    Attributes:
        epoch: the epoch that it speaks of.
        seq: the last committed number, 0 for none.
        hash: SHA-256 of the envelope committed at seq, 32 zero bytes for none.
        hub_time: the hub's UTC milliseconds, which set the clock of a gateway that has none.
        refused: numbers that were committed as refused: authentic, in order, unusable.
    """

    epoch: Number
    seq: Number
    hash: Hash
    hub_time: Millis
    refused: tuple[Number, ...] = ()


class Status(msgspec.Struct, frozen=True):
    """What a gateway says of itself, retained; the last will says online = False.

    Attributes:
        online: whether it is connected.
        epoch, seq: the outbox's epoch and its last sealed number, 0 for none.
        version: of the software.
        clock: where its time comes from, "unset" when nobody has told it yet.
        outbox_blocks: blocks that the hub has not acknowledged.
        dropped: readings given up for want of room since the outbox was made.
        config: digest of the configuration that runs; see `wire.configuration.digest`.
        config_version: its version when the hub sent it, 0 for the file that a person wrote on the gateway.
        config_seen: the highest version that the hub has sent so far, taken over or not.
        config_fault: why that one is not, or not yet, taken over, in words; "" when it was.
    """

    online: bool
    epoch: Number = 0
    seq: Number = 0
    version: str = ""
    clock: Literal["ntp", "hub", "unset"] = "unset"
    outbox_blocks: int = 0
    dropped: int = 0
    config: str = ""
    config_version: Number = 0
    config_seen: Number = 0
    config_fault: str = ""


_encode = msgspec.msgpack.Encoder().encode
_decode_packed = msgspec.msgpack.Decoder(PackedReadings).decode
_decode_catalogue = msgspec.msgpack.Decoder(CatalogueBody).decode
# msgspec lets text that is not UTF-8, and nesting without end, through as these.
UNDECODABLE: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
_WIDTHS: Final = {"stream": 2, "offset_ms": 4, "value": 8, "flag": 1, "longitude": 8, "latitude": 8, "merged": 2}
_OPTIONAL: Final = frozenset({"longitude", "latitude", "merged"})


def sha256(content: bytes) -> bytes:
    """Return the 32 bytes by which envelopes and bodies are known."""
    return hashlib.sha256(content).digest()


def encode_body(body: ReadingsBody | CatalogueBody) -> bytes:
    """Return the bytes of a body: those that are hashed, kept and sent.

    Raises:
        ValueError: columns that disagree in length.
    """
    if isinstance(body, CatalogueBody):
        return _encode(body)
    columns = body.columns
    count, layout = _count(columns), layout_of(columns)
    return _encode(PackedReadings(body.boot, body.number, body.origin_ms, count, layout, pack(columns)))


def read_packed(body: bytes) -> PackedReadings:
    """Return a block of readings, its columns still packed.

    Raises:
        UnusablePayload: not a block of readings.
    """
    try:
        return _decode_packed(body)
    except UNDECODABLE as error:
        raise UnusablePayload(f"body is not a block of readings: {error}") from error


def read_readings(body: bytes) -> ReadingsBody:
    """Return a block of readings, row by row: for a gateway; a hub reads it with NumPy.

    Raises:
        UnusablePayload: not a block of readings, or columns that are not of its length.
    """
    block = read_packed(body)
    try:
        columns = unpack(block.packed, block.count, block.layout)
    except ValueError as error:
        raise UnusablePayload(str(error)) from error
    return ReadingsBody(block.boot, block.number, block.origin_ms, columns)


def _count(columns: Columns) -> int:
    count, rest = divmod(len(columns.stream), 2)
    for name, width in _WIDTHS.items():
        length = len(getattr(columns, name))
        if rest or (length != width * count and (length or name not in _OPTIONAL)):
            raise ValueError(f"column {name} has {length} bytes: {count} readings take {width * count}")
    if bool(columns.longitude) != bool(columns.latitude):
        raise ValueError("a position needs both longitude and latitude")
    return count


def read_catalogue(body: bytes) -> CatalogueBody:
    """Return a catalogue whose references hold.

    Raises:
        UnusablePayload: not a catalogue, an index twice, or a device or station that is not in it.
    """
    try:
        catalogue = _decode_catalogue(body)
    except UNDECODABLE as error:
        raise UnusablePayload(f"body is not a catalogue: {error}") from error
    stations = {station.id for station in catalogue.stations}
    devices = {device.id for device in catalogue.devices}
    lost = {device.station for device in catalogue.devices} - stations | {
        stream.device for stream in catalogue.datastreams
    } - devices
    if lost or len({stream.index for stream in catalogue.datastreams}) != len(catalogue.datastreams):
        fault = f"refers to {sorted(lost)} that it does not list" if lost else "gives one index twice"
        raise UnusablePayload(f"catalogue {fault}")
    return catalogue
