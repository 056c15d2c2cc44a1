"""Care from afar on an agent: what is in force, what may not be changed, and how a trial ends."""

import base64
import errno
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from nacl.signing import SigningKey

from edge.care import Care
from edge.config import Config, load
from edge.drivers.driver import DeviceHealth
from edge.errors import ConfigError
from edge.remote import SETTLE_S, TRIAL_S, Remote, Store
from wire.configuration import Configuration, digest, encode_configuration

OPERATOR = SigningKey(bytes(32))
KEY = base64.b64encode(bytes(OPERATOR.verify_key)).decode()
FILE = """
[gateway]
id = "gw-1"
{gateway}
[hub]
host = "127.0.0.1"
config_key = "{key}"
[[station]]
id = "lab-1"
kind = "lab"
name = "一号"
longitude = 116.5
latitude = 39.8
[[device]]
id = "pm"
station = "lab-1"
driver = "pms"
port = "/dev/ttyUSB0"
period_s = {period_s}
"""


def text(key: str = KEY, gateway: str = "", period_s: int = 1) -> str:
    """Return a gateway's file."""
    return FILE.format(key=key, gateway=gateway, period_s=period_s)


@dataclass
class HandClock:
    """Real and field time are one, and a hand turns it."""

    now_ms: int = 1_000_000

    def utc_ms(self) -> int:
        """Return the time."""
        return self.now_ms

    def monotonic_ms(self) -> int:
        """Return the same time."""
        return self.now_ms

    def offset_ms(self) -> int:
        """Return nothing between them."""
        return 0

    def real_s(self, field_s: float) -> float:
        """Return the same."""
        return field_s

    async def sleep(self, field_s: float) -> None:
        """Turn the clock."""
        self.now_ms += int(field_s * 1000)


@dataclass
class Cabinet:
    """A gateway with one particle counter, and a hub that answers unless told otherwise."""

    place: Path
    clock: HandClock = field(default_factory=HandClock)
    pm: DeviceHealth = field(default_factory=DeviceHealth)
    config: Config = field(init=False)
    care: Care = field(init=False)

    def __post_init__(self) -> None:
        self.start(text())

    def start(self, own: str) -> None:
        """Start the agent, as if with the file as a person left it."""
        path = self.place / "edge.toml"
        path.write_text(own)
        self.care = Care(load(path), self.clock)
        self.config = self.care.in_force()
        self.pm.answered(self.clock.now_ms)

    def arrive(self, version: int, sent: str) -> bool:
        """Have a configuration arrive and, when it holds, run it."""
        signed = encode_configuration(Configuration("gw-1", version, 0, sent), OPERATOR)
        another = self.care.arrive(signed, {"pm": self.pm}, self.config)
        self.config = self.care.in_force()
        return another

    def pass_by(self, seconds: float, *, answers: bool = True, hub: bool = True) -> bool:
        """Let time go by, second by second; return whether a trial ended."""
        ended = False
        for _ in range(int(seconds)):
            self.clock.now_ms += 1000
            if answers:
                self.pm.answered(self.clock.now_ms)
            now_s = self.clock.now_ms / 1000
            ended = self.care.judge({"pm": self.pm}, self.config, 0.5 if hub else None, now_s) or ended
            self.config = self.care.in_force()
        return ended

    @property
    def period_s(self) -> float:
        """What tells configurations apart."""
        return self.config.devices[0].period_s


@pytest.fixture
def cabinet(tmp_path: Path) -> Cabinet:
    """A gateway that runs its own file."""
    (tmp_path / "outbox").mkdir()
    return Cabinet(tmp_path)


def test_a_configuration_that_works_stays(cabinet: Cabinet) -> None:
    """It runs from its arrival, is accepted after a while, and survives the next start."""
    assert cabinet.arrive(1, text(period_s=5))
    assert (5.0, 1, "on trial") == (cabinet.period_s, cabinet.care.version, cabinet.care.known.fault)
    assert cabinet.pass_by(SETTLE_S + 1)
    cabinet.start(text())

    assert (5.0, 1, "") == (cabinet.period_s, cabinet.care.version, cabinet.care.known.fault)


@pytest.mark.parametrize(
    ("answers", "hub", "why"),
    [(False, True, "taken back: pm fell silent"), (True, False, "taken back: the hub was not reached")],
)
def test_a_configuration_under_which_somebody_falls_silent_goes(
    cabinet: Cabinet, *, answers: bool, hub: bool, why: str
) -> None:
    """The file before holds again, without anybody on a ladder."""
    cabinet.arrive(1, text(period_s=5))

    assert cabinet.pass_by(TRIAL_S + 2, answers=answers, hub=hub)
    assert (1.0, 0, why) == (cabinet.period_s, cabinet.care.version, cabinet.care.known.fault)


def test_a_trial_goes_on_after_a_restart(cabinet: Cabinet) -> None:
    """A power cut is not the configuration's fault, and does not make its device answer."""
    cabinet.arrive(1, text(period_s=5))
    cabinet.pass_by(5, answers=False)
    cabinet.pm = DeviceHealth()
    cabinet.start(text())
    cabinet.pm = DeviceHealth()

    assert 1 == cabinet.care.version
    assert cabinet.pass_by(TRIAL_S + 2, answers=False)
    assert "pm fell silent" in cabinet.care.known.fault


@pytest.mark.parametrize(
    ("sent", "why"),
    [
        (text(gateway='outbox_dir = "elsewhere"'), "outbox_dir: cannot be changed from afar"),
        (text(gateway="flush = 1"), "flush: unknown key"),
        (text(key=base64.b64encode(bytes(32)).decode()), "config_key: cannot be changed from afar"),
    ],
)
def test_what_may_not_be_changed_from_afar_is_refused(cabinet: Cabinet, sent: str, why: str) -> None:
    """The gateway's identity and the operator's key stay in the hands of whoever stands before it."""
    assert not cabinet.arrive(3, sent)
    assert why in cabinet.care.known.fault
    assert (1.0, 3) == (cabinet.period_s, cabinet.care.known.seen)


def test_a_gateway_without_an_operators_key_takes_nothing(cabinet: Cabinet) -> None:
    """It says so, so that the operator need not guess."""
    cabinet.start(text(key=""))

    assert not cabinet.arrive(1, text())
    assert "config_key" in cabinet.care.known.fault


def test_the_file_changed_by_hand_holds_again(cabinet: Cabinet) -> None:
    """Also without a restart."""
    cabinet.arrive(1, text(period_s=5))
    cabinet.pass_by(SETTLE_S + 1)
    (cabinet.place / "edge.toml").write_text(text(period_s=9))
    cabinet.care.reread(load(cabinet.place / "edge.toml"))

    assert 9.0 == cabinet.care.in_force().devices[0].period_s
    assert (0, 1) == (cabinet.care.version, cabinet.care.known.seen)


def test_what_cannot_be_run_is_refused_afterwards(cabinet: Cabinet) -> None:
    """Some faults show only when the parts are put together."""
    cabinet.arrive(1, text(period_s=5))
    cabinet.care.refuse(ConfigError("edge.toml", "device", "port", "two devices on one port"))

    assert 0 == cabinet.care.in_force().devices[0].period_s - 1.0
    assert "two devices on one port" in cabinet.care.known.fault


def test_an_accepted_configuration_that_the_software_no_longer_reads_gives_way(cabinet: Cabinet) -> None:
    """After a downgrade the gateway's own file holds, rather than nothing."""
    newer = encode_configuration(Configuration("gw-1", 4, 0, text(gateway="of_next_year = 1")), OPERATOR)
    Store(cabinet.place / "outbox" / "remote").save(Remote(seen=4, accepted=newer, local=digest(text())))
    cabinet.start(text())

    assert (1.0, 0, 4) == (cabinet.period_s, cabinet.care.version, cabinet.care.known.seen)
    assert "of_next_year" in cabinet.care.known.fault


def test_a_disk_that_takes_nothing_stops_no_gateway(cabinet: Cabinet, monkeypatch: pytest.MonkeyPatch) -> None:
    """The configuration holds for as long as the agent runs; at the next start the hub has to send it again."""

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr("os.write", full)
        held = cabinet.arrive(1, text(period_s=5))
    during = cabinet.period_s
    cabinet.start(text())

    assert (True, 5.0) == (held, during)
    assert (1.0, 0) == (cabinet.period_s, cabinet.care.known.seen)


def test_noise_from_the_broker_writes_nothing_on_the_card(cabinet: Cabinet) -> None:
    """Whoever can publish could otherwise wear it out."""
    for length in (3, 200, 300):
        cabinet.care.arrive(bytes(length), {"pm": cabinet.pm}, cabinet.config)

    assert "refused" in cabinet.care.known.fault
    assert not (cabinet.place / "outbox" / "remote").exists()
