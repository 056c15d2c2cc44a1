"""Reports of third parties on their way into the journal: as received, or to the quarantine with a reason."""

import json
from pathlib import Path
from typing import Any

import pytest

from hub.errors import Unusable
from hub.ingest.commit import GroupCommit
from hub.ingest.days import JournalReader
from hub.ingest.intake import Arrival, Committed
from hub.ingest.journal import Journal
from hub.ingest.quarantine import Quarantine
from hub.ingest.receive import settle
from hub.third_party import ThirdParty, ThirdPartyStation, said
from wire.clock import SystemClock

READING = {"property": "pm2_5", "unit": "ug/m3", "time": "2013-10-04T00:00:00Z", "value": 35.2}
CONFIG = Arrival("config", body=said([ThirdParty("park", (ThirdPartyStation("park-01", "lab", "公园", 116.5, 39.8),))]))


def report(party: str = "park", station: str = "park-01", **changes: Any) -> Arrival:
    """Return a report of one reading as it arrives."""
    body = {"station": station, "device": "box", "readings": [READING | changes]}
    return Arrival("reading", party, json.dumps(body, indent=1).encode())


def test_report_is_journalled_as_received_behind_what_admits_it(hub: Any, now_ms: int) -> None:
    """In the group that admits the third party, and in the next."""
    first, second = report(), report(value=36.0)
    committed = hub.intake.take([CONFIG, first], now_ms)
    later = hub.intake.take([second], now_ms)

    assert ["config", "reading"] == [entry.kind for entry in committed.entries]
    assert [first.body, second.body] == [entry.envelope for entry in (committed.entries[1], *later.entries)]
    assert {} == committed.positions


@pytest.mark.parametrize(
    ("arrival", "reason"),
    [
        (report(party="gw-east"), "gw-east: this third party is not in the hub's configuration"),
        (report(station="park-02"), "park: station 'park-02' is not its"),
        (report(property="joy"), "'joy' is not in the catalogue"),
        (report(unit="m/s"), "cannot be in 'm/s'"),
        (report(time="2013-10-05T00:00:01Z"), "more than a day after"),
        (Arrival("reading", "park", b"noise"), "unreadable"),
    ],
)
def test_report_that_cannot_be_used_is_kept_for_a_person(
    hub: Any, now_ms: int, tmp_path: Path, arrival: Arrival, reason: str
) -> None:
    """Not journalled; its bytes lie in the quarantine, and why."""
    committed = hub.intake.take([CONFIG, arrival, report()], now_ms)
    settle(committed, Quarantine(tmp_path / "quarantine"))

    assert ["config", "reading"] == [entry.kind for entry in committed.entries]
    assert reason in next((tmp_path / "quarantine").glob("*.txt")).read_text()
    assert next((tmp_path / "quarantine").glob("*.bin")).read_bytes() == arrival.body


def test_hub_that_starts_again_knows_who_may_report(tmp_path: Path, gateway: Any) -> None:
    """By its journal, in whose order gateways and third parties took their stations."""
    told: list[Committed] = []
    keys = {gateway.id: gateway.key.verify_key}
    groups = [[gateway.catalogue(), CONFIG, report()], [report(value=36.0), gateway.readings()]]
    for group in groups:
        with Journal(tmp_path) as journal:
            commit = GroupCommit(journal, keys, SystemClock(), told.append)
            for arrival in group:
                commit.put(arrival)
            with commit:
                pass

    with JournalReader(tmp_path) as reader:
        kinds = [entry.kind for entry in reader.entries(0)]
    assert kinds == ["catalogue", "config", "reading", "reading", "batch"]
    assert [] == [rejected for committed in told for rejected in committed.rejected]


def test_gateways_catalogue_cannot_take_a_third_partys_station(hub: Any, gateway: Any, now_ms: int) -> None:
    """Journalled as refused, with the reason: nobody becomes evidence under another's name."""
    taken = ThirdParty("park", (ThirdPartyStation("micro-001", "micro_station", "公园", 116.5, 39.8),))
    committed = hub.intake.take([Arrival("config", body=said([taken])), gateway.catalogue()], now_ms)

    assert ["config", "refused"] == [entry.kind for entry in committed.entries]
    assert isinstance(committed.refused[0][1], Unusable)
    assert "micro-001 is a third party's" in str(committed.refused[0][1])
