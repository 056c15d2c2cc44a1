"""What every decoder of a byte stream gives besides its frames. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Generic, Protocol, TypeVar

# How many bytes at its beginning tell what a frame is.
HEAD: Final = 4

Frame = TypeVar("Frame")
Frame_co = TypeVar("Frame_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Fault:
    """Bytes that are no reading.

    Attributes:
        reason: what is wrong, in words.
        raw: the bytes as received.
        missing: whether the device says itself that it has no value yet, as while it warms up.
    """

    reason: str
    raw: bytes
    missing: bool = False


class Decoder(Protocol[Frame_co]):
    """Bytes in, frames and faults out, in the order of arrival; keeps what is incomplete."""

    def feed(self, chunk: bytes) -> Sequence[Frame_co | Fault]:
        """Take the next bytes and return what is complete now."""
        ...


def told_by(beginnings: Mapping[bytes, int]) -> Callable[[bytes], int]:
    """Return what tells a frame's length by its first bytes: at most HEAD of them, and no kind's begin as another's."""

    def length(head: bytes) -> int:
        fits = (end for start, end in beginnings.items() if start.startswith(head[: len(start)]))
        return next(fits, 0)

    return length


class Resync(Generic[Frame]):
    """Finds frames of known beginnings in a stream that may start anywhere, hold noise or lack bytes.

    Bytes that do not add up cost no more than themselves: the search goes on right behind the beginning that was
    wrong, since a good frame may stand among what was taken for the rest.
    """

    def __init__(
        self,
        length: Callable[[bytes], int],
        adds_up: Callable[[bytes], bool],
        read: Callable[[bytes], Frame | Fault | None],
    ) -> None:
        """Begin with nothing held.

        Args:
            length: of a frame that begins with these 1 to HEAD bytes, 0 when none does; while more are needed to tell,
                any that is longer than these.
            adds_up: whether the bytes of a frame are what was sent, by its sum or tail.
            read: the frame that such bytes are, the fault that they state, or None for what is to be passed over.
        """
        self._length, self._adds_up, self._read = length, adds_up, read
        self._held = b""

    def feed(self, chunk: bytes) -> list[Frame | Fault]:
        """Return the frames and faults that are complete now."""
        self._held += chunk
        found: list[Frame | Fault] = []
        while self._held:
            noise = self._next(0)
            if noise:
                found.append(Fault("bytes that belong to no frame", self._take(noise)))
                continue
            end = self._length(self._held[:HEAD])
            if len(self._held) < end:
                break
            if self._adds_up(self._held[:end]):
                one = self._read(self._take(end))
                found += [] if one is None else [one]
            else:
                found.append(Fault("wrong checksum", self._take(self._next(1))))
        return found

    def _next(self, first: int) -> int:
        """Return the first place from `first` on where a frame can begin, the end when there is none."""
        places = range(first, len(self._held))
        return next((at for at in places if self._length(self._held[at : at + HEAD])), len(self._held))

    def _take(self, length: int) -> bytes:
        taken, self._held = self._held[:length], self._held[length:]
        return taken
