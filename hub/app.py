"""The hub, put together. Three actors: the loop (broker, web, pushes), the journal's thread, the judge's thread."""

import asyncio
import logging
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import msgspec

from hub.anomaly.lint import lint
from hub.anomaly.rule import Rule
from hub.anomaly.rulebook import rules_of
from hub.anomaly.standard import standard_texts
from hub.area.geometry import areas_of
from hub.calibrations import THRESHOLDS, Calibrations
from hub.catalogue import Catalogue
from hub.config import Config, is_loopback, load_config
from hub.config_entries import ConfigEntries
from hub.configurations import Configurations
from hub.configured import Configured
from hub.errors import ConfigError, HubError
from hub.ingest.commit import GroupCommit
from hub.ingest.intake import Committed
from hub.ingest.journal import Journal
from hub.ingest.quarantine import Quarantine
from hub.ingest.receive import Receiver, settle
from hub.ingest.tick import tick
from hub.judge import Judge
from hub.judging import Judging
from hub.keepers import Hourly
from hub.lead.push import Pusher
from hub.map_api import LiveView, Site, Sources, Zone, create_app
from hub.map_api.app import LOOPBACK
from hub.memory import MEMORY
from hub.quality.settings import check_text
from hub.registry import Registry
from hub.replay.orders import OrderBook
from hub.serve import address, listen, serve
from hub.store import DuckStore
from hub.store.hours import HOURS, HourReader, HourStore
from wire.clock import Clock

STORE: Final = "store.duckdb"
CONFIGURATIONS: Final = "configurations"
# Real seconds between two looks at whether the threads still run.
LOOK_S: Final = 1.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Parts:
    """What runs, and what it runs on."""

    config: Config
    zone: Zone
    clock: Clock
    live: LiveView
    registry: Registry
    store: DuckStore
    last_tick_ms: int
    receiver: Receiver
    commit: GroupCommit
    judging: Judging
    said: ConfigEntries


async def run(config_path: Path, clock: Clock) -> None:
    """Run the hub until cancelled; what has arrived by then is committed, and judged now or at the next start.

    Args:
        config_path: of the TOML file.
        clock: field time.

    Raises:
        ConfigError: the configuration cannot be used.
        JournalError, StoreError: what is on disk cannot be used, or another hub uses it.
    """
    config = load_config(config_path)
    zone = _zone(config)
    with listen(config.http, str(config_path)) as listener, _opened(config, zone, clock) as parts:
        url = address(config.http, listener)
        try:
            async with asyncio.TaskGroup() as tasks:
                ready = asyncio.Event()
                site = _site(config)
                hours, orders = HourReader(config.directory / HOURS), OrderBook(config_path, config.directory)
                sources = Sources(zone, parts.live, parts.registry, clock, hours, orders)
                app = create_app(sources, parts.store, site=site)
                tasks.create_task(serve(app, config.http, listener, parts.live, ready), name="hub.serve")
                _start(parts, tasks, url)
                await ready.wait()
                _announce(config.directory, url)
        except* HubError as errors:
            raise errors.exceptions[0] from None


def _start(parts: _Parts, tasks: asyncio.TaskGroup, url: str) -> None:
    """Start everything of the loop but the web server."""
    config, commit = parts.config, parts.commit
    urls = {receiver.name: receiver.url for receiver in config.receivers}
    ticking = tick(parts.clock, config.judge.grace_s, parts.last_tick_ms, commit.put)
    tasks.create_task(parts.receiver.run(commit), name="hub.receive")
    tasks.create_task(ticking, name="hub.tick")
    tasks.create_task(Pusher(parts.registry, urls, parts.clock, url).run(), name="hub.push")
    tasks.create_task(parts.said.run(parts.clock), name="hub.config")
    tasks.create_task(_watch(parts), name="hub.watch")


@contextmanager
def _opened(config: Config, zone: Zone, clock: Clock) -> Iterator[_Parts]:
    """Open what stands on disk and start the threads; in reverse at the end, so that the last commit is judged."""
    directory = config.directory
    directory.mkdir(parents=True, exist_ok=True)
    live = LiveView()
    configurations = Configurations(directory / CONFIGURATIONS)
    receiver = Receiver(config.mqtt, config.mqtt_password, clock, live.note_status, configurations)
    rules = _rules(config, zone)
    with ExitStack() as stack:
        journal = stack.enter_context(Journal(directory / "journal"))
        last_tick_ms = journal.last_tick_ms()
        registry = stack.enter_context(
            Registry.open(directory / "registry.sqlite", [receiver.name for receiver in config.receivers])
        )
        store = _open_store(directory, journal)
        stack.callback(store.close)
        stack.enter_context(_mirror(config, store))
        hourly = Hourly(stack.enter_context(_hours(directory, journal)), Calibrations(directory / THRESHOLDS))
        new_judge = partial(_new_judge, zone, store, registry, (directory / MEMORY, rules), hourly)
        judging = stack.enter_context(Judging(journal.directory, new_judge, live.publish))
        live.count_backlog(lambda: journal.tip.id - judging.after)
        deliver = _delivery(receiver, judging, Quarantine(directory / "quarantine"))
        commit = stack.enter_context(GroupCommit(journal, config.keys, clock, deliver))
        said = ConfigEntries(journal.directory, _configured(config), hourly.calibrations, commit.put)
        said.look()
        yield _Parts(config, zone, clock, live, registry, store, last_tick_ms, receiver, commit, judging, said)


def _delivery(receiver: Receiver, judging: Judging, quarantine: Quarantine) -> Callable[[Committed], None]:
    """Return what the journal's thread does after each commit."""
    loop = asyncio.get_running_loop()

    def deliver(committed: Committed) -> None:
        loop.call_soon_threadsafe(receiver.acknowledge, committed.positions)
        judging.ring()
        settle(committed, quarantine)

    return deliver


def _new_judge(
    zone: Zone, store: DuckStore, registry: Registry, kept: tuple[Path, tuple[Rule, ...]], hourly: Hourly
) -> Judge:
    return Judge(Catalogue(), zone.areas, store, registry, *kept, hourly=hourly)


@contextmanager
def _hours(directory: Path, journal: Journal) -> Iterator[HourStore]:
    """Open the hourly means; those that the journal does not know were not restored with it."""
    store = HourStore(directory / HOURS)
    try:
        store.forget_after(journal.tip.id)
        yield store
    finally:
        store.close()


def _open_store(directory: Path, journal: Journal) -> DuckStore:
    """Open the store; one that knows more than the journal was not restored with it, and is built again."""
    path = directory / STORE
    store = DuckStore(path)
    if store.applied() <= journal.tip.id:
        return store
    _log.warning("%s is ahead of the journal, which was restored from a copy: it is built again", path)
    store.close()
    path.rename(directory / f"{STORE}.ahead")
    path.with_name(f"{STORE}.wal").unlink(missing_ok=True)
    shutil.rmtree(directory / MEMORY, ignore_errors=True)
    return DuckStore(path)


@contextmanager
def _mirror(config: Config, store: DuckStore) -> Iterator[None]:
    """Have a thread copy the store to the database that is configured, if any."""
    table = config.influx
    if table is None:
        yield
        return
    # Its client takes longer to load than all else of the hub, and most hubs have no mirror.
    from hub.store.influx import InfluxWriter  # noqa: PLC0415
    from hub.store.mirror import Mirror  # noqa: PLC0415

    ending = threading.Event()
    with InfluxWriter(table.url, table.org, table.bucket, config.influx_token) as writer:
        mirror = Mirror(store, writer, config.directory / "mirror.json")
        thread = threading.Thread(target=mirror.run, args=(ending,), name="mirror")
        thread.start()
        try:
            yield
        finally:
            ending.set()
            thread.join()


async def _watch(parts: _Parts) -> None:
    """End the hub when one of its threads has ended by a fault: whoever started it starts it again."""
    while True:
        await asyncio.sleep(LOOK_S)
        if not (parts.commit.alive and parts.judging.alive):
            raise HubError("the journal's or the judge's thread has failed; the log says why")


def _configured(config: Config) -> Configured:
    """Return by what is judged, but for the thresholds."""
    return Configured(
        grace_s=config.judge.grace_s,
        third_party=config.third_parties,
        areas=config.areas.read_text(encoding="utf-8"),
        rules=config.rules,
        standards=standard_texts(),
        checks=check_text(),
    )


def _rules(config: Config, zone: Zone) -> tuple[Rule, ...]:
    """Return the rules to judge by; what the check finds in them is logged, and does not keep the hub from judging."""
    rules = rules_of(config.rules)
    for flaw in lint(rules, areas=[area.id for area in zone.areas]):
        _log.warning("rule %s: %s: %s", *flaw)
    return rules


def _zone(config: Config) -> Zone:
    areas = areas_of(_geojson(config.areas), config.areas.name)
    return Zone(config.zone.name, config.zone.name_en, areas, _geojson(config.districts))


def _geojson(path: Path) -> dict[str, Any]:
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
    except msgspec.MsgspecError as error:
        raise ConfigError(path.name, "", "", str(error)) from error


def _site(config: Config) -> Site:
    hosts = LOOPBACK if is_loopback(config.http.host) else (*LOOPBACK, *config.http.hosts)
    return Site(hosts, config.http.username, config.http_password)


def _announce(directory: Path, url: str) -> None:
    """Write where the page is to `http.json`, whole or not at all, and say so."""
    fresh = directory / "http.json.new"
    fresh.write_bytes(msgspec.json.encode({"url": url}))
    fresh.replace(directory / "http.json")
    sys.stdout.write(f"hub ready {url}\n")
    sys.stdout.flush()
