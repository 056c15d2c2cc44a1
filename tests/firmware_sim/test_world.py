"""The scenes come true in the world: haze everywhere, dust at its site, faults where they were put."""

import statistics
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import pytest

from firmware_sim.recorded import RecordedAir
from firmware_sim.scenes import MINUTE_MS, SCENES, Fault, build_scene, scene_start_ms
from firmware_sim.truth import exposed_minutes, truth
from firmware_sim.world import World
from firmware_sim.zone import Device, Station, Zone, build_zone

HOUR_MS = 60 * MINUTE_MS


def device(zone: Zone, device_id: str) -> Device:
    """Return a device by id."""
    return next(d for d in zone.devices if d.id == device_id)


def micro(zone: Zone) -> list[Station]:
    """Return the micro-stations."""
    return [s for s in zone.stations if s.kind == "micro_station"]


def minutes(start_ms: int, count: int) -> list[int]:
    """Return whole minutes."""
    return [start_ms + n * MINUTE_MS for n in range(count)]


def particle_devices(zone: Zone) -> list[Device]:
    """Return what measures particles at the micro-stations."""
    return [d for d in zone.devices if d.model in ("pms5003", "aqt530") and "pm10" in d.properties]


def test_a_value_holds_for_its_minute_and_does_not_depend_on_who_asked_before(
    zone: Zone, air: RecordedAir, full: Any
) -> None:
    """Another world, asked backwards and at other seconds, says the same."""
    other = World(build_zone(1), build_scene("full", zone), 1, air)
    asked = [(d, p, t) for d in zone.devices[::7] for p in d.properties for t in minutes(full.scene.start_ms, 3)]
    fixed = [(d, p, t) for d, p, t in asked if d.model not in ("vehicle", "gps")]
    backwards = [other.value(d, p, t + 59_999) for d, p, t in reversed(fixed)]

    assert [full.world.value(*ask) for ask in fixed] == backwards[::-1]


def test_another_seed_gives_other_noise(zone: Zone, air: RecordedAir, full: Any) -> None:
    """And the same air beneath."""
    other = World(zone, full.scene, 2, air)
    pm = device(zone, "micro-001-pm")
    ones, twos = ([w.value(pm, "pm2_5", t) for t in minutes(full.scene.start_ms, 60)] for w in (full.world, other))

    assert ones != twos
    assert statistics.mean(ones) == pytest.approx(statistics.mean(twos), abs=0.6)


def test_reference_stations_report_their_record(zone: Zone, air: RecordedAir, full: Any) -> None:
    """At the whole hour exactly the recorded value, whatever the scene."""
    start_ms = full.scene.start_ms
    logger = device(zone, "ref-tiantan-logger")

    assert full.world.value(logger, "pm2_5", start_ms) == air.at("Tiantan", "pm2_5", start_ms)
    assert 0 <= full.world.value(logger, "wind_direction", start_ms) < 360


@pytest.mark.parametrize("scene", ["haze", "stuck", "full"])
def test_haze_comes_over_the_whole_zone_after_a_clean_spell(zone: Zone, air: RecordedAir, scene: str) -> None:
    """Below 35 for the first five hours, above 200 at the end, and alike within a tenth at all stations."""
    start_ms = scene_start_ms(scene)
    world = World(zone, build_scene("none", zone), 1, air)
    clean = [v for hour in range(6) for v in background(world, zone, start_ms + hour * HOUR_MS)]
    hazy = background(world, zone, start_ms + 11 * HOUR_MS)

    assert max(clean) < 35
    assert min(hazy) > 200
    assert max(hazy) < 1.1 * min(hazy)


def background(world: World, zone: Zone, time_ms: int) -> list[float]:
    """Return PM2.5 at every micro-station without device noise."""
    return [world._true(s, "pm2_5", time_ms) for s in micro(zone)]


def test_nothing_is_wrong_in_a_calm_scene(zone: Zone, calm: Any) -> None:
    """Clean air, cool labs, quiet nights; nothing injected."""
    at = [calm.scene.start_ms + n * HOUR_MS for n in range(13)]
    highest = {
        name: max(calm.world.value(d, name, t) for d in zone.devices if name in d.properties for t in at)
        for name in ("temperature", "noise")
    }

    assert truth(calm.scene, zone, calm.world) == []
    assert max(v for t in at[1:] for v in background(calm.world, zone, t)) < 35
    assert highest["temperature"] < 25
    assert highest["noise"] < 62


def test_device_noise_is_a_few_per_cent(zone: Zone, full: Any) -> None:
    """4 % of the value once it is well above the floor."""
    aqt, end_ms = device(zone, "micro-050-aqt"), full.scene.start_ms + 11 * HOUR_MS
    ratios = [
        full.world.value(aqt, "pm2_5", t) / full.world._true(zone.station("micro-050"), "pm2_5", t)
        for t in minutes(end_ms, 60)
    ]

    assert statistics.stdev(ratios) == pytest.approx(0.04, abs=0.015)


@pytest.mark.parametrize("scene", ["dust", "full"])
def test_dust_is_coarse_and_local(zone: Zone, air: RecordedAir, scene: str) -> None:
    """At least 300 ug/m3 of PM10 at both fence stations all the time, little PM2.5, little beyond 2 km."""
    played = build_scene(scene, zone)
    played.sources.pop("ent-07", None)
    world, source = World(zone, played, 1, air), played.sources["site-01"]
    near = sorted(micro(zone), key=lambda s: _distance(s, source.centre))
    span = range(source.onset_ms, source.end_ms, 20 * MINUTE_MS)

    assert min(extra(world, near[:2], "pm10", span)) > 300
    assert max(extra(world, near, "pm2_5", span)) < 50
    assert max(extra(world, [s for s in near if _distance(s, source.centre) > 2_000], "pm10", span)) < 50
    assert max(extra(world, near, "pm10", [source.onset_ms - 1, source.end_ms])) == 0


def extra(world: World, stations: Iterable[Station], name: str, times: Iterable[int]) -> list[float]:
    """Return what the sources add at stations."""
    return [world.excess(name, s.place, t) for s in stations if s.place for t in times]


def _distance(station: Station, centre: Any) -> float:
    assert station.place is not None
    return station.place.distance_m(centre)


@pytest.mark.parametrize("seed", [1, 2])
def test_only_a_vehicle_sees_the_hidden_source(air: RecordedAir, seed: int) -> None:
    """No micro-station gets 15 ug/m3 of what it measures; a vehicle gets 150 of NOx for minutes, repeatedly."""
    zone = build_zone(seed)
    played = build_scene("full", zone)
    source = played.sources["ent-07"]
    played.sources.pop("site-01")
    world = World(zone, played, seed, air)
    span = range(source.onset_ms, source.end_ms, 30 * MINUTE_MS)
    passes = runs(exposed_minutes(source, world, "patrol-2"))

    assert max(v for name in ("pm2_5", "pm10", "no2") for v in extra(world, micro(zone), name, span)) < 15
    assert len(passes) >= 3
    assert min(passes) >= 3


def runs(at: list[int]) -> list[int]:
    """Return the lengths of runs of successive minutes."""
    lengths = [1]
    for before, after in pairwise(at):
        if after - before == MINUTE_MS:
            lengths[-1] += 1
        else:
            lengths.append(1)
    return lengths


def test_the_hot_lab_leaves_its_range_in_the_minute_of_its_onset(zone: Zone, full: Any) -> None:
    """From about 22 to above 28 at once, 38 within ten minutes; back below 28 within a quarter of an hour."""
    (heat,) = full.scene.heats
    air = device(zone, f"{heat.station}-air")
    before, first, later = (full.world.value(air, "temperature", heat.onset_ms + n * MINUTE_MS) for n in (-1, 0, 10))
    after = full.world.value(air, "temperature", heat.end_ms + 15 * MINUTE_MS)

    assert before < 24.5
    assert first > 28.5
    assert later == pytest.approx(38, abs=0.6)
    assert after < 28


def test_the_stuck_device_holds_its_value_and_the_high_one_reads_forty_per_cent_more(zone: Zone, full: Any) -> None:
    """From their onsets on, and not before; both within the scene's first hour, haze or not."""
    stuck, high = (next(f for f in full.scene.faults if f.kind == kind) for kind in ("stuck", "gain"))
    held = {full.world.value(device(zone, stuck.device), "pm10", t) for t in minutes(stuck.onset_ms, 300)}
    moving = {full.world.value(device(zone, stuck.device), "pm10", stuck.onset_ms - n * MINUTE_MS) for n in (1, 2)}

    assert len(held) == 1
    assert len(moving) == 2
    assert max(stuck.onset_ms, high.onset_ms) < full.scene.start_ms + HOUR_MS
    for onset_ms, factor in ((high.onset_ms, 1.4), (high.onset_ms - 30 * MINUTE_MS, 1.0)):
        at = minutes(onset_ms, 30)
        read = sum(full.world.value(device(zone, high.device), "pm2_5", t) for t in at)
        there = sum(full.world._true(zone.station(device(zone, high.device).station), "pm2_5", t) for t in at)
        assert read / there == pytest.approx(factor, rel=0.05)


def test_faults_lie_far_from_sources_and_from_each_other(zone: Zone, full: Any) -> None:
    """Nobody can take the one for the other."""
    liars = [device(zone, f.device) for f in full.scene.faults if f.kind in ("stuck", "gain")]
    places = [place for place in (zone.station(liar.station).place for liar in liars) if place is not None]
    sources = [s.centre for s in full.scene.sources.values()]

    assert min(p.distance_m(s) for p in places for s in sources) > 5_000
    assert places[0].distance_m(places[1]) > 4_000


def test_truth_tells_all_that_was_injected(zone: Zone, full: Any) -> None:
    """One row each, with the minute in which it can first be seen."""
    rows = truth(full.scene, zone, full.world)

    assert [r["kind"] for r in rows] == [
        "dust", "vehicle_source", "lab", "stuck", "gain", "noise_bytes", "checksum"
    ]  # fmt: skip
    assert [r["area"] for r in rows[:3]] == ["site-01", "ent-07", "ent-09"]
    assert all(r["onset_ms"] <= r["seen_ms"] < r["end_ms"] for r in rows)
    assert all(r["onset_ms"] % MINUTE_MS == 0 for r in rows)


def test_an_unknown_scene_is_refused_by_name() -> None:
    """With the names that would do."""
    with pytest.raises(ValueError, match=r"scene 'fog': use one of none, haze"):
        scene_start_ms("fog")


@pytest.mark.parametrize("scene", SCENES)
def test_no_device_says_anything_implausible(zone: Zone, air: RecordedAir, scene: str) -> None:
    """Nothing below zero, nothing that a range check would refuse."""
    played = build_scene(scene, zone)
    world = World(zone, played, 1, air)
    values = [
        world.value(d, p, t)
        for t in range(played.start_ms, played.end_ms, 3 * HOUR_MS)
        for d in zone.devices
        for p in d.properties
    ]

    assert min(values) >= 0
    assert max(values) < 1_000


def test_a_fault_is_at_work_from_its_onset_to_before_its_end() -> None:
    """Half-open, like all spans."""
    fault = Fault("silence", "x", 10, 20)

    assert [fault.active(t) for t in (9, 10, 19, 20)] == [False, True, True, False]


def test_particle_devices_are_one_a_station(zone: Zone) -> None:
    """100 stations, 100 of them."""
    assert len({d.station for d in particle_devices(zone)}) == len(particle_devices(zone)) == 100
