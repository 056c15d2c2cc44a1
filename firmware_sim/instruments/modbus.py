"""Modbus, the answering side: RTU and TCP, bytes in and bytes out.

RTU  unit u8 | PDU | CRC-16, low byte first        silence for a frame that does not add up
TCP  transaction u16 | 0 u16 | length u16 | unit u8 | PDU
PDU  function u8 | start u16 | count u16   ->   function u8 | bytes u8 | registers   or   function + 0x80 | reason
     functions 1 and 2 read bits, eight to a byte, the first one lowest; 3 and 4 read registers
"""

import struct
from collections.abc import Callable
from typing import Final, NamedTuple

ILLEGAL_FUNCTION: Final = 1
ILLEGAL_ADDRESS: Final = 2
ILLEGAL_VALUE: Final = 3
DEVICE_BUSY: Final = 6
MOST_REGISTERS: Final = 125
MOST_BITS: Final = 2000
_WRITES: Final = (15, 16)


class Request(NamedTuple):
    """One request as it came: `transaction` is None on RTU."""

    unit: int
    pdu: bytes
    transaction: int | None = None


# What a read finds: (function, start, count) -> registers or bits, or the reason of an exception.
Read = Callable[[int, int, int], list[int] | int]


def _crc_table() -> tuple[int, ...]:
    table = []
    for byte in range(256):
        crc = byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xA001 if crc & 1 else 0)
        table.append(crc)
    return tuple(table)


_CRC: Final = _crc_table()


def crc16(octets: bytes) -> bytes:
    """Return the CRC of an RTU frame as it stands on the wire, low byte first."""
    crc = 0xFFFF
    for octet in octets:
        crc = crc >> 8 ^ _CRC[(crc ^ octet) & 0xFF]
    return crc.to_bytes(2, "little")


def rtu(unit: int, pdu: bytes) -> bytes:
    """Return the RTU frame of a PDU."""
    body = bytes([unit]) + pdu
    return body + crc16(body)


def tcp(transaction: int, unit: int, pdu: bytes) -> bytes:
    """Return the TCP frame of a PDU."""
    return struct.pack(">HHHB", transaction, 0, len(pdu) + 1, unit) + pdu


def answer(request: Request, pdu: bytes) -> bytes:
    """Return the frame that answers a request in its own framing."""
    if request.transaction is None:
        return rtu(request.unit, pdu)
    return tcp(request.transaction, request.unit, pdu)


def respond(pdu: bytes, read: Read) -> bytes:
    """Return the PDU that answers a request's PDU; only reads (1 to 4) are known."""
    function = pdu[0]
    if function not in (1, 2, 3, 4):
        return bytes([function | 0x80, ILLEGAL_FUNCTION])
    if len(pdu) != 5:
        return bytes([function | 0x80, ILLEGAL_VALUE])
    start, count = struct.unpack(">HH", pdu[1:])
    if not 1 <= count <= (MOST_REGISTERS if function > 2 else MOST_BITS):
        return bytes([function | 0x80, ILLEGAL_VALUE])
    found = read(function, start, count)
    if isinstance(found, int):
        return bytes([function | 0x80, found])
    if function > 2:
        return struct.pack(f">BB{count}H", function, 2 * count, *found)
    size = (count + 7) // 8
    packed = sum(bit << place for place, bit in enumerate(found)).to_bytes(size, "little")
    return bytes([function, size]) + packed


class RtuRequests:
    """Cuts requests out of a serial line's bytes; skips what does not add up."""

    def __init__(self) -> None:
        self._held = b""

    def feed(self, octets: bytes) -> list[Request]:
        """Return the requests that are complete now."""
        self._held += octets
        found = []
        while len(self._held) >= 4:
            length = _rtu_length(self._held)
            if length > len(self._held):
                break
            body, check = self._held[: length - 2], self._held[length - 2 : length]
            if crc16(body) == check:
                found.append(Request(body[0], body[1:]))
                self._held = self._held[length:]
            else:
                self._held = self._held[1:]
        return found


def _rtu_length(held: bytes) -> int:
    """Return how long the request at the start of `held` is, at most 256; 8 unless it writes many."""
    if held[1] in _WRITES:
        return 9 + held[6] if len(held) > 6 else 9
    return 8


class TcpRequests:
    """Cuts requests out of a connection's bytes.

    `feed` raises ValueError when what comes is not Modbus: the connection is of no more use.
    """

    def __init__(self) -> None:
        self._held = b""

    def feed(self, octets: bytes) -> list[Request]:
        """Return the requests that are complete now."""
        self._held += octets
        found = []
        while len(self._held) >= 7:
            transaction, protocol, length, unit = struct.unpack_from(">HHHB", self._held)
            if protocol != 0 or not 2 <= length <= 254:
                raise ValueError(f"not Modbus TCP: protocol {protocol}, length {length}")
            if len(self._held) < 6 + length:
                break
            found.append(Request(unit, self._held[7 : 6 + length], transaction))
            self._held = self._held[6 + length :]
        return found
