"""Public Modbus frames through the driver: the real client, the frames at the other end of a null modem."""

import struct
from pathlib import Path
from typing import Any

import pytest
from played.modbus import collect, device, run
from pymodbus.framer.rtu import FramerRTU

from edge.drivers.modbus.driver import ModbusDriver

NAMES = ("pm1", "pm2_5", "pm10", "no2", "o3", "so2")


def own_profile(folder: Path, count: int, function: int) -> str:
    """Return the path of a profile with so many unsigned registers from 0 on."""
    path = folder / "mine.toml"
    rows = [
        f'[[register]]\nproperty = "{NAMES[at]}"\naddress = {at}\ntype = "uint16"\nunit = "ug/m3"'
        for at in range(count)
    ]
    path.write_text("\n".join(['title = "T"', 'source = "S"', f"function = {function}", *rows]), encoding="utf-8")
    return str(path)


@pytest.mark.frames("Modbus RTU", "Renke", "RS485", "DFRobot", "XY-MD02", kinds=("response",))
def test_public_rtu_answer_is_taken_or_refused_as_marked(
    vector: dict[str, Any], rtu: Any, clock: Any, tmp_path: Path
) -> None:
    """Registers of good frames come as they stand on the wire; a wrong CRC is as good as silence."""
    raw = bytes.fromhex(vector["hex"])
    count = raw[2] // 2 if raw[1] in (3, 4) else 1
    rtu.answer = lambda _: raw
    name = own_profile(tmp_path, count, raw[1] if raw[1] in (3, 4) else 3)
    settings = device("d", raw[0], name, port="rtu+tcp://198.51.100.7:4001")

    async def use(driver: ModbusDriver) -> None:
        if vector["expect_accept"]:
            found = await collect(driver, 1)
            assert [int(one.value) for one in found] == list(struct.unpack(f">{count}H", raw[3:-2]))
            assert [int(one.value) for one in found] == vector["decoded"].get("regs", [int(r.value) for r in found])
        else:
            assert await driver._read("d") == []
            assert driver.health["d"].failures == 1

    run(rtu, clock, [settings], use)


@pytest.mark.frames("Modbus TCP", kinds=("response",))
def test_public_tcp_answer_is_taken(vector: dict[str, Any], tcp: Any, clock: Any, tmp_path: Path) -> None:
    """A published Modbus TCP answer gives its registers."""
    raw = bytes.fromhex(vector["hex"])
    tcp.answer = lambda request: request[:2] + raw[2:]

    async def use(driver: ModbusDriver) -> None:
        assert [one.value for one in await collect(driver, 1)] == vector["decoded"]["regs"]

    run(tcp, clock, [device("d", raw[6], own_profile(tmp_path, 2, 3))], use)


@pytest.mark.parametrize(
    ("profile", "vector_hex", "stated"),
    [
        ("sen0658", "010308000e00010002006e67fb", {"wind_speed": 0.14, "wind_direction": 110.0}),
        ("sen0658", "01030601c300f6020605e5", {"humidity": 45.1, "temperature": 24.6, "noise": 51.8}),
        ("xy_md02", "01040201317974", {"temperature": 30.5}),
    ],
)
def test_captured_answer_means_what_its_capture_states(
    profile: str, vector_hex: str, stated: dict[str, float], rtu: Any, clock: Any
) -> None:
    """Captures of real lines, read with the shipped profiles."""
    captured = bytes.fromhex(vector_hex)
    first = {"wind_speed": 500, "humidity": 504, "temperature": 1}[next(iter(stated))]
    image = dict(enumerate(struct.unpack(f">{captured[2] // 2}H", captured[3:-2]), first))

    def answer(request: bytes) -> bytes:
        address, count = struct.unpack(">HH", request[2:6])
        body = request[:2] + struct.pack(f">B{count}H", 2 * count, *(image.get(address + at, 0) for at in range(count)))
        return body + FramerRTU.compute_CRC(body).to_bytes(2, "big")

    rtu.answer = answer
    settings = device("d", 1, profile, port="rtu+tcp://198.51.100.7:4001", properties=tuple(stated))

    async def use(driver: ModbusDriver) -> None:
        assert {one.property: one.value for one in await collect(driver, 1)} == stated

    run(rtu, clock, [settings], use)
