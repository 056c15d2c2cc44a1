"""Devices of many quantities for our gateway: register maps and [[device]] tables."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from wire.properties import PROPERTIES

NAMES = list(PROPERTIES)


def profile(path: Path, first: int, count: int) -> str:
    """Write a register map of `count` quantities from an address on; return its path."""
    rows = [
        f'[[register]]\nproperty = "{name}"\naddress = {first + at}\ntype = "uint16"\n'
        f'unit = "{PROPERTIES[name].unit}"\n'
        for at, name in enumerate(NAMES[:count])
    ]
    path.write_text(f'title = "Bench"\nsource = "bench"\nfunction = 3\n{"".join(rows)}')
    return str(path)


def tables(place: Path, units: int, sizes: Sequence[int], period_s: float, port: str) -> list[Mapping[str, Any]]:
    """Return [[device]] tables that split each unit's registers: a device has each property once, a unit its host."""
    firsts = [sum(sizes[:at]) for at in range(len(sizes))]
    profiles = [profile(place / f"{first}.toml", first, size) for first, size in zip(firsts, sizes, strict=True)]
    every = {"station": "station", "driver": "modbus", "period_s": period_s, "timeout_s": 10.0}
    return [
        {
            **every,
            "id": f"unit-{unit}-{at}",
            "unit": unit,
            "profile": path,
            "port": port.replace("127.0.0.1", f"127.0.0.{unit}"),
        }
        for unit in range(1, units + 1)
        for at, path in enumerate(profiles)
    ]


def single(place: Path, tags: int, period_s: float, port: str) -> list[Mapping[str, Any]]:
    """Return [[device]] tables of as many tags of unit 1, each declared by itself: a device at an offset of its own."""
    every = {"station": "station", "driver": "modbus", "period_s": period_s, "timeout_s": 10.0, "unit": 1, "port": port}
    path = profile(place / "tag.toml", 0, 1)
    return [{**every, "id": f"tag-{at}", "profile": path, "offset": at} for at in range(tags)]
