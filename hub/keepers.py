"""What the judge asks of those who keep what it says."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from hub.calibrations import Calibrations
from hub.checks import Alarm
from hub.hourly import Hour, Judged
from hub.model import AreaStatus, Columns, Datastream, LeadOpening, TicketOpening


class Store(Protocol):
    """What the judge asks of the store; see `hub.store.store.Store`."""

    def datastreams(self, new: Sequence[Datastream]) -> None:
        """Keep the series that readings will refer to."""
        ...

    def insert(self, columns: Columns, entry_id: int) -> None:
        """Keep readings, and that the journal is applied up to `entry_id`, in one transaction."""
        ...

    def holds(self, columns: Columns) -> NDArray[np.bool_]:
        """Return of which readings a row and time are kept already."""
        ...

    def applied(self) -> int:
        """Return the last journal entry whose readings are kept."""
        ...


class Registry(Protocol):
    """What the judge asks of the registry; see `hub.registry.Registry`."""

    def open_lead(self, opening: LeadOpening) -> int | None:
        """Open a lead, or attach an episode to the open one."""
        ...

    def open_ticket(self, opening: TicketOpening) -> int | None:
        """Open a ticket unless one is open."""
        ...

    def record_levels(self, changes: Sequence[AreaStatus], judged_ms: int) -> None:
        """Keep how areas stand from now on."""
        ...


class Hours(Protocol):
    """Where hourly means are kept; see `hub.store.hours.HourStore`."""

    def keep(self, hour: Hour, streams: tuple[Judged, ...], alarms: Sequence[Alarm], entry: int) -> None:
        """Keep an hour, in place of what was kept of it."""
        ...


class Hourly(NamedTuple):
    """What the hourly checks stand on: where hours are kept, and where thresholds are."""

    hours: Hours
    calibrations: Calibrations
