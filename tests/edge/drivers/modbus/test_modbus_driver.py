"""A Modbus line without a port: the real client, instruments at the other end of a null modem."""

import asyncio
import struct
from typing import Any

import pytest
from played.modbus import collect, device, registers, run, tcp_answer

from edge.drivers.modbus.driver import MAX_SILENCES, ModbusDriver, open_client, open_port
from edge.drivers.modbus.line import Line
from edge.errors import PortError
from wire.clock import SystemClock
from wire.reading import Flag


def test_readings_carry_the_time_of_their_own_answer(tcp: Any, clock: Any) -> None:
    """Two requests of one slot are answered one after the other."""

    def answer(request: bytes) -> bytes:
        clock.now_ms += 250
        return registers(request, {500: 31, 506: 553})

    tcp.answer = answer
    settings = device("d", 1, "renke_500", properties=("wind_speed", "noise"))

    async def use(driver: ModbusDriver) -> None:
        speed, noise = await collect(driver, 1)
        assert (speed.value, noise.value) == (3.1, 55.3)
        assert noise.monotonic_ms - speed.monotonic_ms == 250
        assert driver.health["d"].answers == 2

    run(tcp, clock, [settings], use)


def test_silent_unit_does_not_hold_up_the_others(tcp: Any, clock: Any) -> None:
    """Over thirty periods the healthy unit loses none, and the dead one is asked ever more rarely."""
    asked: list[int] = []

    def answer(request: bytes) -> bytes:
        asked.append(request[6])
        return registers(request, {0: 553}) if request[6] == 1 else b""

    tcp.answer = answer

    async def use(driver: ModbusDriver) -> None:
        found = await collect(driver, 30)
        assert {(one.device, one.value) for one in found} == {("good", 55.3)}
        assert driver.health["good"].skipped == 0
        assert driver.health["dead"].fault.startswith("silent")

    run(tcp, clock, [device("good", 1, period_s=2.0), device("dead", 2, period_s=2.0)], use)
    assert asked.count(1) == 30
    assert asked.count(2) < 12


def test_unit_that_returns_is_read_at_its_usual_pace(tcp: Any, clock: Any) -> None:
    """One answer ends the rest."""
    mute = True

    def answer(request: bytes) -> bytes:
        return b"" if mute else registers(request, {0: 500})

    tcp.answer = answer

    async def use(driver: ModbusDriver) -> None:
        nonlocal mute
        for _ in range(3):
            assert await driver._read("d") == []
        mute = False
        times = [one.monotonic_ms for one in await collect(driver, 3)]
        assert times[2] - times[1] == times[1] - times[0] == 60_000
        assert driver.health["d"].silent == 0

    run(tcp, clock, [device("d", 1)], use)


def test_devices_of_one_unit_are_read_in_one_request(tcp: Any, clock: Any) -> None:
    """A logger with many stations in one unit: each device has its offset, and all of them one answer."""
    asked: list[tuple[int, int]] = []

    def answer(request: bytes) -> bytes:
        asked.append(struct.unpack(">HH", request[8:12]))
        return registers(request, {at: 300 + at for at in range(100)})

    tcp.answer = answer
    devices = [device(f"noise-{at}", 1, offset=at) for at in range(100)]

    async def use(driver: ModbusDriver) -> None:
        found = await collect(driver, 1)
        assert [(one.device, one.value) for one in found] == [(f"noise-{at}", (300 + at) / 10) for at in range(100)]
        assert len({id(health) for health in driver.health.values()}) == 1

    run(tcp, clock, devices, use)
    assert asked == [(0, 100)]


def test_status_of_an_instrument_flags_its_values(tcp: Any, clock: Any) -> None:
    """A Teledyne's discrete inputs: a warning is suspect, a calibration fails, and the fault says which."""
    raised = 1 << 9

    def answer(request: bytes) -> bytes:
        if request[7] == 2:
            return tcp_answer(request, bytes((2, 3)) + raised.to_bytes(3, "little"))
        return registers(request, {18: 0x41A8})

    tcp.answer = answer

    async def use(driver: ModbusDriver) -> None:
        nonlocal raised
        (warned,) = await driver._read("o3")
        assert (warned.value, warned.flag) == (21.0, Flag.SUSPECT)
        assert driver.health["o3"].fault == "sample flow warning"
        raised |= 1 << 20
        (failed,) = await driver._read("o3")
        assert (failed.value, failed.flag) == (21.0, Flag.FAIL)
        raised = 0
        (sound,) = await driver._read("o3")
        assert sound.flag is Flag.UNKNOWN

    run(tcp, clock, [device("o3", 1, "teledyne_t400")], use)


def test_answer_of_another_unit_is_not_taken(rtu: Any, clock: Any) -> None:
    """On a shared pair of wires another unit may answer in its place."""
    rtu.answer = lambda _: bytes.fromhex("0203040292ff9b693d")

    async def use(driver: ModbusDriver) -> None:
        assert await driver._read("d") == []
        assert driver.health["d"].fault.startswith("unit 2 answers in its place")

    run(rtu, clock, [device("d", 1, "rs_ws", port="rtu+tcp://198.51.100.7:4001")], use)


def test_connection_that_is_closed_ends_the_driver(tcp: Any, clock: Any) -> None:
    """The supervisor opens it anew; the same driver then goes on."""
    tcp.answer = lambda request: registers(request, {0: 480})

    async def use(driver: ModbusDriver) -> None:
        await collect(driver, 1)
        tcp.hang_up()
        with pytest.raises(PortError, match="connection is lost"):
            await collect(driver, 1)
        await driver.__aexit__(None, None, None)
        await driver.__aenter__()
        assert len(await collect(driver, 1)) == 1

    run(tcp, clock, [device("d", 1)], use)
    assert tcp.opened == 2


def test_peer_that_answers_nobody_any_more_is_connected_anew(tcp: Any, clock: Any) -> None:
    """A cable pulled from a switch closes no connection."""

    async def use(driver: ModbusDriver) -> None:
        with pytest.raises(PortError, match="connecting anew"):
            await collect(driver, 1)
        assert sum(health.failures for health in driver.health.values()) == MAX_SILENCES

    run(tcp, clock, [device("a", 1), device("b", 2)], use)


def test_nobody_listens(clock: Any, tcp: Any) -> None:
    """Opening says so."""

    async def session() -> None:
        async with open_port([device("d", 1)], clock, tcp.connect):
            pass

    with pytest.raises(PortError, match="cannot be opened"):
        asyncio.run(session())


def test_serial_port_that_is_not_there_is_named(clock: Any) -> None:
    """The path is in the error."""

    async def session() -> None:
        async with open_port([device("d", 1, port="/dev/does-not-exist")], clock):
            pass

    with pytest.raises(PortError, match="/dev/does-not-exist: cannot be opened"):
        asyncio.run(session())


@pytest.mark.parametrize(
    ("port", "host", "number"),
    [("tcp://[2001:db8::1]:502", "2001:db8::1", 502), ("rtu+tcp://moxa-3.lan:4001", "moxa-3.lan", 4001)],
)
def test_client_goes_where_the_port_says(port: str, host: str, number: int) -> None:
    """Without retries of its own and without connecting by itself."""

    async def build() -> Any:
        settings = device("d", 1, port=port)
        return open_client(settings, Line(port, SystemClock(), rtu=port.startswith("rtu")))

    client = asyncio.run(build())

    assert (client.comm_params.host, client.comm_params.port) == (host, number)
    assert (client.ctx.retries, client.comm_params.reconnect_delay) == (0, 0)


def test_value_outside_the_range_is_flagged_by_the_driver(tcp: Any, clock: Any) -> None:
    """An unplugged microphone reads zero."""
    tcp.answer = lambda request: registers(request, {})

    async def use(driver: ModbusDriver) -> None:
        (reading,) = await collect(driver, 1)
        assert (reading.value, reading.flag) == (0.0, Flag.SUSPECT)

    run(tcp, clock, [device("d", 1)], use)
