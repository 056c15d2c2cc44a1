"""The mirror: line protocol to a database that may be away."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from hub.errors import StoreError
from hub.model import Columns, Datastream
from hub.store.duckdb import DuckStore
from hub.store.influx import LineProtocol
from hub.store.mirror import SETTLED_S, Mirror

STREAM = Datastream("patrol-1/patrol-1-air/nox", 0, "patrol-1", "patrol-1-air", "nox", "ug/m3", 10.0)
HEAD = "nox,device=patrol-1-air,station=patrol-1,unit=ug/m3"


@dataclass
class Lines:
    """A database that is a set of lines and can be away."""

    taken: list[str] = field(default_factory=list)
    away: bool = False
    protocol: LineProtocol = field(default_factory=LineProtocol)
    enough: threading.Event = field(default_factory=threading.Event)

    def datastreams(self, new: Sequence[Datastream]) -> None:
        """Take note of the series."""
        self.protocol.datastreams(new)

    def insert(self, columns: Columns) -> None:
        """Take the lines, or fail."""
        if self.away:
            self.away = False
            raise StoreError("away")
        self.taken += self.protocol.lines(columns)
        if self.taken:
            self.enough.set()


def columns(times: list[int], value: float = 1.0, east: float = np.nan) -> Columns:
    """Return readings of row 0."""
    n = len(times)
    return Columns(
        np.zeros(n, np.int32),
        np.array(times, np.int64),
        np.full(n, value),
        np.full(n, 2, np.uint8),
        np.full(n, east),
        np.full(n, 39.8),
    )


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> DuckStore:
    """Return a store of three journal entries with two readings each."""
    opened = DuckStore(tmp_path_factory.mktemp("store") / "hot.duckdb")
    opened.datastreams([STREAM])
    for entry in (1, 2, 3):
        opened.insert(columns([entry * 10, entry * 10 + 1]), entry)
    return opened


@pytest.mark.parametrize(
    ("reading", "line"),
    [
        (columns([5], 0.1), f"{HEAD} value=0.1,flag=2i 5"),
        (columns([5], 85.0, 116.5), f"{HEAD} value=85.0,longitude=116.5,latitude=39.8,flag=2i 5"),
        (columns([5], np.nan), f"{HEAD} flag=2i 5"),
        (columns([5], -np.inf), f"{HEAD} flag=2i 5"),
        (columns([5], 1e-300), f"{HEAD} value=1e-300,flag=2i 5"),
    ],
)
def test_reading_as_a_line(reading: Columns, line: str) -> None:
    """Every digit of the value; what line protocol cannot say is left out, its flag is not."""
    protocol = LineProtocol()
    protocol.datastreams([STREAM])

    assert protocol.lines(reading) == [line]


def test_tag_is_escaped() -> None:
    """A unit may hold what means something in line protocol."""
    protocol = LineProtocol()
    protocol.datastreams([Datastream("a/b/c", 0, "a", "b", "c", "a b,c=d", 1.0)])

    assert protocol.lines(columns([1]))[0].startswith(r"c,device=b,station=a,unit=a\ b\,c\=d value")


def test_mirror_copies_everything_once(store: DuckStore, tmp_path: Path) -> None:
    """All readings, then nothing more."""
    there = Lines()
    mirror = Mirror(store, there, tmp_path / "mirror.json")

    assert [mirror.step(), mirror.step(), len(there.taken)] == [6, 0, 6]


def test_mirror_goes_on_where_it_is_known_to_have_been(store: DuckStore, tmp_path: Path) -> None:
    """What was written long enough ago is not written again by the next process."""
    now_s = [0.0]
    first = Mirror(store, Lines(), tmp_path / "mirror.json", lambda: now_s[0])
    first.step()
    now_s[0] = SETTLED_S
    first.step()
    there = Lines()

    assert [Mirror(store, there, tmp_path / "mirror.json").step(), there.taken] == [0, []]


def test_mirror_does_not_trust_what_was_just_written(store: DuckStore, tmp_path: Path) -> None:
    """A database that answers before its disk has it may have lost it: after a failure it is written again."""
    there = Lines()
    mirror = Mirror(store, there, tmp_path / "mirror.json", lambda: 0.0)
    mirror.step()
    there.away = True
    with pytest.raises(StoreError):
        mirror.step()

    assert mirror.step() == 6
    assert not (tmp_path / "mirror.json").exists()


def test_garbled_position_means_from_the_beginning(store: DuckStore, tmp_path: Path) -> None:
    """Writing again is harmless, leaving out is not."""
    (tmp_path / "mirror.json").write_text('{"entry')

    assert Mirror(store, Lines(), tmp_path / "mirror.json").step() == 6


def test_running_mirror_survives_a_failure_and_stops(store: DuckStore, tmp_path: Path) -> None:
    """It waits, tries again, and ends when it is told to, whatever it waits for."""
    there, stop = Lines(away=True), threading.Event()
    mirror = Mirror(store, there, tmp_path / "mirror.json", first_wait_s=0.0)
    thread = threading.Thread(target=mirror.run, args=(stop,))
    thread.start()
    there.enough.wait(5)
    stop.set()
    thread.join(5)

    assert [len(there.taken), thread.is_alive()] == [6, False]
