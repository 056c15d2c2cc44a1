"""What a running agent says of itself: over its status socket, on its page.

One JSON object; NaN is null. Seconds are real, milliseconds are UTC unless said otherwise.
"""

import msgspec

from edge.clock import ClockSource


class ClockState(msgspec.Struct, frozen=True):
    """The gateway's time.

    Attributes:
        source: who told it.
        utc_ms: None while nobody has.
    """

    source: ClockSource
    utc_ms: int | None


class UplinkState(msgspec.Struct, frozen=True):
    """The session with the hub's broker.

    Attributes:
        connected: whether there is one.
        since_s: for how long it has been so, in seconds.
        host, port: the broker's.
        last_ack_s: seconds since the hub's last acknowledgement, None before the first.
        fault: why there is no session, "" while there is one or before the first attempt has failed.
    """

    connected: bool
    since_s: float
    host: str
    port: int
    last_ack_s: float | None
    fault: str = ""


class OutboxState(msgspec.Struct, frozen=True):
    """What waits for the hub.

    Attributes:
        blocks: that the hub has not acknowledged.
        bytes: on the disk, with what the hub already has.
        cap_bytes: that it may take.
        dropped: readings given up for want of room since the outbox was made.
        thinned: readings merged into minute means for want of room since then.
        oldest_unacked_ms: when the oldest block that the hub has not acknowledged begins, None for none or unknown.
        epoch, seq, acked: see `wire.batch.Status` and `wire.batch.Ack`.
    """

    blocks: int
    bytes: int
    cap_bytes: int
    dropped: int
    oldest_unacked_ms: int | None
    epoch: int
    seq: int
    acked: int
    thinned: int = 0


class ConfigState(msgspec.Struct, frozen=True):
    """Which configuration runs.

    Attributes:
        version: of a configuration that the hub sent, 0 for the file that a person wrote.
        digest: the first 12 hexadecimal digits of the SHA-256 of the file.
        origin: path of the file.
        refused: why the file as it is now was not taken over, "" when it was.
    """

    version: int
    digest: str
    origin: str
    refused: str = ""


class ValueState(msgspec.Struct, frozen=True):
    """The newest reading of one datastream.

    Attributes:
        property, unit: as in the catalogue; the unit is the device's own.
        value: None when there is none (flag 9).
        flag: QARTOD.
        time_ms: when the device answered, None while nobody has told the time.
        age_s: field seconds since then.
    """

    property: str
    unit: str
    value: float | None
    flag: int
    time_ms: int | None
    age_s: float


class DeviceState(msgspec.Struct, frozen=True):
    """One device as its driver sees it; see `edge.drivers.driver.DeviceHealth`.

    Attributes:
        station, driver: as configured.
        port: the path or address that it is on.
        answers, failures, silent, skipped, latency_ms, fault: of its health.
        last_s: field seconds since its last answer, None before the first.
        open: whether its port is open.
        period_s: field seconds between two readings.
        success_rate: percentage of polls or frames that were good in the last period of health, None if not known.
        values: the newest of each datastream that has had one.
    """

    id: str
    station: str
    driver: str
    port: str
    answers: int
    failures: int
    silent: int
    skipped: int
    latency_ms: float
    last_s: float | None
    fault: str
    open: bool
    period_s: float
    success_rate: float | None = None
    values: tuple[ValueState, ...] = ()


class StationState(msgspec.Struct, frozen=True):
    """A station as the page names it."""

    id: str
    name: str
    name_en: str


class AgentState(msgspec.Struct, frozen=True):
    """Everything.

    Attributes:
        gateway: its id.
        version: of the software.
        started_ms: when the process started, UTC; None while nobody has told the time.
        uptime_s: for how long it runs, in seconds.
        health: the newest of the gateway's own datastreams.
    """

    gateway: str
    version: str
    started_ms: int | None
    uptime_s: float
    clock: ClockState
    uplink: UplinkState
    outbox: OutboxState
    config: ConfigState
    stations: tuple[StationState, ...]
    devices: tuple[DeviceState, ...]
    health: tuple[ValueState, ...] = ()


encode_state = msgspec.json.Encoder().encode
decode_state = msgspec.json.Decoder(AgentState).decode
