"""Frames on disk: what is torn or rotten is told from what is sound."""

from hypothesis import given
from hypothesis import strategies as st

from edge.outbox.frame import FrameKind, encode_frame, scan

_BODIES = st.lists(st.binary(max_size=60), min_size=1, max_size=5)


def _file(bodies: list[bytes]) -> bytes:
    return b"".join(encode_frame(FrameKind.BLOCK, i, body) for i, body in enumerate(bodies))


@given(_BODIES)
def test_whole_file_gives_every_frame(bodies: list[bytes]) -> None:
    """What was written is read, in order, with nothing left over."""
    found = scan(_file(bodies))

    assert [(i, body) for i, body in enumerate(bodies)] == [(frame.number, frame.body) for frame in found.frames]
    assert found.end == len(_file(bodies))
    assert not found.damaged


@given(_BODIES, st.data())
def test_file_torn_at_any_byte_gives_a_prefix(bodies: list[bytes], data: st.DataObject) -> None:
    """A torn end costs the frames that it tears, and `end` is where to write on."""
    content = _file(bodies)
    cut = data.draw(st.integers(0, len(content)))

    found = scan(content[:cut])

    assert [frame.body for frame in found.frames] == bodies[: len(found.frames)]
    assert content[: found.end] == _file(bodies[: len(found.frames)])
    assert not found.damaged


@given(_BODIES, st.data())
def test_flipped_byte_never_gives_a_wrong_body(bodies: list[bytes], data: st.DataObject) -> None:
    """Rot anywhere costs one frame at most; the others are found behind it and none is invented."""
    content = bytearray(_file(bodies))
    at = data.draw(st.integers(0, len(content) - 1))
    content[at] ^= data.draw(st.integers(1, 255))

    sound = {frame.number: frame.body for frame in scan(bytes(content)).frames if frame.body is not None}

    assert sound.items() <= dict(enumerate(bodies)).items()
    assert len(bodies) - len(sound) <= 1


@given(_BODIES, st.binary(max_size=40))
def test_zeros_and_noise_at_the_end_are_torn(bodies: list[bytes], noise: bytes) -> None:
    """Blocks that the file system had allocated and not filled are no frames."""
    found = scan(_file(bodies) + bytes(16) + noise)

    assert len(bodies) == len(found.frames)


def test_frame_behind_lost_bytes_says_that_there_is_a_hole() -> None:
    """Sound bytes behind unreadable ones are read, and the hole is reported."""
    found = scan(b"lost" + _file([b"sound"]))

    assert [b"sound"] == [frame.body for frame in found.frames]
    assert found.damaged
