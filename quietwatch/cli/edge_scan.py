"""`quietwatch edge scan`."""

import asyncio
import contextlib
import time
from argparse import Namespace
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from edge.advice import Place, advise
from edge.clock import GatewayClock
from edge.errors import PortError
from edge.listening import Talker
from edge.probe import Finding, port_state
from edge.scan import Parity, Plan, Scan, Setting, Unit
from edge.serial_ports import serial_ports
from quietwatch.cli.command import fail
from quietwatch.cli.language import language
from quietwatch.cli.live import Live, without_log
from quietwatch.cli.table import columns, table, wrap
from quietwatch.cli.values import duration, with_values
from wire.clock import SystemClock

SETTINGS: Final = (
    *(Setting(baud, "N") for baud in (9600, 4800, 19_200, 115_200, 38_400, 2400, 57_600)),
    *(Setting(baud, "E") for baud in (9600, 19_200, 4800)),
    Setting(9600, "O"),
)
_ALL: Final = range(1, 248)
# By which number a device behind a network port often calls itself.
_ITSELF: Final = 255
_PARITIES: Final[tuple[Parity, ...]] = ("N", "E", "O")


def run_scan(arguments: Namespace) -> int:
    """Find out what is on a line; 1 when nothing was found."""
    line = Live()
    begun_s = time.monotonic()

    def told(scan: Scan) -> None:
        found = len(scan.units) + len([talker for talker in scan.talkers if talker.driver != "modbus"])
        line.show(f"{scan.doing}; {found} found; {duration(scan.left_s)} left at most (Ctrl-C: stop)")

    scan = Scan(_plan(arguments), GatewayClock(SystemClock()), told)
    whole = False
    try:
        with contextlib.suppress(KeyboardInterrupt), without_log():
            asyncio.run(scan.run())
            whole = True
    except PortError as error:
        line.clear()
        place = Place(port_state(arguments.port), serial_ports())
        advice = advise(Finding("scan", "", "modbus", arguments.port, "no port", error.reason), place)
        fail(f"{error}: {getattr(advice, language(arguments.lang))}")
    line.clear()
    if arguments.json:
        found = {"port": arguments.port, "whole": whole, "talkers": scan.talkers, "units": scan.units}
        print(msgspec.json.encode(found).decode())
    else:
        print("\n".join(_described(scan, whole=whole, seconds=time.monotonic() - begun_s)))
    return 0 if scan.talkers or scan.units else 1


def _described(scan: Scan, *, whole: bool, seconds: float) -> list[str]:
    total = columns()
    lines = []
    if scan.talkers:
        lines += [
            "Heard without asking:",
            table(["driver", "model", "baud", "frames"], _talkers(scan.talkers), total),
            "",
        ]
    if scan.units:
        heads = ["unit", "baud", "ms", "profile that fits", "values it would give", "flag"]
        lines += ["Modbus units that answered:", table(heads, list(_units(scan.units)), total), ""]
    lines.append(f"{scan.plan.port}: {'done' if whole else 'STOPPED'} after {duration(seconds)}.")
    if not (scan.talkers or scan.units):
        said = "Nothing was found. Check the power, A and B, and that no agent runs; then try other speeds: --baud."
        lines += wrap(said, total)
    known = next((unit for unit in scan.units if unit.fits), None)
    if known is not None and known.fits:
        serial = f' baud = {known.baud}, parity = "{known.parity}",' if known.baud else ""
        profile = known.fits[0].profile
        said = f'For edge.toml: driver = "modbus",{serial} unit = {known.unit}, profile = "{profile}" and so on.'
        lines += wrap(said, total)
    return lines


def _talkers(talkers: Iterable[Talker]) -> list[list[str]]:
    return [[each.driver, each.model, str(each.baud), str(each.frames)] for each in talkers]


def _units(units: Sequence[Unit]) -> Iterable[list[str]]:
    for unit in units:
        setting = f"{unit.baud} 8{unit.parity}1" if unit.baud else ""
        cells = [str(unit.unit), setting, f"{unit.latency_ms:.0f}" if unit.latency_ms else ""]
        if not unit.fits:
            untried = "not tried yet" if unit.fits is None else "none of ours"
            yield [*cells, unit.said.split(":")[0].upper() if unit.garbled else untried, unit.said, ""]
        for fit in unit.fits or ():
            yield from with_values([*cells, f"{fit.profile} ({fit.good} of {fit.of})"], fit.values)
            cells = ["", "", ""]


def _plan(arguments: Namespace) -> Plan:
    port, network = arguments.port, "://" in arguments.port
    settings: Sequence[Setting] = SETTINGS
    if arguments.baud:
        parities = (arguments.parity,) if arguments.parity else _PARITIES
        settings = [Setting(baud, parity) for parity in parities for baud in arguments.baud]
    elif arguments.parity:
        settings = [setting for setting in SETTINGS if setting.parity == arguments.parity]
    numbers = arguments.ids or _ALL
    if network:
        settings = [Setting(0, "N")]
        numbers = arguments.ids or [*_ALL, _ITSELF]
    return Plan(port, numbers, settings, arguments.timeout, 0.0 if arguments.no_listen else 3.0)
