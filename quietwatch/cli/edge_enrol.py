"""`quietwatch edge enrol`."""

import asyncio
import importlib.metadata
import io
import json
from argparse import Namespace
from typing import Final

import segno

from edge.advice import Phrase
from edge.config import Config
from edge.enrol import Reached, reach_hub
from edge.errors import EdgeError, UplinkError
from edge.key import load_or_create
from quietwatch.cli.agent_state import ask_agent
from quietwatch.cli.command import fail
from quietwatch.cli.edge_check import loaded
from quietwatch.cli.language import language
from quietwatch.cli.live import without_log
from quietwatch.cli.table import columns, wrap
from wire.enrolment import Enrolment

_WELL: Final = Phrase(
    "all is well: the broker {where} is reached {how}, and the hub knows {gateway}",
    "一切正常：已连接 {where}（{how}），中心已认可 {gateway}",
)
_UNKNOWN: Final = Phrase(
    "NOT YET: the broker {where} is reached {how}, but the hub does not acknowledge {gateway}. Give the line above to"
    " the hub: quietwatch hub enrol LINE",
    "还差一步：已连接 {where}（{how}），但中心没有认可 {gateway}。把上面一行交给中心：quietwatch hub enrol LINE",
)
_UNREACHED: Final = Phrase(
    "NOT WELL: the broker {where} is not reached: {fault}. Check the address, the network, ca_file and the password",
    "有问题：连接不上 {where}：{fault}。检查地址、网络、ca_file 和密码",
)
_UNTRIED: Final = Phrase("the key is there; broker and hub were not tried", "密钥已就绪，未尝试连接服务器和中心")


def enrol(arguments: Namespace) -> int:
    """Show the gateway's public key as a QR code, and say in one line whether all is well; 1 when not."""
    config = loaded(arguments.config)
    try:
        key = load_or_create(config.key_file)
    except EdgeError as error:
        fail(error)
    reached = None if arguments.no_connect else _reached(config, arguments.patience)
    text = Enrolment(config.gateway.id, key.verify_key).text()
    well = reached is None or reached.hub
    if arguments.json:
        print(json.dumps({"enrolment": text, "broker": reached and reached.broker, "hub": reached and reached.hub}))
        return 0 if well else 1
    print(qr(text))
    print(text)
    print("\n".join(wrap(getattr(_verdict(config, reached), language(arguments.lang)), columns())))
    return 0 if well else 1


def qr(text: str) -> str:
    """Return a QR code for a terminal, two rows of it in one line."""
    drawn = io.StringIO()
    segno.make(text, error="m", micro=False).terminal(drawn, border=2, compact=True)
    return drawn.getvalue().rstrip("\n")


def _reached(config: Config, patience_s: float) -> Reached:
    """Ask the running agent, or open a session when there is none."""
    try:
        answer = ask_agent(config.socket) if config.socket else None
    except (PermissionError, ValueError) as error:
        fail(f"the agent runs, and its socket cannot be used: {error}")
    if answer is None:
        try:
            with without_log():
                return asyncio.run(reach_hub(config, importlib.metadata.version("quietwatch"), patience_s))
        except UplinkError as error:
            return Reached(broker=False, hub=False, fault=str(error))
    uplink = answer[1].uplink
    return Reached(uplink.connected, uplink.connected and uplink.last_ack_s is not None, fault=uplink.fault)


def _verdict(config: Config, reached: Reached | None) -> Phrase:
    if reached is None:
        return _UNTRIED
    said = _WELL if reached.hub else _UNKNOWN if reached.broker else _UNREACHED
    words = {
        "where": f"{config.hub.host}:{config.hub.port}",
        "gateway": config.gateway.id,
        "fault": reached.fault or "no answer",
    }
    return Phrase(
        said.en.format(how="with TLS" if config.ca_file else "without TLS", **words),
        said.zh.format(how="TLS" if config.ca_file else "无 TLS", **words),
    )
