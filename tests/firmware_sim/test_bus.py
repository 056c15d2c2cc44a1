"""A bus with faults does to a question what each unit's manner says; no port is needed for that."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from firmware_sim.bus import DEMONSTRATION, FaultyBus, Manner, Unit
from firmware_sim.instruments.modbus import Request, crc16, rtu
from firmware_sim.ledger import Ledger
from wire.clock import SystemClock

READ = Request(1, bytes.fromhex("0400010002"))


@pytest.fixture
def bus(tmp_path: Path) -> Iterator[FaultyBus]:
    """A bus whose only unit is a thermometer."""
    with Ledger(tmp_path / "ledger.tsv") as ledger:
        yield FaultyBus({1: Unit("climate", "xy_md02")}, ledger, SystemClock())


def answers(bus: FaultyBus, request: Request = READ) -> list[bytes]:
    """Return what comes back at once."""
    sent: list[bytes] = []
    bus.hear(request, sent.append)
    return sent


def test_good_unit_answers_and_enters_what_it_states(bus: FaultyBus, tmp_path: Path) -> None:
    """Temperature and humidity, in the ledger as in the frame."""
    (octets,) = answers(bus)

    stated = [line.split("\t") for line in (tmp_path / "ledger.tsv").read_text().splitlines()]
    assert octets[:3] == bytes((1, 4, 4))
    assert crc16(octets[:-2]) == octets[-2:]
    assert [(name, device) for device, name, _, _ in stated] == [("temperature", "climate"), ("humidity", "climate")]
    assert [float(value) for *_, value in stated] == pytest.approx(
        [int.from_bytes(octets[3:5], "big") / 10, int.from_bytes(octets[5:7], "big") / 10]
    )


@pytest.mark.parametrize(
    ("manner", "begins", "length", "sound"),
    [
        ("garbling", "0104", 9, False),
        ("truncating", "0104", 4, False),
        ("refusing", "018402", 5, True),
        ("busy", "018406", 5, True),
        ("wrong_unit", "0204", 9, True),
    ],
)
def test_faulty_unit_states_nothing_that_counts(
    bus: FaultyBus, tmp_path: Path, manner: Manner, begins: str, length: int, sound: Any
) -> None:
    """What cannot be read is not in the ledger."""
    bus.units[1] = Unit("climate", "xy_md02", manner)

    (octets,) = answers(bus)

    assert octets.hex().startswith(begins)
    assert (len(octets), crc16(octets[:-2]) == octets[-2:]) == (length, sound)
    assert (tmp_path / "ledger.tsv").read_text() == ""


def test_silent_babbling_and_absent_units_answer_nothing(bus: FaultyBus) -> None:
    """They are told apart by what the line carries when nobody asks."""
    bus.units[1] = Unit("climate", "xy_md02", "silent")
    assert (answers(bus), bus.babble(0)) == ([], b"")
    bus.units[1] = Unit("climate", "xy_md02", "babbling")
    assert answers(bus) == []
    assert bus.babble(0)[:3] == bytes((1, 3, 4))
    assert bus.babble(0) != bus.babble(1)
    assert answers(bus, Request(9, READ.pdu)) == []


def test_busy_unit_answers_the_second_time(bus: FaultyBus) -> None:
    """As the standard asks of a unit that says so."""
    bus.units[1] = Unit("climate", "xy_md02", "busy")

    assert [octets[1] for octets in answers(bus) + answers(bus)] == [0x84, 4]


def test_adapter_with_an_echo_hears_the_question_first(bus: FaultyBus) -> None:
    """As it left, before the answer."""
    bus.echo = True

    echo, answer = answers(bus)

    assert (echo, answer[1]) == (rtu(1, READ.pdu), 4)


def test_alarms_are_inputs_or_registers(bus: FaultyBus) -> None:
    """Teledyne says them in discrete inputs, Thermo in registers."""
    bus.units = {
        1: Unit("o3", "teledyne_t400", alarms=frozenset({9})),
        2: Unit("o3", "thermo_49iq", alarms=frozenset({1459})),
    }

    assert answers(bus, Request(1, bytes.fromhex("020000000b"))) == [rtu(1, bytes.fromhex("02020002"))]
    assert answers(bus, Request(2, bytes.fromhex("0305b20002"))) == [rtu(2, bytes.fromhex("030400000001"))]
    assert answers(bus, Request(2, bytes.fromhex("0200000001"))) == [rtu(2, bytes.fromhex("8201"))]
    assert answers(bus, Request(1, bytes.fromhex("02001b0001"))) == [rtu(1, bytes.fromhex("8202"))]


def test_demonstration_has_one_of_each() -> None:
    """One silent, one garbling, one babbling and three good."""
    manners = sorted(unit.manner for unit in DEMONSTRATION.values())

    assert manners == ["babbling", "garbling", "good", "good", "good", "silent"]
