"""Whatever ends the agent's life, and wherever: what was kept is there, in order, once."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.outbox import Limits, Outbox
from edge.outbox.relief import stands_for
from wire.batch import encode_body, read_readings, sha256
from wire.reading import Reading

pytestmark = pytest.mark.component

if TYPE_CHECKING:
    from tests.edge.conftest import Lives

Make = Callable[[int], Reading]
SMALL = Limits(segment_bytes=1200)
CHANGES = ("write", "pwrite", "ftruncate", "fdatasync", "unlink", "rename", "fsync", "open")
FULL = Limits(bytes=16_000, segment_bytes=1_000, seal_bytes=1_000)


@contextmanager
def _watched(after: Callable[[str, tuple[Any, ...]], None]) -> Iterator[None]:
    """Call `after` behind every call that changes the disk."""
    with pytest.MonkeyPatch.context() as patch:
        for name in CHANGES:
            patch.setattr(os, name, _calling(name, getattr(os, name), after))
        yield


def _calling(name: str, call: Callable[..., Any], after: Callable[[str, tuple[Any, ...]], None]) -> Callable[..., Any]:
    def called(*arguments: Any) -> Any:
        result = call(*arguments)
        after(name, arguments)
        return result

    return called


def _live(outbox: Outbox, lives: "Lives", reading: Make, appended: list[int], rounds: range) -> None:
    """Do all that an outbox does in its life, a few readings a round."""
    outbox.set_clock(1_700_000_000_000, "ntp")
    for number in rounds:
        for each in (2 * number, 2 * number + 1):
            outbox.append([reading(each)])
            appended.append(each)
        outbox.write_block()
        if number % 2:
            outbox.sync()
        if number % 3 == 2:
            lives.sealed(outbox)
            outbox.sync()
            outbox.chain.acknowledge(outbox.chain.last_seq - 1)
        if number % 11 == 10:
            outbox.start_epoch()


def test_agent_killed_at_any_call_loses_and_doubles_nothing(lives: "Lives", reading: Make, tmp_path: Path) -> None:
    """A copy of the directory behind every single call that changes it gives all that `append` had returned from."""
    copies: list[tuple[Path, int]] = []
    appended: list[int] = []
    directory = tmp_path / "outbox"

    def copy(_name: str, _arguments: tuple[Any, ...]) -> None:
        copies.append((tmp_path / f"copy-{len(copies)}", len(appended)))

        with pytest.MonkeyPatch.context() as patch:
            patch.undo()
            shutil.copytree(directory, copies[-1][0], ignore=shutil.ignore_patterns("reserve"))

    inner = _guard(copy)
    with _watched(inner), lives.open(directory, limits=SMALL) as outbox:
        _live(outbox, lives, reading, appended, range(9))

    for path, count in copies:
        held = lives.held(path)
        assert held[:count] == appended[:count], path
        assert held == list(range(len(held))), path
        assert len(held) <= count + 1, path


def test_agent_killed_at_any_call_while_it_makes_room_counts_what_is_gone(
    lives: "Lives", reading: Make, tmp_path: Path
) -> None:
    """Behind every single call: each reading is there once, or in one mean, or counted as dropped."""
    copies: list[tuple[Path, int]] = []
    directory = tmp_path / "outbox"
    appended = 0
    copying = False

    def copy(_name: str, _arguments: tuple[Any, ...]) -> None:
        if copying:
            copies.append((tmp_path / f"copy-{len(copies)}", appended))
            shutil.copytree(directory, copies[-1][0], ignore=shutil.ignore_patterns("reserve"))

    with _watched(_guard(copy)), lives.open(directory, limits=FULL) as outbox:
        outbox.set_clock(1_700_000_000_000, "ntp")
        for number in range(0, 385, 5):
            if number == 370:
                copying, thinned, dropped = True, outbox.thinned, outbox.dropped
            outbox.append([reading(each) for each in range(number, number + 5)])
            appended += 5
            outbox.write_block()
            outbox.sync()
        assert 0 < thinned < outbox.thinned
        assert 0 < dropped < outbox.dropped

    for path, count in copies:
        told, lost = _account(lives, path)
        assert told + lost in (count, count + 5), path


def _account(lives: "Lives", directory: Path) -> tuple[int, int]:
    """Return for how many readings what a directory holds stands, none of them twice, and how many it has dropped."""
    with lives.open(directory, limits=FULL) as outbox:
        outbox.set_clock(1_700_000_000_000, "ntp")
        blocks = [read_readings(each.body) for each in lives.sealed(outbox) if each.kind == "readings"]
        dropped = outbox.dropped
    numbers = [block.number for block in blocks]
    assert numbers == sorted(set(numbers))
    return sum(stands_for(encode_body(block)) for block in blocks), dropped


def _guard(copy: Callable[[str, tuple[Any, ...]], None]) -> Callable[[str, tuple[Any, ...]], None]:
    """Do not copy for the calls that copying makes itself."""
    copying = False

    def once(name: str, arguments: tuple[Any, ...]) -> None:
        nonlocal copying
        if not copying:
            copying = True
            try:
                copy(name, arguments)
            finally:
                copying = False

    return once


class Disk:
    """A disk that keeps for sure what was synchronised, and of the rest what it likes."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.durable = {path: path.read_bytes() for path in directory.iterdir()}
        self.seen: dict[Path, list[bytes]] = {}

    def note(self, name: str, arguments: tuple[Any, ...]) -> None:
        """Follow a call."""
        if name == "rename":
            self.durable[arguments[1]] = self.durable.pop(arguments[0])
        if name in {"write", "pwrite", "ftruncate", "fdatasync"}:
            path = Path(f"/proc/self/fd/{arguments[0]}").readlink()
            content = path.read_bytes()
            self.seen.setdefault(path, [self.durable.get(path, b"")]).append(content)
            if name == "fdatasync":
                self.durable[path] = content
                self.seen[path] = [content]

    def cut(self, draw: Callable[[st.SearchStrategy[Any]], Any]) -> Path:
        """Return a directory with what a power cut may leave."""
        left = Path(tempfile.mkdtemp(dir=self.directory.parent))
        for path in sorted(self.directory.glob("*.*")):
            content, durable = path.read_bytes(), self.durable.get(path, b"")
            if path.suffix == ".rows":  # written over in place: up to somewhere the new, behind it the old
                newer = draw(st.sampled_from(self.seen.get(path, [durable])))
                torn = draw(st.integers(0, len(newer.rstrip(b"\0"))))
                (left / path.name).write_bytes(newer[:torn] + durable[torn:])
                continue
            torn = draw(st.integers(len(durable), len(content)))
            allocated = draw(st.integers(0, 40)) if content != durable else 0
            (left / path.name).write_bytes(content[:torn] + bytes(allocated))
        return left


def _take(outbox: Outbox, step: str, newest: Reading, published: dict[tuple[int, int], bytes]) -> None:
    """Do one thing: append, write a block, flush, gather and sync, seal, seal and sync, acknowledge."""
    match step:
        case "a":
            outbox.append([newest])
        case "w":
            outbox.write_block()
        case "f":
            outbox.flush()
        case "g":
            outbox.gather()
            outbox.sync()
        case "k":
            outbox.chain.acknowledge(outbox.chain.durable_seq)
        case _:
            envelope = outbox.chain.seal()
            if step == "S":
                outbox.sync()
            if envelope is not None and outbox.chain.durable_seq == outbox.chain.last_seq:
                published[outbox.chain.epoch, outbox.chain.last_seq] = sha256(envelope)


@settings(max_examples=25)
@given(data=st.data())
def test_power_cut_at_any_byte_keeps_all_that_was_synchronised(
    data: st.DataObject, lives: "Lives", reading: Make
) -> None:
    """Torn ends, lost tails, life after life: flushed readings stay in order, once, and published seals hold."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name) / "outbox"
        kept: list[int] = []
        published: dict[tuple[int, int], bytes] = {}
        following = 0
        for _life in range(3):
            directory.mkdir(exist_ok=True)
            disk = Disk(directory)
            flushed = len(kept)
            with _watched(_guard(disk.note)), lives.open(directory, limits=SMALL) as outbox:
                outbox.set_clock(1_700_000_000_000, "ntp")
                assert all(outbox.chain.hash_at(seq) == digest for (_, seq), digest in published.items())
                for step in data.draw(st.lists(st.sampled_from("aaawfgsSk"), max_size=16)):
                    if step == "a":
                        kept.append(following)
                        following += 1
                    _take(outbox, step, reading(kept[-1] if kept else 0), published)
                    flushed = len(kept) if step in "fg" else flushed
                left = disk.cut(data.draw)
            directory = left
            shutil.copytree(left, f"{left}-read")
            held = lives.held(Path(f"{left}-read"))
            assert held == sorted(set(held))
            assert set(kept[:flushed]) <= set(held) <= set(kept)
            kept = held


@settings(max_examples=12)
@given(data=st.data())
def test_power_cut_while_it_makes_room_loses_nothing_that_is_not_counted(
    data: st.DataObject, lives: "Lives", reading: Make
) -> None:
    """What was flushed is there whole, in a mean, or counted; nothing is there twice."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name) / "outbox"
        directory.mkdir()
        disk = Disk(directory)
        flushed = appended = 0
        with _watched(_guard(disk.note)), lives.open(directory, limits=FULL) as outbox:
            outbox.set_clock(1_700_000_000_000, "ntp")
            many = data.draw(st.integers(340, 420))
            for step in "af" * (many // 5) + data.draw(st.text("aawfg", max_size=12)):
                if step == "a":
                    outbox.append([reading(each) for each in range(appended, appended + 5)])
                    appended += 5
                else:
                    _take(outbox, step, reading(0), {})
                flushed = appended if step in "fg" else flushed
            assert outbox.thinned
            left = disk.cut(data.draw)
        told, lost = _account(lives, left)

        assert flushed <= told + lost <= appended
