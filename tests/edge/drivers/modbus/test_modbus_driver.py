"""A Modbus line without a port: the real client, instruments at the other end of a null modem."""

import asyncio
import struct
from typing import Any

import pytest
from played.modbus import collect, run

from edge.drivers.modbus.driver import MAX_SILENCES, ModbusDriver, open_client, open_port
from edge.drivers.modbus.settings import ModbusSettings
from edge.errors import PortError
from wire.reading import Flag


def device(name: str, unit: int, profile: str = "rs_zs_noise", **keys: Any) -> ModbusSettings:
    """Return a device's table."""
    table: dict[str, Any] = {"port": "tcp://198.51.100.7:502", "timeout_s": 0.02, **keys}
    return ModbusSettings(id=name, station="s", driver="modbus", unit=unit, profile=profile, **table)


def tcp_answer(request: bytes, pdu: bytes) -> bytes:
    """Return the TCP frame that answers a request."""
    return request[:4] + struct.pack(">HB", len(pdu) + 1, request[6]) + pdu


def registers(request: bytes, values: dict[int, int]) -> bytes:
    """Return the TCP answer to a read: these registers, 0 elsewhere."""
    function, address, count = struct.unpack(">BHH", request[7:12])
    words = [values.get(address + at, 0) for at in range(count)]
    return tcp_answer(request, struct.pack(f">BB{count}H", function, 2 * count, *words))


def refusal(request: bytes, code: int) -> bytes:
    """Return the TCP answer that refuses a request."""
    return tcp_answer(request, bytes((request[7] | 0x80, code)))


def test_readings_carry_the_time_of_their_own_answer(tcp: Any, clock: Any) -> None:
    """Two requests of one slot are answered one after the other."""

    def answer(request: bytes) -> bytes:
        clock.now_ms += 250
        return registers(request, {500: 31, 503: 90})

    tcp.answer = answer
    settings = device("d", 1, "renke_500", properties=("wind_speed", "wind_direction"))

    async def use(driver: ModbusDriver) -> None:
        speed, direction = await collect(driver, 1)
        assert (speed.value, direction.value) == (3.1, 90.0)
        assert direction.monotonic_ms - speed.monotonic_ms == 250
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


def test_refused_gap_is_no_longer_read_along(tcp: Any, clock: Any) -> None:
    """An instrument that lacks the registers in between is asked for the wanted ones alone from then on."""

    def answer(request: bytes) -> bytes:
        address, count = struct.unpack(">HH", request[8:12])
        return refusal(request, 2) if address + count > 6 > address else registers(request, {0: 20, 8: 555})

    tcp.answer = answer

    async def use(driver: ModbusDriver) -> None:
        found = await collect(driver, 1)
        assert [(one.property, one.value) for one in found] == [("no2", 20.0), ("pm2_5", 55.5)]
        assert driver.health["d"].fault == "refused with exception 2"

    run(tcp, clock, [device("d", 1, "aqt530", properties=("no2", "pm2_5"))], use)


def test_busy_unit_is_no_silent_one(tcp: Any, clock: Any) -> None:
    """An exception answer costs no time, so its slots go on."""
    codes = iter([6, 6, 6, 0])

    def answer(request: bytes) -> bytes:
        code = next(codes)
        return refusal(request, code) if code else registers(request, {0: 480})

    tcp.answer = answer

    async def use(driver: ModbusDriver) -> None:
        (reading,) = await collect(driver, 1)
        assert reading.value == 48.0
        assert driver.health["d"].failures == 3
        assert driver.health["d"].skipped == 0

    run(tcp, clock, [device("d", 1)], use)


def test_answer_of_another_length_is_a_bad_frame(tcp: Any, clock: Any) -> None:
    """Registers of an earlier request are not taken for these."""
    tcp.answer = lambda request: tcp_answer(request, bytes((3, 4, 0, 1, 0, 2)))

    async def use(driver: ModbusDriver) -> None:
        assert await driver._read("d") == []
        assert driver.health["d"].fault == "bad frame: 2 registers instead of 1"

    run(tcp, clock, [device("d", 1)], use)


def test_answer_of_another_unit_is_not_taken(rtu: Any, clock: Any) -> None:
    """On a shared pair of wires another unit may answer late."""
    rtu.answer = lambda _: bytes.fromhex("0203040292ff9b693d")

    async def use(driver: ModbusDriver) -> None:
        assert await driver._read("d") == []
        assert driver.health["d"].fault.startswith("silent")

    run(rtu, clock, [device("d", 1, port="rtu+tcp://198.51.100.7:4001")], use)


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
        return open_client(device("d", 1, port=port))

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
