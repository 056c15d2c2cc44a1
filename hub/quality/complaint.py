"""Which faults are a matter for maintenance, and in which words: one fault of a device, one ticket."""

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hub.bindings import Bindings
from hub.lead.opening import ticket_opening
from hub.model import MINUTE_MS, TicketKind, TicketOpening
from hub.quality import numbers
from hub.quality.check import Ints
from hub.quality.faults.cause import Cause
from hub.quality.rounds import ROUND_MIN, SILENCE_AT, Seen
from hub.quality.verdict import Quality
from wire.reading import Flag

# Minutes in a row with nothing but impossible values that open a ticket.
RANGE_MINUTES: Final = 5
# A fault that comes and goes is one: nothing else is told of its cell until all of it was well for so long.
HOLD_MIN: Final = 360
_BY_DEVICE, _BY_GATEWAY = 1, 2


class Kind(NamedTuple):
    """A kind of ticket.

    Attributes:
        failing: bool[n], whose fault is one for maintenance.
        since_ms: int64[n].
        numbers: the numbers of a row, in Chinese and in English.
    """

    name: TicketKind
    failing: Callable[[Quality, Seen], NDArray[np.bool_]]
    since_ms: Callable[[Bindings, Quality, Seen], Ints]
    numbers: Callable[[Bindings, Quality, Seen, int], tuple[str, str]]


# The first that holds is what is said: what follows from it is no second fault.
KINDS: Final = (
    Kind(
        "range",
        lambda _, seen: seen.newest.bad >= RANGE_MINUTES,
        lambda _b, _q, seen: np.full(len(seen.near), (seen.minute - RANGE_MINUTES + 1) * MINUTE_MS),
        numbers.of_range,
    ),
    Kind(
        "flat_line",
        lambda quality, _: quality.flat_flag == Flag.FAIL,
        lambda _b, quality, _s: quality.flat.since_ms,
        numbers.of_flat_line,
    ),
    Kind(
        "clipping",
        lambda quality, _: quality.rounds.clipping_flag == Flag.FAIL,
        lambda _b, quality, _s: quality.rounds.clipping.since_ms,
        numbers.of_clipping,
    ),
    Kind(
        "bottom",
        lambda quality, _: quality.rounds.bottom_flag == Flag.FAIL,
        lambda _b, quality, _s: quality.rounds.bottom.run.since_ms,
        numbers.of_bottom,
    ),
    Kind(
        "consistency",
        lambda quality, _: np.maximum(quality.consistency_flag, quality.rounds.oxidant_flag) == Flag.FAIL,
        numbers.since_inconsistent,
        numbers.of_consistency,
    ),
    Kind(
        "gain",
        lambda quality, _: quality.gain.flagged,
        lambda _b, quality, _s: quality.gain.since_ms,
        numbers.of_gain,
    ),
    Kind(
        "rendezvous",
        lambda quality, _: quality.rounds.meetings.flag >= Flag.SUSPECT,
        lambda _b, quality, _s: quality.rounds.meetings.since_ms,
        numbers.of_rendezvous,
    ),
    Kind(
        "attenuated",
        lambda quality, _: quality.rounds.attenuated_flag == Flag.FAIL,
        lambda _b, quality, _s: quality.rounds.attenuated.since_ms,
        numbers.of_attenuated,
    ),
    Kind(
        "spike",
        lambda quality, _: quality.rounds.spike_flag == Flag.FAIL,
        lambda _b, quality, _s: quality.rounds.spike.often.since_ms,
        numbers.of_spike,
    ),
    Kind(
        "rate_of_change",
        lambda quality, _: quality.rounds.rate_flag == Flag.FAIL,
        lambda _b, quality, _s: quality.rounds.rate_of_change.often.since_ms,
        numbers.of_rate,
    ),
)


# What the hourly checks call the same fault: while it lasts there, its ticket has been opened.
_SAME: Final[dict[TicketKind, Cause]] = {
    "flat_line": Cause.STUCK,
    "clipping": Cause.STUCK,
    "bottom": Cause.DROPOUT,
    "gain": Cause.DRIFT,
    "spike": Cause.SPIKE,
}


def raised(bindings: Bindings, quality: Quality, seen: Seen, now_ms: int) -> tuple[Quality, tuple[TicketOpening, ...]]:
    """Return the quality with what is told by now, and a ticket for each device that has just begun to fail.

    Args:
        bindings: of the streams.
        quality: what the checks say now.
        seen: what they looked at.
        now_ms: the judge's time.
    """
    found: dict[tuple[str, TicketKind], TicketOpening] = {}
    before, quality = quality.told, _told(bindings, quality, seen)
    for row in np.flatnonzero((quality.told != 0) & (before == 0)).tolist():
        kind = KINDS[quality.told[row] - 1]
        if quality.standing[row] == _SAME.get(kind.name, Cause.POLLUTION):
            continue
        device = bindings.network.datastreams[row].device
        if kind.failing(quality, seen)[row]:  # of a cell that one measuring chamber feeds, the stream that shows it
            since_ms = int(kind.since_ms(bindings, quality, seen)[row])
            text = kind.numbers(bindings, quality, seen, row)
            found.setdefault((device, kind.name), ticket_opening(device, kind.name, since_ms, now_ms, text))
    quality, silent = _silence(bindings, quality, seen)
    for subject, minutes, text in silent:
        since_ms = (seen.minute + 1 - minutes) * MINUTE_MS
        found.setdefault((subject, "silent"), ticket_opening(subject, "silent", since_ms, now_ms, text))
    return quality, tuple(found.values())


def _told(bindings: Bindings, quality: Quality, seen: Seen) -> Quality:
    """Return the quality with what is told of each stream's cell: the place among KINDS, from 1, 0 for nothing."""
    quiet = not (quality.doubted.any() or (seen.newest.bad >= RANGE_MINUTES).any())
    if quiet and not quality.told.any():
        return quality
    cell = bindings.network.cell
    first = np.zeros(len(cell), np.uint8)
    for place in range(len(KINDS), 0, -1):
        first[cell[KINDS[place - 1].failing(quality, seen)]] = place
    now = first[cell]
    failed_min = np.where(now != 0, seen.minute, quality.told_min)
    held = (quality.told != 0) & (seen.minute - failed_min <= HOLD_MIN)
    return quality._replace(told=np.where(held, quality.told, now), told_min=failed_min)


def _silence(
    bindings: Bindings, quality: Quality, seen: Seen
) -> tuple[Quality, list[tuple[str, int, tuple[str, str]]]]:
    """Return the quality after a look for silence, and (who is silent, for how many minutes, the numbers)."""
    if seen.minute % ROUND_MIN != SILENCE_AT:
        return quality, []
    checks, gap = bindings.checks, quality.rounds.gap
    silent = checks.gap.silent(gap, seen.lag_min)
    told = np.where(silent, quality.told_silent, 0).astype(np.uint8)
    if not (silent.any() or quality.told_silent.any()):
        return quality, []
    speaks = np.bincount(checks.gateway, gap.silent_min <= checks.gap.missing_min, len(checks.gateways)) > 0
    # A gateway is back: what it holds comes one after the other, so each of its streams is given time anew.
    back = (quality.told_silent == _BY_GATEWAY) & speaks[checks.gateway]
    gap = gap._replace(heard_then=np.where(back, gap.heard, gap.heard_then))
    new = silent & (told == 0)
    found = list(_silent(bindings, new, speaks, gap.silent_min))
    told[new] = np.where(speaks[checks.gateway[new]], _BY_DEVICE, _BY_GATEWAY)
    told[back] = 0
    told[(np.isin(checks.gateway, checks.gateway[told == _BY_GATEWAY])) & silent] = _BY_GATEWAY
    return quality._replace(told_silent=told, rounds=quality.rounds._replace(gap=gap)), found


def _silent(
    bindings: Bindings, new: NDArray[np.bool_], speaks: NDArray[np.bool_], silent_min: Ints
) -> Iterator[tuple[str, int, tuple[str, str]]]:
    """Yield each gateway of which nothing speaks, and each device of the others."""
    checks, streams = bindings.checks, bindings.network.datastreams
    for gateway in np.unique(checks.gateway[new]).tolist():
        rows = np.flatnonzero(new & (checks.gateway == gateway)).tolist()
        if not speaks[gateway]:
            all_rows = np.flatnonzero(checks.gateway == gateway)
            minutes = int(silent_min[rows].min())
            yield checks.gateways[gateway], minutes, numbers.of_gateway(bindings, all_rows, minutes)
            continue
        for device in dict.fromkeys(streams[row].device for row in rows):
            mine = [row for row in rows if streams[row].device == device]
            minutes = int(silent_min[mine].max())
            yield device, minutes, numbers.of_device(bindings, mine, minutes)
