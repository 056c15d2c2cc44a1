"""`quietwatch sim bus`."""

import json
from argparse import Namespace
from pathlib import Path

from firmware_sim.bus import DEMONSTRATION, run
from quietwatch.cli.serve import serve
from wire.clock import SystemClock

_TOML = """\
# Six units on a simulated bus: three good ones, one silent, one garbling, one babbling.
[gateway]
id = "gw-bus"

[hub]
host = "127.0.0.1"

[[station]]
id = "bench"
kind = "lab"
name = "试验台"
name_en = "Test bench"
longitude = 116.5
latitude = 39.8
"""


def run_bus(arguments: Namespace) -> int:
    """Run a simulated RS-485 bus with good and bad units until told to end."""
    directory: Path = arguments.directory
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "edge.toml").write_text(configuration(directory), "utf-8")
    print(f"try: quietwatch edge probe {directory}/edge.toml; quietwatch edge scan {directory}/bus", flush=True)
    return serve(run(directory.absolute(), DEMONSTRATION, SystemClock(), echo=arguments.echo), OSError)


def configuration(directory: Path) -> str:
    """Return the edge.toml of a gateway on the bus of a directory."""
    port = json.dumps(str(directory.absolute() / "bus"))
    return _TOML + "".join(
        f"""
[[device]]
id = "{unit.device}"
driver = "modbus"
station = "bench"
port = {port}
period_s = 5
unit = {number}
profile = "{unit.model}"
"""
        for number, unit in DEMONSTRATION.items()
    )
