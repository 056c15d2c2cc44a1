"""What every decoder of a byte stream gives besides its frames. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

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
