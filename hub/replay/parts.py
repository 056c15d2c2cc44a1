"""A long stretch judged in parts at once, each by a process of its own that goes on from the state of a week's end."""

import os
import signal
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import pairwise
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Final

from hub.errors import HubError, ReplayError
from hub.judge import MINUTES
from hub.memory import MEMORY, Memory
from hub.model import MINUTE_MS
from hub.replay.stretch import FILLING_MS, SETTLING_MS, Judged, Place, Progress, Span, judged_again
from hub.replay.telling import Change
from hub.store.minutes import MinuteReader

# What a process takes to begin, and to settle before its part, is not worth less.
SHORTEST_MS: Final = 3 * SETTLING_MS
# The judge goes first.
NICENESS: Final = 15


def judged_in_parts(
    place: Place, span: Span, change: Change, report: Callable[[Progress], None], processes: int
) -> Judged:
    """Return what `judged_again` does, in less time.

    Args:
        place: of the hub, which may be running.
        span: the stretch.
        change: what config entries say is said so instead; it goes to other processes.
        report: told how far all of it is.
        processes: at most so many at once.

    Raises:
        JournalError: what is on disk cannot be used.
        ReplayError: a part could not be judged.
    """
    parts = divided(span, _seams(place, span) if processes > 1 else [], processes)
    if len(parts) == 1:
        return judged_again(place, span, change, report)
    return joined(worked(place, parts, change, report))


def divided(span: Span, seams: Sequence[int], parts: int) -> list[Span]:
    """Return a stretch cut at those times of `seams` that make so many parts as equal as can be, or fewer."""
    length = (span.tip_ms - span.from_ms) / parts
    cuts = [span.from_ms]
    for wished in (span.from_ms + round(length * part) for part in range(1, parts)):
        fit = [seam for seam in seams if min(seam - cuts[-1], span.tip_ms - seam) >= SHORTEST_MS]
        if fit:
            cuts.append(min(fit, key=lambda seam: abs(seam - wished)))
    inner = [Span(first, second, second) for first, second in pairwise(cuts)]
    return [*inner, Span(cuts[-1], span.to_ms, span.tip_ms)]


def _seams(place: Place, span: Span) -> list[int]:
    """Return the times before which a part can go on from a week's state, and settle."""
    memory, minutes = Memory(place.directory / MEMORY), MinuteReader(place.directory / MEMORY / MINUTES)
    heads = [int(kept["head"]) * MINUTE_MS for entry in memory.weeks() if (kept := memory.week(entry)) is not None]
    inside = [head for head in heads if span.from_ms < head + SETTLING_MS < span.tip_ms]
    if not inside or not minutes.covers(inside[0] - FILLING_MS):
        return []
    return [head + SETTLING_MS for head in inside]


def joined(parts: Sequence[Judged]) -> Judged:
    """Return one stretch of several that follow each other."""
    whole = Judged(parts[0].from_ms, parts[-1].to_ms, areas=parts[-1].areas)
    whole.minutes = sum(part.minutes for part in parts)
    for part in parts:
        whole.openings += part.openings
        # How areas stood before a part is how the part before left them.
        first, last = part is parts[0], part is parts[-1]
        whole.changes += [
            change
            for change in part.changes
            if (first or change.judged_ms >= part.from_ms) and (last or change.judged_ms < part.to_ms)
        ]
    return whole


def worked(
    place: Place, parts: Sequence[Span], change: Change, report: Callable[[Progress], None]
) -> tuple[Judged, ...]:
    """Return each part judged again, all at once.

    Raises:
        ReplayError: one could not be judged.
    """
    context, listening, workers = get_context("spawn"), dict[Connection, int](), list[SpawnProcess]()
    for index, part in enumerate(parts):
        here, there = context.Pipe(duplex=False)
        workers.append(context.Process(target=_work, args=(place, part, change, there), daemon=True))
        workers[-1].start()
        there.close()
        listening[here] = index
    try:
        return _heard(listening, parts, report)
    finally:
        for worker in workers:
            worker.terminate()  # of no use when another part has failed


def _heard(
    listening: dict[Connection, int], parts: Sequence[Span], report: Callable[[Progress], None]
) -> tuple[Judged, ...]:
    """Return what was found in each part when all have ended."""
    found, progress = dict[int, Judged](), dict[int, Progress]()
    while listening:
        for connection in wait(list(listening)):
            assert isinstance(connection, Connection)
            index = listening[connection]
            said = _said(connection, parts[index])
            if isinstance(said, Judged):
                found[index] = said
                del listening[connection]
                continue
            progress[index] = said
            report(_all(list(progress.values()), parts))
    return tuple(found[index] for index in range(len(parts)))


def _work(place: Place, part: Span, change: Change, telling: Connection) -> None:
    """Judge a part in this process, and tell how far it is and what was found, or why not."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who began it ends it
    os.nice(NICENESS)
    with suppress(BrokenPipeError):  # nobody listens any more
        try:
            telling.send(judged_again(place, part, change, telling.send))
        except (HubError, OSError) as error:
            telling.send(str(error))


def _said(connection: Connection, part: Span) -> Judged | Progress:
    try:
        said: Judged | Progress | str = connection.recv()
    except EOFError:
        said = "its process has ended; was there enough memory?"
    if isinstance(said, str):
        raise ReplayError(part.from_ms, part.tip_ms, said)
    return said


def _all(progress: Sequence[Progress], parts: Sequence[Span]) -> Progress:
    """Return how far all parts are together."""
    begin, end = parts[0].from_ms // MINUTE_MS, parts[-1].tip_ms // MINUTE_MS
    share = sum((one.at - one.begin) / max(one.end - one.begin, 1) for one in progress) / len(parts)
    return Progress(begin + round(share * (end - begin)), begin, end)
