"""Everything that follows from the journal alone: catalogue, panel, state. No file, no clock, no database."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec
import numpy as np

from hub import pipeline
from hub.adoption import adopted
from hub.anomaly.rulebook import Rule
from hub.bindings import Bindings, bind
from hub.catalogue import Catalogue, is_dated
from hub.checks import Calibration
from hub.closed import Closed, put_back, taken_out
from hub.configured import Configured, InForce, in_force
from hub.hour_pass import HourPass
from hub.latest import Latest
from hub.lead.fault import fault_tickets
from hub.lead.lifecycle import Episodes
from hub.lead.outcome import Outcome
from hub.model import MINUTE_MS, Area, AreaStatus, Columns, Datastream, Freshness, Level, Snapshot
from hub.network import build_network
from hub.panel import NEVER, Panel, Readings
from hub.past import Learnt
from hub.second_pass import Checkpoint, Late, SecondPass
from hub.state import Array, grown, leaves, rebuilt
from hub.third_party import ThirdParty
from wire.batch import Payload
from wire.reading import Flag

# A gateway's clock may be ahead by so much; what is later still is stored, not judged.
AHEAD_MIN: Final = 2
# After a pause longer than this the minutes before it are nobody's present.
CATCH_UP_MIN: Final = 1440


class Judgement:
    """What the journal makes known, minute by minute."""

    def __init__(self, catalogue: Catalogue, areas: Sequence[Area], rules: Sequence[Rule] | None = None) -> None:
        """Begin with nothing known.

        Args:
            catalogue: an empty one; from here on it is the judgement's alone.
            areas: of the zone, until the journal says which.
            rules: instead of those that come with the program, until the journal says which.
        """
        self.bindings: Bindings = bind(build_network((), (), areas), 0, rules)
        self._catalogue = catalogue
        self._own = self._force = InForce(areas, rules)
        self._said = Configured()
        self._panel = Panel()
        self._state = pipeline.start(self.bindings)
        self._latest = Latest.never(0)
        self._second = SecondPass()
        self._hours = HourPass()
        self._episodes = Episodes()
        self._dirty: set[int] = set()
        self._came_late: list[Late] = []
        self._closing = NEVER, Late.none()
        self._statuses = _statuses(areas, self._state)

    @property
    def head(self) -> int:
        """The newest closed minute since 1970, -1 before the first."""
        return self._panel.head

    @property
    def said(self) -> Configured:
        """What the journal said last of how is judged."""
        return self._said

    def learn(self, payload: Payload) -> Sequence[Datastream]:
        """Take over a catalogue and return the datastreams that are new by it."""
        known, stations = self._catalogue.datastreams, self._catalogue.stations
        self._catalogue.add(payload)
        if self._catalogue.datastreams != known or self._catalogue.stations != stations:
            self._grow()
        return self._catalogue.datastreams[len(known) :]

    def _bound(self) -> Bindings:
        network = build_network(self._catalogue.stations, self._catalogue.datastreams, self._force.areas)
        return bind(network, max(self.head, 0), self._force.rules, self._force.checks)

    def _grow(self) -> None:
        self.bindings = self._bound()
        network = self.bindings.network
        self._panel.grow(network.averaging, network.moving)
        fresh = pipeline.start(self.bindings)
        self._state = grown(self._state, fresh)
        self._second.grow(fresh)
        self._latest = self._latest.grown(len(network))

    def configure(self, said: Configured) -> tuple[str, ...]:
        """Judge by what a config entry says, from here on.

        Returns:
            What of it this program cannot read, as sentences: its own holds in place of that.
        """
        self.admit(said.third_party)
        last, self._said = self._said, said
        if all(getattr(said, what) == getattr(last, what) for what in ("areas", "rules", "standards", "checks")):
            return ()
        self._force, flaws = in_force(said, self._own)
        before, self.bindings = self.bindings, self._bound()
        self._state = adopted(self._state, before, self.bindings)
        self._second.adopt(before, self.bindings)
        known = self._statuses
        self._statuses = {
            area: known.get(area, begun) for area, begun in _statuses(self._force.areas, self._state).items()
        }
        return flaws

    def judge_by(self, calibration: Calibration | None, learnt: Learnt | None) -> None:
        """Judge hours by these thresholds from the next one on; None: by none."""
        self._hours.take(calibration, learnt)

    @property
    def calibration(self) -> Calibration | None:
        """Of the thresholds in force, None while there are none."""
        return self._hours.checks.calibration

    def take(self, payload: Payload, received_ms: int, known_rows: int = 0) -> Columns:
        """Take the readings of a batch and return them as they are to be stored; undated ones are not judged.

        Args:
            payload: readings.
            received_ms: when it was journalled.
            known_rows: how many of its first readings came before, in another batch.
        """
        columns = self._catalogue.columns(payload).behind(known_rows)
        if is_dated(payload):
            readings = self._canonical(columns)
            self._latest = self._latest.joined(readings)
            row, minute = self._panel.add(readings, received_ms // MINUTE_MS + AHEAD_MIN)
            self._note(Late(row, minute))
        return columns

    def _note(self, late: Late) -> None:
        self._dirty.update(np.unique(late.minute).tolist())
        self._second.note(late, self.head)
        self._came_late.append(late)

    def admit(self, parties: Sequence[ThirdParty]) -> None:
        """Have these and no other third parties report from here on."""
        stations = self._catalogue.stations
        self._catalogue.admit(parties)
        if self._catalogue.stations != stations:
            self._grow()

    def take_report(self, party: str, body: bytes, received_ms: int) -> tuple[Sequence[Datastream], Columns]:
        """Take what a third party reports; it is shown, not judged.

        Returns:
            The datastreams that are new by it, and its readings as they are to be stored unless their time is known.

        Raises:
            Unusable: see `Catalogue.reported`; nothing is changed then.
        """
        known = self._catalogue.datastreams
        columns = self._catalogue.reported(party, body, received_ms)
        new = self._catalogue.datastreams[len(known) :]
        if new:
            self._grow()
        self._latest = self._latest.joined(self._news(columns))
        return new, columns

    def _news(self, columns: Columns) -> Readings:
        """Return what is later than what is shown, in canonical units: of one time the first that came stands."""
        network, later = self.bindings.network, columns.time_ms > self._latest.time_ms[columns.row]
        row = columns.row[later]
        value = columns.value[later] * network.scale[row] + network.offset[row]
        nowhere = np.full(len(row), np.nan)
        return Readings(row, columns.time_ms[later], value, columns.flag[later], nowhere, nowhere)

    def _canonical(self, columns: Columns) -> Readings:
        network, row = self.bindings.network, columns.row
        value = columns.value * network.scale[row] + network.offset[row]
        checked = self.bindings.range.readings(value, row)
        # A device's own doubt stands; what it does not say is the check's.
        flag = np.where(columns.flag <= Flag.UNKNOWN, checked, np.maximum(columns.flag, checked))
        return Readings(row, columns.time_ms, value, flag.astype(np.uint8), columns.longitude, columns.latitude)

    def close(self, last: int, now_ms: int) -> Iterable[Outcome]:
        """Close all minutes up to `last` and yield what follows from each."""
        self._closing, self._came_late = (self.head, Late.joined(self._came_late)), []
        first = last if self.head == NEVER else max(self.head + 1, last - CATCH_UP_MIN + 1)
        for minute in range(first, last + 1):
            yield self._close(minute, now_ms, listening=minute == last)
            self._second.keep(minute, self._state)

    def pass_over(self, last: int) -> None:
        """Close all minutes up to `last` without judging them, and forget what came late."""
        self._panel.head = max(self.head, last)
        self._dirty.clear()
        self._came_late.clear()
        self._second.forget()

    def closed(self) -> Closed:
        """Return what the last call of `close` closed, to be kept."""
        return taken_out(self._panel, *self._closing, self.bindings.network.moving)

    def reopen(self, closed: Closed) -> None:
        """Take what `closed` gave, in place of the readings: `close` then judges as it did."""
        self._note(put_back(self._panel, closed, self.bindings.network.moving))

    def _close(self, minute: int, now_ms: int, *, listening: bool) -> Outcome:
        self._panel.head = minute
        touched = np.array(sorted(self._dirty | {minute}), np.int64)
        self._dirty.clear()
        self.bindings = self.bindings.at(minute).hearing(self._state.newest.minute, minute)
        # What a minute shows is known at its end, whenever the tick that closes it comes: the same in every run.
        tick = pipeline.Tick(minute, touched, (minute + 1) * MINUTE_MS, listening, now_ms)
        self._state, outcome = pipeline.judge_minute(self.bindings, self._panel, self._state, tick)
        self._episodes = self._episodes.joined(outcome.leads, now_ms)
        if self._second.due(minute):
            late = self._second.judged(self.bindings, self._panel, minute, now_ms, self._episodes)
            self._episodes = self._episodes.joined(late, now_ms)
            outcome = outcome._replace(leads=outcome.leads + late)
        self._statuses |= {status.area: status for status in outcome.changes}
        return self._judged_hour(outcome, minute, tick.now_ms) if self._hours.due(minute) else outcome

    def _judged_hour(self, outcome: Outcome, minute: int, now_ms: int) -> Outcome:
        """Return the outcome of a minute with that of the hour which it ends; what lasts counts from the next on."""
        network, quality = self.bindings.network, self._state.quality
        found = self._hours.judged(network, self._panel, minute)
        tickets = fault_tickets(network, found, quality, self.calibration, now_ms)
        self._state = self._state._replace(quality=quality._replace(standing=self._hours.standing(len(network))))
        return outcome._replace(tickets=outcome.tickets + tickets, hour=found)

    def snapshot(self) -> Snapshot:
        """Return what is to be shown: the view after the last closed minute, with the latest readings."""
        latest, checks = self._latest, self._state.quality
        doubted = checks.flag
        worse = (doubted >= Flag.SUSPECT) & (latest.flag < doubted)
        return Snapshot(
            minute_ms=max(self.head, 0) * MINUTE_MS,
            statuses=dict(self._statuses),
            stations=self._catalogue.stations,
            datastreams=self._catalogue.datastreams,
            latest_value=latest.value,
            latest_ms=latest.time_ms,
            latest_flag=np.where(worse, doubted, latest.flag),
            latest_longitude=latest.longitude,
            latest_latitude=latest.latitude,
            checks=self._hours.checks,
            noticed=pipeline.noticed(self.bindings, self._state),
        )

    def checkpoints(self) -> tuple[Checkpoint, ...]:
        """Return the hourly states, ascending."""
        return tuple(self._second.checkpoints)

    def form(self) -> bytes:
        """Return what must be the same for `arrays` to mean the same: areas and groups of rules, in their order."""
        groups = [tuple(bound.group) for bound in self.bindings.detectors]
        return msgspec.json.encode([[area.id for area in self.bindings.network.areas], groups])

    def arrays(self) -> dict[str, Array]:
        """Return everything but catalogue and hourly states, for the memory on disk."""
        parts: dict[str, Mapping[str, Array]] = {
            "state": dict(leaves(self._state)),
            "latest": vars(self._latest),
            "panel": self._panel.arrays(),
            "second": self._second.arrays(),
            "hours": self._hours.arrays(),
            "episodes": {"json": np.frombuffer(msgspec.json.encode(self._episodes), np.uint8)},
        }
        return {f"{name}.{key}": array for name, part in parts.items() for key, array in part.items()}

    def restore(self, arrays: Mapping[str, Array], hours: Mapping[int, Mapping[str, Array]]) -> None:
        """Take back what `arrays` and `checkpoints` gave; the catalogue must have been learnt before.

        Without the panel's arrays the panel stays as it is.
        """
        if panel := _part(arrays, "panel"):
            self._panel.restore(panel)
            self._latest = Latest(**_part(arrays, "latest"))
        self._state = rebuilt(self._state, _part(arrays, "state"))
        fresh = pipeline.start(self.bindings)
        kept = [Checkpoint(minute, grown(rebuilt(fresh, state), fresh)) for minute, state in sorted(hours.items())]
        self._second.restore(_part(arrays, "second"), [one for one in kept if one.minute <= self.head])
        self._episodes = msgspec.json.decode(arrays["episodes.json"].tobytes(), type=Episodes)
        self.bindings = self.bindings.at(self.head).hearing(self._state.newest.minute, self.head)
        self._hours.restore(self.bindings.network, _part(arrays, "hours"))
        self._statuses = _statuses(self.bindings.network.areas, self._state)


def _part(arrays: Mapping[str, Array], name: str) -> dict[str, Array]:
    return {key.removeprefix(f"{name}."): array for key, array in arrays.items() if key.startswith(f"{name}.")}


def _statuses(areas: Sequence[Area], state: pipeline.State) -> dict[str, AreaStatus]:
    """Return how areas stand by a state alone; evidence comes with the next change."""
    stand = state.areas
    return {
        area.id: AreaStatus(area.id, Level(int(level)), Freshness(int(fresh)), int(since_ms))
        for area, level, fresh, since_ms in zip(areas, stand.shown, stand.fresh, stand.since_ms, strict=True)
    }
