"""What a Modbus driver learns from refusals: an instrument that lacks registers, is busy, or is behind a gateway."""

import struct
from typing import Any

from played.modbus import collect, device, refusal, registers, run, tcp_answer

from edge.drivers.modbus.driver import ModbusDriver
from wire.reading import Flag


def without(lacking: set[int], held: dict[int, int]) -> Any:
    """Return the answers of an instrument that refuses whatever touches the addresses that it lacks."""
    asked: list[tuple[int, int]] = []

    def answer(request: bytes) -> bytes:
        address, count = struct.unpack(">HH", request[8:12])
        asked.append((address, count))
        refused = lacking & set(range(address, address + count))
        return refusal(request, 2) if refused else registers(request, held)

    return answer, asked


def test_refused_gap_is_no_longer_read_along(tcp: Any, clock: Any) -> None:
    """An instrument that lacks the registers in between is asked for the wanted ones alone, in the same poll."""
    tcp.answer, asked = without({6, 7}, {0: 20, 8: 555})

    async def use(driver: ModbusDriver) -> None:
        found = await collect(driver, 2)
        assert [(one.property, one.value) for one in found] == [("no2", 20.0), ("pm2_5", 55.5)] * 2
        assert (driver.health["d"].failures, driver.health["d"].fault) == (0, "")

    run(tcp, clock, [device("d", 1, "aqt530", properties=("no2", "pm2_5"))], use)
    assert asked == [(0, 9), (0, 1), (8, 1), (0, 1), (8, 1)]


def test_what_an_instrument_lacks_is_found_by_halves_and_told_once(tcp: Any, clock: Any) -> None:
    """Its register is missing once, the fault says which, and the others are read from then on."""
    tcp.answer, asked = without({2}, {0: 20, 5: 30})

    async def use(driver: ModbusDriver) -> None:
        found = await collect(driver, 3)
        missing = [one for one in found if one.flag is Flag.MISSING]
        assert [(one.property, str(one.value)) for one in missing] == [("co", "nan")]
        assert [one.value for one in found if one.property == "no2"] == [20.0] * 3
        assert driver.health["d"].fault == "refused with exception 2: it has no co"
        assert (driver.health["d"].failures, driver.health["d"].silent) == (1, 0)

    run(tcp, clock, [device("d", 1, "aqt530")], use)
    assert sum(1 for address, count in asked if address <= 2 < address + count) <= 5


def test_instrument_is_asked_again_after_an_hour_for_what_it_lacked(tcp: Any, clock: Any) -> None:
    """Somebody may have changed it."""
    lacking = {2}
    tcp.answer, _ = without(lacking, {2: 900})

    async def use(driver: ModbusDriver) -> None:
        await collect(driver, 1)
        lacking.clear()
        assert {one.property for one in await driver._read("d")} == {"no2"}
        clock.now_ms += 3_600_000
        assert [one.value for one in await driver._read("d")] == [0.0, 900.0]

    run(tcp, clock, [device("d", 1, "aqt530", properties=("no2", "co"))], use)


def test_instrument_that_refuses_everything_is_not_asked_for_parts_again(tcp: Any, clock: Any) -> None:
    """A wrong profile costs one request a slot from then on, and the fault says what to look at."""
    tcp.answer, asked = without(set(range(100)), {})

    async def use(driver: ModbusDriver) -> None:
        readings = await driver._read("d")
        assert {one.flag for one in readings} == {Flag.MISSING}
        assert "is it this profile" in driver.health["d"].fault
        asked.clear()
        assert await driver._read("d") == []
        assert await driver._read("d") == []
        assert driver.health["d"].fault.startswith("refused with exception 2")

    run(tcp, clock, [device("d", 1, "aqt530", properties=("no2", "so2", "co"))], use)
    assert asked == [(0, 3)] * 2


def test_busy_unit_is_asked_once_more(tcp: Any, clock: Any) -> None:
    """As the standard asks of a master that hears exception 6; a second one is a failure, but no silence."""
    codes = iter([6, 0, 6, 6])

    def answer(request: bytes) -> bytes:
        code = next(codes)
        return refusal(request, code) if code else registers(request, {0: 480})

    tcp.answer = answer

    async def use(driver: ModbusDriver) -> None:
        (reading,) = await driver._read("d")
        assert reading.value == 48.0
        assert await driver._read("d") == []
        assert driver.health["d"].fault == "refused with exception 6: it is busy"
        assert (driver.health["d"].failures, driver.health["d"].silent) == (1, 0)

    run(tcp, clock, [device("d", 1)], use)


def test_gateway_that_waits_in_vain_counts_as_silence(tcp: Any, clock: Any) -> None:
    """Exception 11 costs the line the gateway's own time-out, so the unit behind it is left in peace."""
    tcp.answer = lambda request: refusal(request, 11)

    async def use(driver: ModbusDriver) -> None:
        await driver._read("d")
        assert (driver.health["d"].silent, "gateway" in driver.health["d"].fault) == (1, True)

    run(tcp, clock, [device("d", 1)], use)


def test_answer_of_another_length_is_a_bad_frame(tcp: Any, clock: Any) -> None:
    """Registers of an earlier request are not taken for these."""
    tcp.answer = lambda request: tcp_answer(request, bytes((3, 4, 0, 1, 0, 2)))

    async def use(driver: ModbusDriver) -> None:
        assert await driver._read("d") == []
        assert driver.health["d"].fault == "garbled: an answer of 4 bytes to a question for 1"

    run(tcp, clock, [device("d", 1)], use)


def test_instrument_without_the_status_still_gives_its_values(tcp: Any, clock: Any) -> None:
    """A T400 behind a converter that knows no discrete inputs: one request more, once, and the fault says so."""
    asked: list[int] = []

    def answer(request: bytes) -> bytes:
        asked.append(request[7])
        return refusal(request, 1) if request[7] == 2 else registers(request, {18: 0x41A8})

    tcp.answer = answer

    async def use(driver: ModbusDriver) -> None:
        assert [(one.value, one.flag) for one in await collect(driver, 3)] == [(21.0, Flag.UNKNOWN)] * 3
        assert driver.health["o3"].fault.startswith("refused with exception 1: it has no status 0, status 1, ")

    run(tcp, clock, [device("o3", 1, "teledyne_t400")], use)
    assert asked == [2, 4, 4, 4]


def test_block_that_fails_does_not_cost_the_others(tcp: Any, clock: Any) -> None:
    """A refusal costs no time: the unit's other blocks are asked all the same."""
    tcp.answer = lambda request: refusal(request, 4) if request[7] == 2 else registers(request, {18: 0x41A8})

    async def use(driver: ModbusDriver) -> None:
        assert [one.value for one in await driver._read("o3")] == [21.0]
        assert driver.health["o3"].fault == "refused with exception 4: it has failed"

    run(tcp, clock, [device("o3", 1, "teledyne_t400")], use)
