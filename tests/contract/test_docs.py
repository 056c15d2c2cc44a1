"""Documentation is complete: what a person can meet, a page explains."""

import re
import tomllib
from pathlib import Path

import msgspec
import pytest

import edge.config
import hub.config
from edge.drivers import DRIVERS
from edge.drivers.driver import DeviceSettings

BOTH_READMES = ("README.md", "README.zh-CN.md")
# Words that the glossary explains although no class bears them, or that the law of words asks for.
WORDS = (
    *("Gateway", "Station", "Device", "Driver", "ObservedProperty", "Datastream", "Reading", "Block", "Batch", "Flag"),
    *("Check", "Detector", "Anomaly", "Area", "AreaStatus", "Lead", "Ticket", "Reminder", "Fact", "Push", "Journal"),
    *("Outbox", "Envelope", "Epoch", "Catalogue", "Gap", "Void", "Tick", "Cause", "Episode", "Panel", "Rule"),
)
TABLES = [
    table
    for module in (edge.config, hub.config)
    for name, table in vars(module).items()
    if name.endswith("Table") and name != "_Table" and issubclass(table, msgspec.Struct)
]


def sections(page: str) -> dict[str, str]:
    """Return the text under each heading of any level, by heading."""
    parts = re.split(r"(?m)^#+ (.+)$", page)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def links(page: Path) -> list[str]:
    """Return the files that a page links to."""
    found = re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text("utf-8"))
    return [link for link in found if not link.startswith(("http:", "https:", "mailto:"))]


def test_every_kind_of_driver_is_documented(root: Path) -> None:
    """A folder in edge/drivers is in the table, and has a page and an example."""
    folders = {path.parent.name for path in (root / "edge" / "drivers").glob("*/__init__.py")}

    assert folders == set(DRIVERS)
    for kind in DRIVERS:
        assert (root / "edge" / "drivers" / kind / "README.md").is_file()
        assert (root / "edge" / "drivers" / kind / "example.toml").is_file()


@pytest.mark.parametrize("kind", DRIVERS)
def test_every_key_of_a_driver_is_in_its_example(root: Path, kind: str) -> None:
    """What its device table can say beyond all others stands in the example, in use or behind a comment."""
    text = (root / "edge" / "drivers" / kind / "example.toml").read_text("utf-8")
    keys = set(DRIVERS[kind].settings.__struct_fields__) - set(DeviceSettings.__struct_fields__)

    assert {key for key in keys if not re.search(rf"(?m)^(?:# ?)?{key} *=", text)} == set()


@pytest.mark.parametrize("kind", DRIVERS)
def test_every_example_of_a_driver_is_accepted(root: Path, kind: str) -> None:
    """Its tables convert to the driver's own settings."""
    tables = tomllib.loads((root / "edge" / "drivers" / kind / "example.toml").read_text("utf-8"))["device"]

    assert tables
    assert all(msgspec.convert(table, DRIVERS[kind].settings).driver == kind for table in tables)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: f"{table.__module__}.{table.__name__}")
def test_every_key_of_the_configuration_is_explained(root: Path, table: type[msgspec.Struct]) -> None:
    """docs/configuration.md has a line for it, under the heading of its table."""
    page = (root / "docs" / "configuration.md").read_text("utf-8")
    edge_page, hub_page = page.split("\n## hub.toml\n")
    heading = re.match(r"\[+[a-z.]+\]+", table.__doc__ or "")
    assert heading is not None, f"the docstring of {table.__name__} begins with its table, such as [hub]"
    found = sections(edge_page if table.__module__.startswith("edge.") else hub_page)[heading[0]]

    assert [key for key in table.__struct_fields__ if f"`{key}`" not in found] == []


@pytest.mark.parametrize("name", ["edge.toml", "hub.toml"])
def test_every_key_of_the_compose_files_is_explained(root: Path, name: str) -> None:
    """Whoever starts from docker/ finds each key in docs/configuration.md or in a driver's example."""
    page = (root / "docs" / "configuration.md").read_text("utf-8")
    examples = "".join(path.read_text("utf-8") for path in (root / "edge" / "drivers").glob("*/example.toml"))
    keys = set(re.findall(r"(?m)^([a-z_]+) *=", (root / "docker" / name).read_text("utf-8")))

    assert {key for key in keys if f"`{key}`" not in page and f"{key} =" not in examples} == set()


@pytest.mark.parametrize("word", WORDS)
def test_a_word_of_ours_is_in_the_glossary(root: Path, word: str) -> None:
    """It opens a row of a table, alone or with its like."""
    rows = re.findall(r"(?m)^\| ([^|]+) \|", (root / "docs" / "glossary.md").read_text("utf-8"))

    assert word in {part for row in rows for part in row.split(", ")}


def test_every_noun_of_the_hub_is_in_the_glossary(root: Path) -> None:
    """A class of hub/model.py bears a word that the glossary explains."""
    import hub.model  # noqa: PLC0415

    page = (root / "docs" / "glossary.md").read_text("utf-8").lower()
    nouns = [name for name, thing in vars(hub.model).items() if getattr(thing, "__module__", "") == "hub.model"]
    spoken = {name: " ".join(re.findall(r"[A-Z][a-z]+", name)).lower() for name in nouns}

    assert {
        name for name, words in spoken.items() if name.lower() not in page and words.split()[0] not in page
    } == set()


@pytest.mark.parametrize("name", BOTH_READMES)
def test_the_first_screen_says_it_all(root: Path, name: str) -> None:
    """One sentence, the picture of the line, the two commands and the red map, within thirty lines."""
    screen = "\n".join((root / name).read_text("utf-8").splitlines()[:30])

    assert all(part in screen for part in ("make demo", "make test", "docs/line", "docs/map-red.png"))


@pytest.mark.parametrize("name", BOTH_READMES)
def test_the_readme_names_the_renamed_library(root: Path, name: str) -> None:
    """Who knows asyncio-mqtt finds out that it is called aiomqtt now."""
    text = (root / name).read_text("utf-8")

    assert "asyncio-mqtt" in text
    assert "aiomqtt" in text


@pytest.mark.parametrize("name", BOTH_READMES)
def test_every_make_command_of_the_readme_exists(root: Path, name: str) -> None:
    """`make X` in the text is a target of the Makefile."""
    targets = set(re.findall(r"(?m)^([a-z]+):", (root / "Makefile").read_text("utf-8")))

    assert set(re.findall(r"make ([a-z]+)", (root / name).read_text("utf-8"))) <= targets


def test_no_link_leads_nowhere(root: Path, tree: tuple[Path, ...]) -> None:
    """Every page and picture that a page links to is in the tree."""
    pages = [path for path in tree if path.suffix == ".md"]
    lost = [
        f"{page}: {link}" for page in pages for link in links(root / page) if not (root / page.parent / link).exists()
    ]

    assert lost == []


def test_decisions_are_numbered_without_holes(root: Path) -> None:
    """Each has context, decision and consequences, and a line in the index."""
    pages = sorted((root / "docs" / "decisions").glob("0*.md"))
    index = (root / "docs" / "decisions" / "README.md").read_text("utf-8")

    assert [page.name[:4] for page in pages] == [f"{n:04}" for n in range(1, len(pages) + 1)]
    for page in pages:
        assert page.name in index
        assert list(sections(page.read_text("utf-8")))[1:] == ["Context", "Decision", "Consequences"]


def test_both_readmes_say_the_same(root: Path) -> None:
    """The same headings, tables, links and commands in both languages."""
    shapes = []
    for name in BOTH_READMES:
        lines = (root / name).read_text("utf-8").splitlines()
        shapes.append(
            [line[:2] if line[:1] in "#|-!`" else "" for line in lines if line[:1] in {"#", "|", "-", "!", "`"}]
        )

    assert shapes[0] == shapes[1]


def test_every_promise_has_its_tests(root: Path) -> None:
    """A gateway promises nothing that no test would miss."""
    page = (root / "docs" / "reliability.md").read_text("utf-8")
    named, files = set(re.findall(r"`(test_\w+)`", page)), re.findall(r"`(tests/[\w/]+\.py)`", page)
    there = {
        name
        for path in (root / "tests").rglob("test_*.py")
        for name in re.findall(r"def (test_\w+)", path.read_text("utf-8"))
    }
    rows = [row for row in page.splitlines() if row.startswith("| ") and not row.startswith("| what happens")]

    assert named - there == set()
    assert [file for file in files if not (root / file).is_file()] == []
    assert [row for row in rows if "`test" not in row] == []
