"""All checks on the newest values of all streams: who lies now, and which tickets that opens."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hub.bindings import Bindings
from hub.lead.opening import ticket_opening
from hub.model import MINUTE_MS, TicketKind, TicketOpening
from hub.panel import Newest
from hub.quality.check import Flags, Floats, Ints, Series
from hub.quality.faults.cause import Cause
from hub.quality.flat_line import FlatState
from hub.quality.gain import GainState
from wire.reading import Flag

# Minutes in a row with nothing but impossible values that open a ticket.
RANGE_MINUTES: Final = 5
# Around an excess of another station a gain is not learnt: the edge of a plume is no fault.
PLUME_M: Final = 5_000.0


class Quality(NamedTuple):
    """What the checks remember.

    Attributes:
        flat, gain: their states.
        flat_flag, gain_flag: uint8[n], what each said of the newest value; UNKNOWN before the first.
        standing: uint8[n] of `Cause`, the fault that the hourly checks have announced and that lasts.
    """

    flat: FlatState
    gain: GainState
    flat_flag: Flags
    gain_flag: Flags
    standing: Flags

    @property
    def flag(self) -> Flags:
        """What is said of the newest value: the worst of all checks."""
        lasting = np.where(self.standing != Cause.NONE, np.uint8(Flag.SUSPECT), np.uint8(Flag.GOOD))
        return np.maximum(np.maximum(self.flat_flag, self.gain_flag), lasting)

    @property
    def doubted(self) -> NDArray[np.bool_]:
        """Whose values are SUSPECT or FAIL."""
        return self.flag >= Flag.SUSPECT


def start(bindings: Bindings) -> Quality:
    """Return the state before the first value."""
    n = len(bindings.network)
    unknown = np.full(n, Flag.UNKNOWN, np.uint8)
    return Quality(bindings.flat_line.start(n), bindings.gain.start(n), unknown, unknown, np.zeros(n, np.uint8))


def liars(bindings: Bindings, quality: Quality) -> NDArray[np.bool_]:
    """Return bool[n]: doubted streams and what shares their cell: no part in backgrounds and detectors."""
    doubted, cell = quality.doubted, bindings.network.cell
    if not doubted.any():
        return doubted
    return np.isin(cell, cell[doubted])


def checked(bindings: Bindings, fresh: Series, near_plume: NDArray[np.bool_], quality: Quality) -> Quality:
    """Return what the checks say after the newest values.

    Args:
        bindings: with the checks' parameters.
        fresh: n streams, one time; background of the neighbours.
        near_plume: bool[n], where the gain is not to be learnt.
        quality: what they said before.
    """
    flat_flag, flat = bindings.flat_line(fresh, quality.flat)
    # One fault, one ticket: a value that repeats says nothing about the gain.
    repeating = (flat.repeats >= bindings.flat_line.suspect) & ~np.isnan(bindings.flat_line.moved)
    calm = np.where((near_plume | repeating)[:, None], np.nan, fresh.background)
    gain_flag, gain = bindings.gain(fresh._replace(background=calm), quality.gain)
    flags = _latest(quality.flat_flag, flat_flag), _latest(quality.gain_flag, gain_flag)
    return Quality(flat, gain, *flags, quality.standing)


def _latest(before: Flags, now: Flags) -> Flags:
    return np.where(now[:, 0] == Flag.MISSING, before, now[:, 0])


def near_plumes(bindings: Bindings, hot: NDArray[np.intp], east_m: Floats, north_m: Floats) -> NDArray[np.bool_]:
    """Return bool[n]: streams within PLUME_M of a hot row of another station."""
    network = bindings.network
    if not hot.size:
        return np.zeros(len(network), np.bool_)
    away = np.hypot(network.east_m[:, None] - east_m[hot], network.north_m[:, None] - north_m[hot])
    other = network.station[:, None] != network.station[hot]
    return np.asarray(((away <= PLUME_M) & other).any(axis=1))


def tickets(
    bindings: Bindings, before: tuple[Quality, Ints], after: tuple[Quality, Newest], minute: int, now_ms: int
) -> tuple[TicketOpening, ...]:
    """Return a ticket for each device of which a check has just begun to say that it lies.

    Args:
        bindings: of the streams.
        before: (checks' verdicts, minutes in a row of impossible values) of the minute before.
        after: (checks' verdicts, newest values) now.
        minute: that is judged, since 1970.
        now_ms: the judge's time.
    """
    old, quality, newest = before[0], after[0], after[1]
    begun: dict[TicketKind, tuple[NDArray[np.bool_], Ints]] = {
        "flat_line": ((quality.flat_flag == Flag.FAIL) & (old.flat_flag != Flag.FAIL), quality.flat.since_ms),
        "gain": (quality.gain.flagged & ~old.gain.flagged, quality.gain.since_ms),
        "range": (
            (newest.bad >= RANGE_MINUTES) & (before[1] < RANGE_MINUTES),
            np.full(len(newest.bad), (minute - RANGE_MINUTES + 1) * MINUTE_MS),
        ),
    }
    found: dict[tuple[str, TicketKind], TicketOpening] = {}
    for kind, (rows, since_ms) in begun.items():
        for row in np.flatnonzero(rows).tolist():
            device = bindings.network.datastreams[row].device
            found.setdefault((device, kind), ticket_opening(device, kind, int(since_ms[row]), now_ms))
    return tuple(found.values())
