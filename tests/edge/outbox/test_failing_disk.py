"""A disk that is full, read-only or broken costs what it cannot take, says so, and keeps the rest."""

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from edge.errors import OutboxError, OutboxFull
from edge.outbox.tail import FILE_BYTES
from wire.reading import Reading

if TYPE_CHECKING:
    from tests.edge.conftest import Lives


def _full(patch: pytest.MonkeyPatch, reason: int = errno.ENOSPC) -> None:
    """Have no file take a byte more from here on."""

    def refuse(*_: object) -> int:
        raise OSError(reason, os.strerror(reason))

    for name in ("write", "pwrite"):
        patch.setattr(os, name, refuse)


def test_full_disk_takes_readings_as_long_as_the_tail_has_room(
    tmp_path: Path, lives: "Lives", reading: Callable[[int], Reading], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Room for the readings that are in no block yet is set aside at start: what is written over needs no more."""

    def full(fd: int, content: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with lives.open(tmp_path) as outbox:
        tails = {path: path.stat().st_blocks * 512 for path in tmp_path.glob("*.rows")}
        monkeypatch.setattr(os, "write", full)
        outbox.append([reading(1)])
        with pytest.raises(OutboxFull):
            outbox.flush()
        monkeypatch.undo()
        outbox.append([reading(2)])

    assert all(size >= FILE_BYTES for size in tails.values())
    assert lives.held(tmp_path) == [1, 2]


def test_reading_that_no_byte_of_the_disk_takes_is_refused_and_counted(
    tmp_path: Path, lives: "Lives", reading: Callable[[int], Reading]
) -> None:
    """It costs the readings that it refuses, said by name, and none that were kept before."""
    with lives.open(tmp_path) as outbox:
        outbox.append([reading(1)])
        with pytest.MonkeyPatch.context() as patch:
            _full(patch)
            with pytest.raises(OutboxFull, match="the disk is full"):
                outbox.append([reading(2)])
        outbox.append([reading(3)])
        outbox.flush()
        assert outbox.dropped == 1

    assert lives.held(tmp_path) == [1, 3]


@pytest.mark.parametrize("reason", [errno.EROFS, errno.EIO])
def test_disk_that_turns_read_only_is_said_by_name(
    tmp_path: Path, lives: "Lives", reading: Callable[[int], Reading], reason: int
) -> None:
    """It is no want of room: the agent ends with what to do, and what was kept is there afterwards."""
    with lives.open(tmp_path) as outbox:
        outbox.append([reading(1)])
        with pytest.MonkeyPatch.context() as patch:
            _full(patch, reason)
            for attempt in (lambda: outbox.append([reading(2)]), outbox.flush):
                with pytest.raises(OutboxError, match="replace") as raised:
                    attempt()
                assert not isinstance(raised.value, OutboxFull)

    assert lives.held(tmp_path) == [1]


def test_read_only_disk_is_said_at_start(tmp_path: Path, lives: "Lives", monkeypatch: pytest.MonkeyPatch) -> None:
    """Before a reading is taken that could not be kept."""
    _open = os.open

    def refuse(path: Path, flags: int, *mode: int) -> int:
        if flags & (os.O_RDWR | os.O_CREAT):
            raise OSError(errno.EROFS, os.strerror(errno.EROFS))
        return _open(path, flags, *mode)

    lives.open(tmp_path).close()
    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(OutboxError, match="mount it writable"):
        lives.open(tmp_path)


def test_full_disk_still_seals_what_will_empty_it(
    tmp_path: Path, lives: "Lives", reading: Callable[[int], Reading], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Room for seals is kept back: a disk full of unsent blocks does not keep them from being sent."""
    write = os.write
    reserve = tmp_path / "reserve"

    def full(fd: int, content: bytes) -> int:
        if reserve.stat().st_size:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(fd, content)

    with lives.open(tmp_path) as outbox:
        outbox.set_clock(0, "ntp")
        outbox.append([reading(1)])
        outbox.flush()
        monkeypatch.setattr(os, "write", full)
        sealed = lives.sealed(outbox)

    assert lives.numbers(sealed) == [1]


def test_failing_disk_is_said_by_name(tmp_path: Path, lives: "Lives", monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that cannot promise anything ends the agent: silence would be loss."""
    with lives.open(tmp_path) as outbox:

        def fail(fd: int) -> None:
            raise OSError(errno.EIO, "Input/output error")

        outbox.append([Reading("micro-1-pm", "pm2_5", 1, 1.0)])
        monkeypatch.setattr(os, "fdatasync", fail)
        with pytest.raises(OutboxError, match="Input/output error"):
            outbox.flush()


def _no_room(patch: pytest.MonkeyPatch, directory: Path) -> None:
    """Play a disk that others have filled before the start: no reserve, no file that grows."""
    (directory / "reserve").write_bytes(b"")
    _full(patch)

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    patch.setattr(os, "posix_fallocate", refuse)


def test_disk_that_is_full_at_start_costs_nothing_that_is_held(
    tmp_path: Path, lives: "Lives", reading: Callable[[int], Reading]
) -> None:
    """A new boot with nothing to write down starts and says what it cannot take; what was held is there afterwards."""
    with lives.open(tmp_path) as outbox:
        outbox.append([reading(1)])
        outbox.flush()
    with pytest.MonkeyPatch.context() as patch:
        _no_room(patch, tmp_path)
        with lives.open(tmp_path, boot=b"the second boot.") as outbox:
            with pytest.raises(OutboxFull, match="the disk is full"):
                outbox.set_clock(1_700_000_000_000, "ntp")
            with pytest.raises(OutboxFull, match="the disk is full"):
                outbox.append([reading(2)])
            patch.undo()
            outbox.append([reading(3)])

    assert lives.held(tmp_path) == [1, 3]


def test_rows_that_find_no_room_at_start_stay_in_the_tail(
    tmp_path: Path, lives: "Lives", reading: Callable[[int], Reading]
) -> None:
    """Nothing may write over what is kept nowhere else: the agent ends, says why, and loses nothing."""
    with lives.open(tmp_path) as outbox:
        outbox.append([reading(1)])
        outbox.flush()
        outbox.append([reading(2)])
    with pytest.MonkeyPatch.context() as patch:
        _no_room(patch, tmp_path)
        with pytest.raises(OutboxFull, match="the disk is full"):
            lives.open(tmp_path, boot=b"the second boot.")
    left = tmp_path.with_name("left")
    shutil.copytree(tmp_path, left)  # the process that failed has the other one locked until it ends

    assert lives.held(left) == [1, 2]
