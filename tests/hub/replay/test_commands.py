"""`hub replay` and `hub precision` as a person calls them."""

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import shapely

from hub.anomaly.rulebook import rule_texts
from hub.catalogue import Catalogue
from hub.ingest.entry import Draft
from hub.ingest.journal import Journal
from hub.judge import Judge
from hub.lead.label import Said, Subject
from hub.memory import MEMORY
from hub.registry import Registry
from hub.replay.__main__ import main as ordered
from quietwatch.cli.hub_replay import moment_ms
from quietwatch.cli.main import call

pytestmark = pytest.mark.component

LOCAL = rule_texts()["local_excess.toml"]
DEAF = LOCAL.replace("threshold = 80\nrelative = 0.6\n", "threshold = 8000\nrelative = 0.6\n")


class Shelf:
    """A store that keeps nothing."""

    def datastreams(self, new: Any) -> None:
        """Let pass."""

    def insert(self, columns: Any, entry_id: int) -> None:
        """Let pass."""

    def applied(self) -> int:
        """Return that all is kept."""
        return 1 << 40


@pytest.fixture
def hub(book: Any) -> Iterator[Path]:
    """Return the configuration of a hub that has judged a dusty hour, and a person who has labelled the lead."""
    memory = Path("/dev/shm")  # noqa: S108  # a directory of its own within
    book.day(range(57, 70))
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as name:
        place = Path(name)
        _configure(place, book.town.areas)
        with Journal(place / "journal") as journal:
            journal.append_many([Draft("tick", seq=book.entries[-1].seq)], book.entries[-1].received_ms)
        with Registry.open(place / "registry.sqlite") as registry:
            shelf: Any = Shelf()
            Judge(Catalogue(), book.town.areas, shelf, registry, place / MEMORY).apply(book.entries)
            registry.label(Subject("lead", 1), Said("confirmed", "", "duty", 1))
        yield place / "hub.toml"


def _configure(place: Path, areas: Any) -> None:
    features = [
        {
            "type": "Feature",
            "geometry": shapely.geometry.mapping(area.polygon),
            "properties": {"id": area.id, "kind": area.kind, "name": area.id, "name_en": area.id},
        }
        for area in areas
    ]
    document = msgspec.json.encode({"type": "FeatureCollection", "features": features})
    (place / "areas.geojson").write_bytes(document)
    (place / "districts.geojson").write_bytes(b'{"type": "FeatureCollection", "features": []}')
    (place / "hub.toml").write_text('[hub]\ndirectory = "."\n[zone]\nname = "区"\n', encoding="utf-8")


def test_a_person_sees_what_other_rules_would_have_made_of_the_past(hub: Path, capsys: Any) -> None:
    """Areas, leads and sums, in both languages; how far it is goes to stderr."""
    (hub.parent / "local_excess.toml").write_text(DEAF, encoding="utf-8")
    told = []
    for lang in ("en", "zh"):
        words = ["hub", "replay", str(hub), "--rules", str(hub.parent / "local_excess.toml"), "--days", "1"]
        assert call([*words, "--lang", lang]) == 0
        told.append(capsys.readouterr().out)

    assert "Leads: 1 then, 0 with the new rules; 0 the same, 1 gone, 0 new." in told[0]
    assert "Affected: 1 areas, 0 of them enterprises." in told[0]
    assert "2015-01-09 13:00  site  pm10" in told[0]
    assert "线索：原1条，新规则0条；相同0，减少1，新增0。" in told[1]
    assert "site  " in told[1]


def test_verify_says_that_nothing_differs(hub: Path, capsys: Any) -> None:
    """Status 0, and how many were compared; 1 when a stored lead is not opened again."""
    assert call(["hub", "replay", str(hub), "--days", "1", "--verify"]) == 0
    assert capsys.readouterr().out == "1 stored openings, 0 differences\n"
    with Registry.open(hub.parent / "registry.sqlite") as registry, registry._engine.begin() as connection:
        connection.exec_driver_sql("update episode set evidence = '[]'")

    assert call(["hub", "replay", str(hub), "--days", "1", "--verify"]) == 1
    assert capsys.readouterr().out.startswith("otherwise: site pm10 local_excess ")


def test_rules_with_a_flaw_are_not_replayed(hub: Path, capsys: Any) -> None:
    """The check's finding, in one line; so is a file that is none of rules, and a time that is none."""
    (hub.parent / "more.toml").write_text(LOCAL, encoding="utf-8")
    (hub.parent / "more.txt").write_text(LOCAL, encoding="utf-8")
    for words in (["--rules", "more.toml"], ["--rules", "more.txt"], ["--to", "soon"]):
        given = [str(hub.parent / word) if word.startswith("more") else word for word in words]
        with pytest.raises(SystemExit) as ended:
            call(["hub", "replay", str(hub), *given])
        assert (ended.value.code, capsys.readouterr().err.count("\n")) == (2, 1)


def test_order_writes_progress_and_result(hub: Path) -> None:
    """What the interface then shows; or why it failed."""
    folder = hub.parent / "replays" / "000001"
    folder.mkdir(parents=True)
    (folder / "wanted.json").write_bytes(msgspec.json.encode([{"local_excess.toml": DEAF}, 1.0, None]))
    found = ordered(hub, folder)
    result = msgspec.json.decode((folder / "result.json").read_bytes())
    (hub.parent / "registry.sqlite").rename(hub.parent / "lost")
    failed = ordered(hub, folder)

    assert (found, failed) == (0, 1)
    assert (result["totals"]["gone"], result["rules"]) == (1, ["local_excess.toml"])
    assert "there is no" in (folder / "failed.json").read_text()


def test_precision_is_shown_as_a_table(hub: Path, capsys: Any) -> None:
    """In words, and as JSON."""
    assert call(["hub", "precision", str(hub), "--lang", "en"]) == 0
    shown = capsys.readouterr().out
    assert call(["hub", "precision", str(hub), "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)

    assert "detector  local_excess" in shown
    assert "1/1    100% (21 - 100)?" in shown
    assert {(row["origin"], row["month"]) for row in rows} == {
        (origin, month) for origin in ("detector", "rule") for month in ("", "2015-01")
    }


@pytest.mark.parametrize(
    ("text", "time_ms"),
    [
        (None, None),
        ("1970-01-02", 16 * 3_600_000),
        ("1970-01-01T08:00", 0),
        ("1970-01-01T00:00+00:00", 0),
    ],
)
def test_time_without_a_zone_is_beijings(text: str | None, time_ms: int | None) -> None:
    """As everything else that a person reads."""
    assert moment_ms(text) == time_ms
