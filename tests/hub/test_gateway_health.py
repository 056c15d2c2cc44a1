"""What gateways say of themselves: stored like all else, never judged as air, nowhere on the map."""

import dataclasses
from typing import Any

import msgspec
import numpy as np
import pytest

from hub.bindings import bind
from hub.catalogue import Catalogue
from hub.judgement import Judgement
from hub.map_api.gateways import gateway_answers
from hub.map_api.geojson import snapshot_answer, stations
from hub.map_api.live import LiveView
from hub.network import build_network
from wire.batch import CatalogueBody, CatalogueDatastream, CatalogueDevice, CatalogueStation, Payload, encode_body
from wire.batch import read_catalogue as read
from wire.reading import Flag

NOON = int(1_420_776_000 / 60)
OWN = ("cpu_temperature", "readings_dropped")


def _with_health(town: Any) -> Payload:
    """Return the town's catalogue with its gateway's health, and how the devices of m06 and the lab answer."""
    payload: Payload = town.catalogue()
    body: CatalogueBody = read(payload.body)
    count = len(body.datastreams)
    said = [("gw", name) for name in OWN] + [
        ("m06-d", "success_rate"),
        ("lab-d", "success_rate"),
        ("lab-d", "no_gloves"),
    ]
    units = {"cpu_temperature": "degC", "success_rate": "%"}
    for device, name in said:
        town.streams.append((device.removesuffix("-d"), name))
    wider = msgspec.structs.replace(
        body,
        stations=(*body.stations, CatalogueStation("gw", "gateway", "gw")),
        devices=(*body.devices, CatalogueDevice("gw", "gw", "gateway")),
        datastreams=(
            *body.datastreams,
            *(
                CatalogueDatastream(count + i, device, name, units.get(name, "1"), 60)
                for i, (device, name) in enumerate(said)
            ),
        ),
    )
    return msgspec.structs.replace(payload, body=encode_body(wider))


def test_health_is_no_air(town: Any) -> None:
    """It has no neighbours, no bounds, no check beside them, no rule; it makes no area fresh."""
    catalogue = Catalogue()
    catalogue.add(_with_health(town))
    network = build_network(catalogue.stations, catalogue.datastreams, town.areas)
    bound = bind(network, NOON)
    rows = [stream.row for stream in network.datastreams if stream.property in {*OWN, "success_rate"}]

    assert len(rows) == 4
    assert not network.ambient[rows].any()
    assert np.isinf(network.low[rows]).all()
    assert np.isnan(np.asarray(bound.flat_line.moved)[rows]).all()
    assert np.isnan(np.asarray(bound.gain.floor)[rows]).all()
    assert all((group.rule[rows] == -1).all() for group in bound.detectors)
    assert np.isin(rows, network.cover_row).sum() == 0


def test_what_people_do_does_not_make_the_air_known(town: Any) -> None:
    """A camera box that speaks while the lab's instruments are silent leaves the area grey."""
    catalogue = Catalogue()
    catalogue.add(_with_health(town))
    network = build_network(catalogue.stations, catalogue.datastreams, town.areas)
    spoken = {network.datastreams[row].property for row in network.cover_row}

    assert "no_gloves" not in spoken
    assert "temperature" in spoken


def test_health_is_taken_and_not_shown(town: Any) -> None:
    """A value beyond any plausible range is kept unflagged; the map has neither the gateway nor the rates."""
    town.air = lambda _station, name, _minute: 1e15 if name == "readings_dropped" else 40.0
    judgement = Judgement(Catalogue(), town.areas)
    judgement.learn(_with_health(town))
    columns = judgement.take(town.minute(0), NOON * 60_000)
    outcomes = list(judgement.close(NOON + 10, (NOON + 11) * 60_000))
    snapshot = judgement.snapshot()
    zone: Any = type("Zone", (), {"areas": ()})
    shown = {feature["id"]: feature["properties"]["values"] for feature in stations(snapshot)["features"]}

    assert len(columns) == len(town.streams)
    assert [ticket for outcome in outcomes for ticket in outcome.tickets] == []
    row = next(s.row for s in snapshot.datastreams if s.property == "readings_dropped")
    assert (snapshot.latest_value[row], snapshot.latest_flag[row]) == (1e15, Flag.GOOD)
    assert "gw" not in shown
    assert set(shown["m06"]) == {"pm2_5", "pm10"}
    assert "gw" not in {state["id"] for state in snapshot_answer(zone, snapshot, 0)["stations"]}


def test_gateway_is_no_station_of_its_own_in_the_list(town: Any) -> None:
    """How many stations a gateway hosts does not count itself; one that hosts none is listed all the same."""
    judgement = Judgement(Catalogue(), town.areas)
    judgement.learn(_with_health(town))
    snapshot = judgement.snapshot()
    alone = dataclasses.replace(snapshot, stations=tuple(s for s in snapshot.stations if s.kind == "gateway"))

    assert [each["stations"] for each in gateway_answers(_live(snapshot))] == [28]
    assert [each["stations"] for each in gateway_answers(_live(alone))] == [0]


def _live(snapshot: Any) -> LiveView:
    live = LiveView()
    live.publish(snapshot)
    return live


@pytest.mark.parametrize("kind", ["lab", "micro_station"])
def test_only_gateways_and_vehicles_may_be_nowhere(town: Any, kind: str) -> None:
    """Whatever else has no position is refused as before."""
    payload = _with_health(town)
    body = read(payload.body)
    nowhere = msgspec.structs.replace(body, stations=(*body.stations[:-1], CatalogueStation("gw", kind, "gw")))

    with pytest.raises(Exception, match="gw is nowhere"):
        Catalogue().add(msgspec.structs.replace(payload, body=encode_body(nowhere)))
