"""SenML packs (RFC 8428, JSON): a list of records in which fields that begin with b hold for all that follow.

    [{"bn": "urn:dev:mac:0024befffe804ff1:", "bt": 1380873600, "bu": "Cel", "n": "temperature", "v": 23.1},
     {"n": "humidity", "u": "%RH", "v": 67, "t": -5}]

name = bn + n, unit = u or bu, value = bv + v, time = bt + t; seconds of Unix time, or relative to now when below 2^28.
vb is true or false; vs and vd, text and bytes, are no readings; labels that end with _ must be understood, or the
pack refused.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from edge.drivers.mqtt.unfit import Unfit

VERSION: Final = 10
RELATIVE_S: Final = 1 << 28
# A device named as RFC 9039 has it, and nothing behind: its only quantity goes without a name.
_DEVICE: Final = re.compile(r"urn:dev:[a-z]+:[^:]+:?")


class Entry(NamedTuple):
    """One resolved entry with a number or a truth.

    Attributes:
        name: whole.
        unit: "" when it names none.
        value: true and false count as 1 and 0.
        time_s: Unix seconds, or relative to now when below RELATIVE_S; None when it does not say.
    """

    name: str
    unit: str
    value: float
    time_s: float | None

    @property
    def time_ms(self) -> int | None:
        """UTC milliseconds; None for a time that is relative to now or not said."""
        return None if self.time_s is None or self.time_s < RELATIVE_S else round(self.time_s * 1000)

    @property
    def ago_ms(self) -> int:
        """Milliseconds before now of a relative time, 0 for all others."""
        return 0 if self.time_s is None or self.time_s >= RELATIVE_S else round(-self.time_s * 1000)

    def quantity(self, identity: str) -> str | None:
        """Return what the name says beyond the device's: "" for nothing; None when it is another device's."""
        if identity and not self.name.startswith(identity):
            return None
        rest = self.name.removeprefix(identity)
        if not identity and _DEVICE.fullmatch(rest):
            return ""
        return re.split(r"[:/]", rest.strip(":/-"))[-1]


def resolve(pack: object) -> list[Entry]:
    """Return the entries of a decoded pack that hold a number or a truth.

    Raises:
        Unfit: it is no SenML that we understand.
    """
    if not isinstance(pack, Sequence) or isinstance(pack, str):
        raise Unfit("no SenML: not a list")
    held: dict[str, Any] = {}
    entries = []
    for row in pack:
        if not isinstance(row, Mapping):
            raise Unfit("no SenML: an entry is no object")
        _check_labels(row)
        held |= {label: value for label, value in row.items() if label in _BASES}
        entry = _entry(row, held)
        if entry is not None:
            entries.append(entry)
    return entries


_TEXTS: Final = frozenset({"bn", "bu", "n", "u", "vs", "vd"})
_NUMBERS: Final = frozenset({"bt", "bv", "bs", "bver", "v", "s", "t", "ut"})
_BASES: Final = frozenset({"bn", "bt", "bu", "bv"})


def _check_labels(row: Mapping[str, Any]) -> None:
    for label, value in row.items():
        if label.endswith("_"):
            raise Unfit(f"no SenML for us: {label!r} must be understood")
        truth = isinstance(value, bool)
        number = isinstance(value, int | float) and not truth
        kinds = ((_TEXTS, isinstance(value, str)), (_NUMBERS, number), ({"vb"}, truth))
        if not all(fits for labels, fits in kinds if label in labels):
            raise Unfit(f"no SenML: {label!r} is of a wrong type")
    if row.get("bver", VERSION) > VERSION:
        raise Unfit(f"SenML of version {row['bver']}")


def _entry(row: Mapping[str, Any], held: Mapping[str, Any]) -> Entry | None:
    value = row.get("v", row.get("vb"))
    if value is None:
        return None
    if "v" in row:
        value += held.get("bv", 0)
    name = held.get("bn", "") + row.get("n", "")
    said = "t" in row or "bt" in held
    time_s = held.get("bt", 0) + row.get("t", 0) if said else None
    return Entry(name, row.get("u", held.get("bu", "")), float(value), time_s)
