"""The hub's errors.

HubError
├── ConfigError          a file, table or key that cannot be used
├── RejectedBatch        an envelope that is not journalled as good
│   ├── NotAuthentic     unknown gateway or bad signature: quarantine, never acknowledged
│   ├── Forked           authentic, but `previous` is not what was committed
│   └── Unusable         authentic and in order, but it cannot be decoded
├── JournalError         the journal's files, or its chain
├── StoreError           the telemetry store
├── ReplayError          one part of a replay ended before its time
├── TooLittleHistory     thresholds cannot be learnt yet
└── PushFailed           one delivery attempt to one receiver
"""


class HubError(Exception):
    """Anything that goes wrong on the hub and has a name."""


class ConfigError(HubError):
    """A configuration that cannot be used.

    Attributes:
        file, table, key: where.
        reason: what is wrong and what would do.
    """

    def __init__(self, file: str, table: str, key: str, reason: str) -> None:
        place = f"[{table}] {key}" if key else f"[{table}]"
        super().__init__(f"{file}: {place}: {reason}")
        self.file = file
        self.table = table
        self.key = key
        self.reason = reason


class RejectedBatch(HubError):
    """An envelope that is not journalled as good.

    Attributes:
        gateway: the gateway it claims to come from, "" when it does not even say.
        reason: one sentence for the quarantine and the ticket.
    """

    def __init__(self, gateway: str, reason: str) -> None:
        super().__init__(f"{gateway}: {reason}" if gateway else reason)
        self.gateway = gateway
        self.reason = reason


class NotAuthentic(RejectedBatch):
    """Unknown gateway or bad signature."""


class Forked(RejectedBatch):
    """Authentic, but it does not continue what was committed."""


class Unusable(RejectedBatch):
    """Authentic and in order, but it cannot be decoded."""


class JournalError(HubError):
    """The journal cannot be used as it stands.

    Attributes:
        file: the name of the file.
        entry: the id at which it shows, 0 when it is not an entry.
        reason: what is wrong.
    """

    def __init__(self, file: str, entry: int, reason: str) -> None:
        super().__init__(f"{file}: entry {entry}: {reason}" if entry else f"{file}: {reason}")
        self.file = file
        self.entry = entry
        self.reason = reason


class StoreError(HubError):
    """The telemetry store cannot do what was asked."""


class ReplayError(HubError):
    """A process that judged a part of a replay has failed.

    Attributes:
        from_ms, to_ms: of the part.
        reason: what it said.
    """

    def __init__(self, from_ms: int, to_ms: int, reason: str) -> None:
        super().__init__(f"replay of {from_ms} to {to_ms} ms: {reason}")
        self.from_ms = from_ms
        self.to_ms = to_ms
        self.reason = reason


class TooLittleHistory(HubError):
    """Thresholds cannot be learnt on what the hub has kept.

    Attributes:
        days: how many it has.
        reason: what is missing.
    """

    def __init__(self, days: float, reason: str) -> None:
        super().__init__(
            f"{reason}: {days:.1f} days of hours are there; 10 days of at least 3 devices of a property are needed, "
            "60 days or more are better, a year is best"
        )
        self.days = days
        self.reason = reason


class PushFailed(HubError):
    """One delivery attempt failed.

    Attributes:
        url: the receiver.
        reason: what it answered.
    """

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(f"{url}: {reason}")
        self.url = url
        self.reason = reason
