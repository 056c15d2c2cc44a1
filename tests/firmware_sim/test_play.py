"""Instruments at work: what leaves is what the ledger says, faults included."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from firmware_sim.beat import Sender, beat
from firmware_sim.describe import describe
from firmware_sim.instruments import modbus
from firmware_sim.instruments.registers import MAPS
from firmware_sim.ledger import Ledger
from firmware_sim.play import Bus, Dust, Gps, Play, Vehicle, phase_ms
from firmware_sim.scenes import MINUTE_MS, Fault
from firmware_sim.zone import Device, Zone


@dataclass
class HandClock:
    """A clock that moves only when somebody sleeps."""

    now_ms: int
    slept: list[float] = field(default_factory=list)

    def utc_ms(self) -> int:
        """Return field time."""
        return self.now_ms

    def monotonic_ms(self) -> int:
        """Return the same."""
        return self.now_ms

    def offset_ms(self) -> int:
        """Return UTC minus monotonic milliseconds."""
        return self.utc_ms() - self.monotonic_ms()

    def real_s(self, field_s: float) -> float:
        """Return no time at all."""
        return 0 * field_s

    async def sleep(self, field_s: float) -> None:
        """Be there at once."""
        self.slept.append(field_s)
        self.now_ms += round(field_s * 1000)


@dataclass
class Stage:
    """A play with its ledger's path."""

    play: Play
    clock: HandClock
    path: Path
    zone: Zone

    def lines(self) -> list[list[str]]:
        """Return what the ledger holds."""
        return [line.split("\t") for line in self.path.read_text().splitlines()]

    def device(self, device_id: str) -> Device:
        """Return a device by id."""
        return next(d for d in self.zone.devices if d.id == device_id)


@pytest.fixture
def stage(tmp_path: Path, full: Any) -> Iterator[Stage]:
    """Yield the full scene at its start, with no fault at work."""
    yield from _stage(tmp_path, full, ())


def _stage(tmp_path: Path, full: Any, faults: Sequence[Fault]) -> Iterator[Stage]:
    clock, path = HandClock(full.scene.start_ms), tmp_path / "ledger.tsv"
    with Ledger(path) as ledger:
        yield Stage(Play(full.world, ledger, clock, full.scene.end_ms, faults), clock, path, full.zone)


def bus_of(stage: Stage, port: str) -> Bus:
    """Return the bus on a port."""
    return Bus(stage.play, {d.unit: d for d in stage.zone.devices if d.port == port and d.unit})


def test_an_answer_states_what_the_ledger_says(stage: Stage) -> None:
    """Raw times scale, for each property that the request covers and the instrument measures."""
    octets = bus_of(stage, "lab-01-bus").answer(modbus.Request(1, bytes([4, 0, 1, 0, 2])))
    assert octets is not None
    raw = [int.from_bytes(octets[at : at + 2], "big") for at in (3, 5)]
    expected = [["lab-01-air", n, str(stage.clock.now_ms), repr(r * 0.1)] for n, r in zip(NAMES, raw, strict=True)]

    assert stage.lines() == expected


NAMES = ("temperature", "humidity")


@pytest.mark.parametrize(
    ("unit", "pdu"), [(1, bytes([3, 0, 1, 0, 2])), (1, bytes([4, 0, 2, 0, 2])), (2, b"\x06\0\0\0\1")]
)
def test_an_exception_states_nothing(stage: Stage, unit: int, pdu: bytes) -> None:
    """Wrong function, address beyond the map, a write: an answer, and no line in the ledger."""
    octets = bus_of(stage, "lab-01-bus").answer(modbus.Request(unit, pdu))

    assert octets is not None
    assert octets[1] == pdu[0] | 0x80
    assert stage.lines() == []


def test_an_absent_unit_is_silent(stage: Stage) -> None:
    """Nobody else answers for it."""
    assert bus_of(stage, "lab-01-bus").answer(modbus.Request(9, bytes([3, 0, 0, 0, 1]))) is None


def test_everything_is_silent_from_the_end_on(stage: Stage) -> None:
    """At `until_ms` sharp."""
    stage.clock.now_ms = stage.play.until_ms

    assert bus_of(stage, "gw-region").answer(modbus.Request(1, bytes([3, 0, 0, 0, 12]))) is None
    assert stage.lines() == []


def test_every_unit_of_every_bus_answers_its_whole_map(stage: Stage) -> None:
    """And the ledger has each property of each Modbus instrument once."""
    for device in stage.zone.devices:
        if device.model in MAPS:
            image = MAPS[device.model]
            first = 1 if device.model == "xy_md02" else 0
            pdu = bytes([min(image.functions), 0, first, 0, image.size - first])
            octets = Bus(stage.play, {device.unit: device}).answer(modbus.Request(device.unit, pdu, 7))
            assert octets is not None
            assert octets[7] == pdu[0]
    said = [(device, name) for device, name, *_ in stage.lines()]

    assert sorted(said) == sorted((d.id, p) for d in stage.zone.devices if d.model in MAPS for p in d.properties)


def test_a_plantower_says_what_the_ledger_says(stage: Stage) -> None:
    """Atmospheric words 5 and 6."""
    octets = Dust(stage.play, stage.device("micro-001-pm")).frame(stage.clock.now_ms)
    words = [str(int.from_bytes(octets[at : at + 2], "big")) for at in (12, 14)]

    assert [(n, v) for _, n, _, v in stage.lines()] == [("pm2_5", words[0]), ("pm10", words[1])]


@pytest.mark.parametrize(
    ("kind", "sizes", "lines"), [("checksum", {32}, 176), ("noise_bytes", {32, 36}, 200), ("silence", {0}, 0)]
)
def test_a_faulty_line_garbles_some_frames(tmp_path: Path, full: Any, kind: Any, sizes: set[int], lines: int) -> None:
    """A frame that no driver can accept is not in the ledger; noise before a header costs nothing."""
    start_ms = full.scene.start_ms
    fault = Fault(kind, "micro-001-pm", start_ms, full.scene.end_ms)
    for stage in _stage(tmp_path, full, (fault,)):
        dust = Dust(stage.play, stage.device("micro-001-pm"))
        frames = [dust.frame(start_ms + n * MINUTE_MS) for n in range(100)]
        whole = [f for f in frames if f[-2:] == (sum(f[-32:-2]) & 0xFFFF).to_bytes(2, "big") and f]

        assert {len(f) for f in frames} == sizes
        assert len(stage.lines()) == 2 * len(whole) == pytest.approx(lines, abs=12)


def test_the_gps_states_the_speed_of_its_vehicle(stage: Stage) -> None:
    """Two sentences, one reading."""
    octets = Gps(stage.play, stage.device("patrol-1-gps")).frame(stage.clock.now_ms)
    knots = float(octets.decode().split(",")[7])

    assert [line[1] for line in stage.lines()] == ["speed"]
    assert float(stage.lines()[0][3]) == pytest.approx(knots * 1852 / 3600)


@pytest.mark.parametrize(("vehicle", "placed"), [("patrol-1", False), ("patrol-2", True)])
def test_a_vehicle_keeps_what_it_entered(stage: Stage, vehicle: str, *, placed: bool) -> None:
    """Numbers from 1 without holes, its own time, the ledger's values, a position only when it has one."""
    car = Vehicle(stage.play, stage.device(f"{vehicle}-air"), placed)
    for n in range(3):
        car.measure(stage.clock.now_ms + n * MINUTE_MS)
    said = [json.loads(octets) for octets in car.feed.due(0.0)]

    assert [s["sn"] for s in said] == [1, 2, 3]
    assert [repr(s[n]) for s in said for n in car.device.properties] == [line[3] for line in stage.lines()]
    assert all(("lon" in s) is placed for s in said)


async def _beat(senders: list[Sender], clock: HandClock, until_ms: int) -> None:
    await beat(senders, clock, until_ms)


def test_senders_keep_to_their_grid(run_now: Any) -> None:
    """Each at its own phase, from the first slot after the start to the last before the end."""
    clock, slots = HandClock(1_000), []
    senders = [Sender(100, 30, lambda t: slots.append(("a", t))), Sender(50, 10, lambda t: slots.append(("b", t)))]
    run_now(_beat(senders, clock, 1_160))

    assert slots == [("b", 1_010), ("a", 1_030), ("b", 1_060), ("b", 1_110), ("a", 1_130)]
    assert clock.now_ms == 1_130


def test_after_a_pause_only_what_stores_catches_up(run_now: Any) -> None:
    """A Plantower skips what it slept through; a vehicle measured all the while."""
    clock, slots = HandClock(0), []

    def pause(slot_ms: int) -> None:
        slots.append(("a", slot_ms))
        clock.now_ms = max(clock.now_ms, 350)

    run_now(
        _beat([Sender(100, 0, pause), Sender(100, 1, lambda t: slots.append(("b", t)), catches_up=True)], clock, 450)
    )

    assert [t for name, t in slots if name == "a"] == [100, 400]
    assert [t for name, t in slots if name == "b"] == [1, 101, 201, 301, 401]


@pytest.mark.parametrize("interval_ms", [60_000, 1_800_000])
def test_phases_lie_in_the_first_third_of_the_interval(zone: Zone, interval_ms: int) -> None:
    """Seconds 5 to 20 of a minute: never near the minute's ends."""
    phases = [phase_ms(d.id, interval_ms) for d in zone.devices]

    assert interval_ms * 5 // 60 <= min(phases)
    assert max(phases) <= interval_ms * 20 // 60


def test_the_description_names_every_device_and_port(zone: Zone) -> None:
    """What a gateway's configuration needs, in JSON."""
    ports = {d.port: f"{d.port}:1883" for d in zone.devices}
    described = json.loads(json.dumps(describe(zone, ports)))
    rows = {row["id"]: row for row in described["devices"]}

    assert (len(described["stations"]), len(rows)) == (126, len(zone.devices))
    assert {row["driver"] for row in rows.values()} == {"pms", "modbus", "nmea", "mqtt"}
    assert [rows["patrol-2-air"][key] for key in ("host", "port", "topic")] == [
        "broker", 1883, "vehicle/patrol-2/air"
    ]  # fmt: skip
    assert rows["ref-tiantan-logger"] == {
        "id": "ref-tiantan-logger",
        "station": "ref-tiantan",
        "gateway": "gw-region",
        "driver": "modbus",
        "model": "logger",
        "properties": ["pm2_5", "pm10", "no2", "o3", "wind_speed", "wind_direction"],
        "port": "gw-region:1883",
        "period_s": 600,
        "profile": "logger",
        "unit": 10,
    }
