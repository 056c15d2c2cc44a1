"""Modbus TCP instruments whose every answer has a number of its own: `python instruments.py [LEDGER]`.

Each unit counts its answers; all its registers, by twos, show that number (u32, high word first). A ledger gets one
line an answer before it leaves: `connection TAB unit TAB number`. On stdin, `silent UNIT` and `speak UNIT` say who
answers, UNIT 0 being all; on stdout stand the port and, after `count`, how many answers there were.
"""

import asyncio
import os
import struct
import sys
from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

HOSTS = 32  # 127.0.0.1 to .32, one port: as many instruments with an address of their own
ASK = struct.Struct(">HHHBBHH")  # transaction, 0, length, unit, function, start, count


class Answer(NamedTuple):
    """One line of the ledger."""

    connection: int
    unit: int
    number: int


@dataclass
class Bus:
    """What all connections share."""

    ledger: int = -1
    connections: int = 0
    answers: Counter[int] = field(default_factory=Counter)
    silent: set[int] = field(default_factory=set)

    def told(self, line: str) -> None:
        """Do what a line on stdin says."""
        match line.split():
            case ["silent", unit]:
                self.silent.add(int(unit))
            case ["speak", unit]:
                self.silent.discard(int(unit))
            case ["count"]:
                say(f"answers {self.answers.total()}")

    def number(self, connection: int, unit: int) -> int | None:
        """Return the number of the answer that is due, None when the unit is silent."""
        if unit in self.silent or 0 in self.silent:
            return None
        self.answers[unit] += 1
        number = self.answers[unit]
        if self.ledger >= 0:
            os.write(self.ledger, f"{connection}\t{unit}\t{number}\n".encode())
        return number


class Connection(asyncio.Protocol):
    """One gateway's."""

    def __init__(self, bus: Bus) -> None:
        self.bus = bus
        bus.connections += 1
        self.me = bus.connections
        self.held = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep where to answer."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer what is complete."""
        self.held += data
        while len(self.held) >= ASK.size:
            transaction, _, _, unit, function, start, count = ASK.unpack_from(self.held)
            self.held = self.held[ASK.size :]
            number = self.bus.number(self.me, unit)
            if number is not None:
                shown = number.to_bytes(4, "big") * (count // 2 + 2)
                words = shown[2 * (start % 2) :][: 2 * count]
                head = struct.pack(">HHHBBB", transaction, 0, 3 + 2 * count, unit, function, 2 * count)
                self.transport.write(head + words)


def say(line: str) -> None:
    """Write a line on stdout."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def answers(ledger: str) -> list[Answer]:
    """Return what a ledger says, a torn last line left out."""
    rows = [line.split("\t") for line in ledger[: ledger.rfind("\n") + 1].splitlines()]
    return [Answer(int(row[0]), int(row[1]), int(row[2])) for row in rows]


async def serve(ledger: str) -> None:
    """Answer until killed."""
    loop = asyncio.get_running_loop()
    bus = Bus(os.open(ledger, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600) if ledger else -1)
    server = await loop.create_server(lambda: Connection(bus), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    for host in range(2, HOSTS + 1):
        await loop.create_server(lambda: Connection(bus), f"127.0.0.{host}", port)
    say(f"listening {port}")
    loop.add_reader(0, lambda: bus.told(sys.stdin.readline()))
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1] if len(sys.argv) > 1 else ""))
