"""`quietwatch edge probe`."""

import asyncio
from argparse import Namespace
from collections.abc import Sequence
from typing import Final

import msgspec

from edge.advice import Place, advise, advise_line
from edge.clock import GatewayClock
from edge.config import Config
from edge.drivers.driver import DeviceSettings
from edge.probe import Finding, port_state, probe
from edge.serial_ports import serial_ports
from quietwatch.cli.agent_state import ask_agent
from quietwatch.cli.command import fail
from quietwatch.cli.edge_check import loaded
from quietwatch.cli.edge_status import device_table
from quietwatch.cli.language import Language, language
from quietwatch.cli.live import Live, without_log
from quietwatch.cli.table import columns, table, wrap
from quietwatch.cli.values import with_values
from wire.clock import SystemClock

_ANSWERED: Final = {
    "answered": "yes",
    "silent": "SILENT",
    "garbled": "GARBLED",
    "babbling": "BABBLES",
    "refused": "REFUSED",
    "no port": "NO PORT",
    "not asked": "no time",
}


def run_probe(arguments: Namespace) -> int:
    """Talk to every device once; 1 when one of them did not answer."""
    config = loaded(arguments.config)
    devices = _chosen(config, arguments.device)
    if _agent_runs(config, [device.id for device in devices], arguments):
        return 1
    line = Live()

    def told(settled: Sequence[str]) -> None:
        line.show(f"probing: {len(settled)} of {len(devices)} devices settled")

    with without_log():
        findings = asyncio.run(probe(devices, GatewayClock(SystemClock()), arguments.seconds, told))
    line.clear()
    tongue = language(arguments.lang)
    if arguments.json:
        print(msgspec.json.encode([_with_advice(finding, tongue) for finding in findings]).decode())
    else:
        print(described(findings, tongue, columns()))
    return 0 if all(finding.verdict == "answered" for finding in findings) else 1


def described(findings: Sequence[Finding], tongue: Language, total: int) -> str:
    """Return the table of findings, and below it what to try."""
    rows = []
    for each in findings:
        latency = f"{each.latency_ms:.0f}" if each.latency_ms else ""
        rows += with_values([each.device, each.port, _ANSWERED[each.verdict], latency], each.values)
    lines = [table(["device", "port", "answered", "ms", "values", "flag"], rows, total)]
    answered = sum(finding.verdict == "answered" for finding in findings)
    lines += ["", f"{answered} of {len(findings)} devices answered."]
    for advice, names in _to_try(findings, tongue).items():
        lines.append("")
        lines += [line for name in dict.fromkeys(names) for line in wrap(name, total, "    ")]
        lines += wrap(f"  {advice}", total, "  ")
    return "\n".join(lines)


def _to_try(findings: Sequence[Finding], tongue: Language) -> dict[str, list[str]]:
    """Return what to try, and for which ports and devices."""
    tried: dict[str, list[str]] = {}
    for finding in findings:
        line = advise_line(finding)
        if line is not None:
            tried.setdefault(getattr(line, tongue), []).append(finding.port)
    for finding in findings:
        advice = advise(finding, _place(finding))
        if advice is not None:
            fault = f": {finding.fault}" if finding.fault else ""
            tried.setdefault(getattr(advice, tongue), []).append(finding.device + fault)
    return tried


def _with_advice(finding: Finding, tongue: Language) -> dict[str, object]:
    advice = advise(finding, _place(finding))
    return {**msgspec.to_builtins(finding), "advice": advice and getattr(advice, tongue)}


def _place(finding: Finding) -> Place:
    return Place(port_state(finding.port), serial_ports())


def _chosen(config: Config, ids: Sequence[str] | None) -> list[DeviceSettings]:
    known = {device.id: device for device in config.devices}
    for each in ids or ():
        if each not in known:
            fail(f"no device {each!r} in this configuration: one of {', '.join(known)}")
    return [known[each] for each in ids] if ids else list(config.devices)


def _agent_runs(config: Config, ids: Sequence[str], arguments: Namespace) -> bool:
    """Show what the running agent knows of the devices, when there is one: it alone may use their ports."""
    try:
        answer = ask_agent(config.socket) if config.socket else None
    except PermissionError:
        fail(f"the agent runs and holds the ports, and {config.socket} is not for this user: use sudo")
    except ValueError:
        return False
    if answer is None:
        return False
    if arguments.json:
        print(answer[0].decode())
        return True
    said = (
        "The agent runs and holds the ports: this is what it has heard last. To probe by yourself, stop it first (sudo"
        " systemctl stop quietwatch-edge) and start it again when you are done."
    )
    print("\n".join([*wrap(said, columns()), ""]))
    print(device_table([device for device in answer[1].devices if device.id in ids], columns()))
    return True
