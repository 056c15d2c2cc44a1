"""Frames of Winsen gas modules (9600 8N1, 9 bytes, big-endian words).

    upload, once a second by itself:
    FF | gas u8 | unit u8 | decimals u8 | counts u16      | full scale u16 | sum
    answer to READ:
    FF | 86     | word at 2, often ug/m3 | word at 4      | word at 6, often ppb | sum
    command, and the echo of a switch that some modules give:
    FF | 01 or 78 | ...                                                    | sum

    sum = two's complement of bytes 1 to 7: bytes 1 to 8 add up to 0 modulo 256.

Gas and unit codes tell where a frame begins, and nothing else: documents disagree on 2C (NO or NO2). The sum does not
tell where a frame begins: in a run of equal frames it holds from any FF on, so that a lost byte would shift the words
for ever. Hence the codes must look like codes.
Source: Winsen manuals ZE07-CH2O V1.8, ZE15-CO (2023), ZE25-O3 V1.1, MH-Z19B.
"""

from collections.abc import Callable
from typing import Final, Generic, NamedTuple, TypeVar

from edge.drivers.decoder import Fault

START: Final = 0xFF
LENGTH: Final = 9
ANSWER: Final = 0x86
SWITCHED: Final = 0x78
# What codes of gas, unit and decimals look like.
_CODES: Final = ((0x01, 0x77), (0x01, 0x0A), (0, 3))

Frame = TypeVar("Frame")


def command(code: int, argument: int = 0) -> bytes:
    """Return the 9 bytes of a command."""
    body = bytes((0x01, code, argument, 0, 0, 0, 0))
    return bytes((START,)) + body + bytes((-sum(body) & 0xFF,))


READ: Final = command(ANSWER)
ACTIVE: Final = command(SWITCHED, 0x40)
ASK: Final = command(SWITCHED, 0x41)


class Upload(NamedTuple):
    """What a module sends by itself.

    Attributes:
        gas, unit, decimals: codes; not to be trusted.
        counts: the concentration, with status bits where a model has them.
        full: the full scale in counts.
    """

    gas: int
    unit: int
    decimals: int
    counts: int
    full: int


class Answer(NamedTuple):
    """The answer to READ.

    Attributes:
        octets: bytes 2 to 7 of the frame.
    """

    octets: bytes

    def word(self, at: int) -> int:
        """Return the word that begins at byte `at` of the frame, 2 to 6."""
        return int.from_bytes(self.octets[at - 2 : at], "big")


class _Frames(Generic[Frame]):
    """Finds frames of 9 bytes; after one whose sum does not hold the search goes on right behind its first byte."""

    def __init__(self, read: Callable[[bytes], Frame | None]) -> None:
        self._read = read
        self._held = b""

    def feed(self, chunk: bytes) -> list[Frame | Fault]:
        """Return the frames and faults that are complete now."""
        self._held += chunk
        found: list[Frame | Fault] = []
        while self._held:
            noise = next((at for at in range(len(self._held)) if _can_begin(self._held[at : at + 4])), len(self._held))
            if noise:
                found.append(Fault("bytes that belong to no frame", self._take(noise)))
            elif len(self._held) < LENGTH:
                break
            elif sum(self._held[1:LENGTH]) & 0xFF:
                found.append(Fault("wrong checksum", self._take(1)))
            else:
                frame = self._read(self._take(LENGTH))
                found += [] if frame is None else [frame]
        return found

    def _take(self, length: int) -> bytes:
        taken, self._held = self._held[:length], self._held[length:]
        return taken


class UploadDecoder(_Frames[Upload]):
    """Finds uploads; answers are passed over."""

    def __init__(self) -> None:
        super().__init__(_upload)


class AnswerDecoder(_Frames[Answer]):
    """Finds answers; uploads are passed over."""

    def __init__(self) -> None:
        super().__init__(_answer)


def _can_begin(head: bytes) -> bool:
    if head[0] != START:
        return False
    if head[1:2] in (bytes((ANSWER,)), bytes((SWITCHED,))):
        return True
    return all(low <= code <= high for code, (low, high) in zip(head[1:], _CODES, strict=False))


def _upload(raw: bytes) -> Upload | None:
    if raw[1] in (ANSWER, SWITCHED):
        return None
    return Upload(raw[1], raw[2], raw[3], int.from_bytes(raw[4:6], "big"), int.from_bytes(raw[6:8], "big"))


def _answer(raw: bytes) -> Answer | None:
    return Answer(raw[2:8]) if raw[1] == ANSWER else None
