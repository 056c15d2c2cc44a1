"""`quietwatch edge status`."""

from argparse import Namespace
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from edge.state import AgentState, DeviceState, OutboxState, UplinkState
from quietwatch.cli.agent_state import ask_agent, find_socket
from quietwatch.cli.command import fail
from quietwatch.cli.table import columns, table, wrap
from quietwatch.cli.values import duration, with_values

_CLOCK: Final = {
    "ntp": "right, by NTP",
    "hub": "told by the hub",
    "unset": "NOT KNOWN: readings wait for the hub or NTP to tell it",
}


def status(arguments: Namespace) -> int:
    """Show what the running agent says of itself."""
    path = find_socket(arguments.socket, arguments.config)
    try:
        answer = ask_agent(path)
    except PermissionError:
        fail(f"{path}: not for this user: use sudo, or sudo usermod -aG quietwatch $USER and log in again")
    except ValueError as error:
        fail(error)
    if answer is None:
        fail(f"{path}: no agent runs there (systemctl status quietwatch-edge)")
    said, state = answer
    print(said.decode() if arguments.json else described(state))
    return 0


def described(state: AgentState) -> str:
    """Return what a person wants to know of an agent."""
    lines = [f"gateway  {state.gateway}, {state.version}, up {duration(state.uptime_s)}"]
    told = f" ({_date(state.clock.utc_ms)})" if state.clock.utc_ms is not None else ""
    lines.append(f"clock    {_CLOCK[state.clock.source]}{told}")
    lines.append(f"hub      {_uplink(state.uplink)}")
    lines.append(f"outbox   {_outbox(state.outbox)}")
    config = state.config
    origin = f"version {config.version} from the hub" if config.version else config.origin
    lines.append(f"config   {origin} ({config.digest})")
    if config.refused:
        lines.append(f"         NOT TAKEN OVER as it is now: {config.refused}")
    total = columns()
    paragraphs = [part for line in lines for part in wrap(line, total, " " * 9)]
    return "\n".join([*paragraphs, "", device_table(state.devices, total)])


def device_table(devices: Sequence[DeviceState], total: int) -> str:
    """Return a table of devices with their newest values, and below it what is wrong."""
    rows = []
    for each in devices:
        rows += with_values([each.id, each.port, _answers(each), _latency(each.latency_ms)], each.values)
    lines = [table(["device", "port", "answers", "ms", "newest values", "flag"], rows, total)]
    wrong = [each for each in devices if each.fault and (each.silent or not each.open or each.last_s is None)]
    if wrong:
        lines.append("")
    lines += [line for each in wrong for line in wrap(f"{each.id}: {each.fault}", total, "  ")]
    return "\n".join(lines)


def _answers(device: DeviceState) -> str:
    if not device.open:
        return "PORT LOST"
    if device.last_s is None:
        return "NO" if device.fault else "not yet"
    since = f"{duration(device.last_s)} ago"
    return f"NO, last {since}" if device.silent else since


def _latency(latency_ms: float) -> str:
    return f"{latency_ms:.0f}" if latency_ms else ""


def _uplink(uplink: UplinkState) -> str:
    broker = f"{uplink.host}:{uplink.port} for {duration(uplink.since_s)}"
    if not uplink.connected:
        return f"NOT CONNECTED to {broker}{': ' + uplink.fault if uplink.fault else ''}; readings are kept"
    last = "none yet" if uplink.last_ack_s is None else f"{duration(uplink.last_ack_s)} ago"
    return f"connected to {broker}; last acknowledgement {last}"


def _outbox(outbox: OutboxState) -> str:
    oldest = f", the oldest of {_date(outbox.oldest_unacked_ms)}" if outbox.oldest_unacked_ms is not None else ""
    given_up = f"{outbox.dropped} readings GIVEN UP for want of room" if outbox.dropped else "nothing given up"
    size = f"{outbox.bytes / 1e6:.1f} of {outbox.cap_bytes / 1e6:.0f} MB"
    return f"{outbox.blocks} blocks wait for the hub{oldest}; {size} on disk; {given_up}"


def _date(utc_ms: int) -> str:
    return f"{datetime.fromtimestamp(utc_ms / 1000, UTC):%Y-%m-%d %H:%M:%S} UTC"
