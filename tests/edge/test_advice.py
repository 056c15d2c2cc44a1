"""What to try: every failure has an advice, in both languages."""

from typing import get_args

import msgspec
import pytest

from edge.advice import Phrase, Place, advise, advise_line
from edge.probe import Finding, Shown, Verdict

THERE = Place("there")
SILENT = Finding("dust", "lab", "modbus", "/dev/ttyUSB0", "silent", "silent: no answer in time")


def changed(**parts: object) -> Finding:
    """Return the silent finding with other parts."""
    return msgspec.structs.replace(SILENT, **parts)


@pytest.mark.parametrize("verdict", sorted(set(get_args(Verdict)) - {"answered"}))
@pytest.mark.parametrize("state", ["network", "missing", "forbidden", "there"])
def test_whatever_fails_has_an_advice(verdict: str, state: str) -> None:
    """Both languages say something, and nothing is left to be filled in."""
    advice = advise(changed(verdict=verdict), Place(state, ["/dev/ttyUSB1"]))  # type: ignore[arg-type]

    assert isinstance(advice, Phrase)
    assert all(said and "{" not in said for said in advice)


@pytest.mark.parametrize(
    ("finding", "place", "word"),
    [
        (SILENT, THERE, "A and B"),
        (changed(fault="silent: nothing arrived"), THERE, "TX"),
        (changed(fault="late: it answers after more than 1 s"), THERE, "timeout_s"),
        (changed(port="tcp://10.0.0.3:502"), Place("network"), "rtu+tcp://"),
        (changed(port="mqtt://10.0.0.3:1883", verdict="not asked"), Place("network"), "topic"),
        (changed(verdict="garbled", fault="garbled: the checksum is wrong"), THERE, "120 ohm"),
        (changed(verdict="garbled", fault="unit 6 answers in its place: ..."), THERE, "one number"),
        (changed(verdict="refused", exception=2), THERE, "profile"),
        (changed(verdict="refused", exception=11), THERE, "behind it"),
        (changed(verdict="refused", exception=4), THERE, "exception 4"),
        (changed(verdict="no port"), Place("missing", ["/dev/ttyUSB1"]), "/dev/ttyUSB1"),
        (changed(verdict="no port"), Place("forbidden"), "dialout"),
        (changed(verdict="no port", fault="cannot be opened: in use"), THERE, "fuser /dev/ttyUSB0"),
        (changed(verdict="no port", fault="this port knows no parity"), THERE, 'parity = "N"'),
        (changed(verdict="no port", fault="went away: end of stream"), THERE, "dmesg"),
        (changed(verdict="answered", values=(Shown("no2", "ppb", None, 9),)), THERE, "no2"),
        (changed(verdict="answered", values=(Shown("no2", "ppb", 1.0, 4),)), THERE, "no2"),
    ],
)
def test_the_advice_fits_the_failure(finding: Finding, place: Place, word: str) -> None:
    """The word that only this advice has, in English and Chinese alike or translated."""
    advice = advise(finding, place)

    assert advice is not None
    assert word in advice.en


def test_nothing_is_said_when_all_is_well() -> None:
    """A good device on a quiet line needs no words."""
    well = changed(verdict="answered", values=(Shown("no2", "ppb", 20.0, 2),))

    assert (None, None) == (advise(well, THERE), advise_line(well))


def test_who_talks_unasked_is_named() -> None:
    """Known by its frames, or else just somebody."""
    named, unknown = (advise_line(changed(unasked=130, talkers=talkers)) for talkers in ((6,), ()))

    assert named is not None
    assert unknown is not None
    assert ("unit 6 talks", "somebody talks") == (named.en[:12], unknown.en[:14])
    assert "地址 6 的设备未经询问" in named.zh
