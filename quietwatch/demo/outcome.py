"""What a run of the demo gave, and whether its scene came true."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from quietwatch.demo.ledger import Comparison
from quietwatch.demo.times import iso

# Kinds of ticket that say "this device lies"; gaps and silence belong to the network.
_DEVICE_TICKETS = frozenset({"range", "flat_line", "gain"})
_SOURCES = frozenset({"dust", "lab", "vehicle_source"})
_FAULTS = {"stuck": "flat_line", "gain": "gain"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """One run.

    Attributes:
        comparison: ledger against store.
        truth: what the simulator injected, as its `truth.json` lists it.
        leads, tickets: as the hub lists them.
        red_ms: field time at which an area was first shown red.
        pushes: as received: area, cause, delay in real seconds.
        timed_s: real seconds that the scene took.
        timed_readings: readings stored in that time.
    """

    comparison: Comparison
    truth: Sequence[Mapping[str, Any]]
    leads: Sequence[Mapping[str, Any]]
    tickets: Sequence[Mapping[str, Any]]
    red_ms: Mapping[str, int]
    pushes: Sequence[Mapping[str, Any]]
    timed_s: float
    timed_readings: int

    def faults(self) -> list[str]:
        """Return what is wrong with the run, in words; empty when everything came true."""
        expected = {(item["area"], item["property"]) for item in self.truth if item["kind"] in _SOURCES}
        found = {(lead["area"], lead["cause"]["property"]) for lead in self.leads}
        devices = {(item["device"], _FAULTS[item["kind"]]) for item in self.truth if item["kind"] in _FAULTS}
        ticketed = {(_device(t["subject"]), t["kind"]) for t in self.tickets if t["kind"] in _DEVICE_TICKETS}
        lines = [f"lead expected and not opened: {area}, {name}" for area, name in sorted(expected - found)]
        lines += [f"lead opened without a source: {area}, {name}" for area, name in sorted(found - expected)]
        lines += [f"ticket expected and not opened: {name}, {kind}" for name, kind in sorted(devices - ticketed)]
        lines += [f"ticket opened without a fault: {name}, {kind}" for name, kind in sorted(ticketed - devices)]
        if set(self.red_ms) != {area for area, _ in expected}:
            lines.append(f"red areas: {sorted(self.red_ms)}, expected {sorted({area for area, _ in expected})}")
        if len(self.pushes) != len(self.leads):
            lines.append(f"{len(self.pushes)} pushes were received for {len(self.leads)} leads")
        for name in ("lost", "duplicates"):
            if count := getattr(self.comparison, name):
                lines.append(f"{count} readings {'lost' if name == 'lost' else 'doubled'}")
        return lines

    def as_json(self) -> dict[str, Any]:
        """Return the object that `--json` prints."""
        return {
            "readings_made": self.comparison.made,
            "readings_stored": self.comparison.stored,
            "lost": self.comparison.lost,
            "duplicates": self.comparison.duplicates,
            "in_flight_at_kill": self.comparison.in_flight,
            "red_areas": sorted(self.red_ms),
            "leads": [
                {"area": lead["area"], "cause": lead["cause"]}
                | {"episode_start": iso(lead["episode_start_ms"]), "opened_at": iso(lead["opened_ms"])}
                for lead in sorted(self.leads, key=lambda lead: (lead["episode_start_ms"], lead["area"]))
            ],
            "pushes": list(self.pushes),
            "tickets": [{"subject": ticket["subject"], "kind": ticket["kind"]} for ticket in self.tickets],
            "event_to_red_s": self.event_to_red_s(),
            "readings_per_s": round(self.timed_readings / self.timed_s, 1),
            "faults": self.faults(),
        }

    def event_to_red_s(self) -> dict[str, float | None]:
        """Return field seconds from when instruments can see a source until the map is red: p50 and p95."""
        onset = {item["area"]: int(item["seen_ms"]) for item in self.truth if item["kind"] in _SOURCES}
        waits = [(self.red_ms[area] - start) / 1000 for area, start in onset.items() if area in self.red_ms]
        if not waits:
            return {"p50": None, "p95": None}
        return {"p50": round(float(np.percentile(waits, 50)), 1), "p95": round(float(np.percentile(waits, 95)), 1)}


def _device(subject: str) -> str:
    """Return the device of a datastream "station/device/property", or the subject itself."""
    parts = subject.split("/")
    return parts[1] if len(parts) == 3 else subject
