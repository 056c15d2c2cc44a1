"""Remote care: a configuration that the hub sends is checked, tried, and then accepted or taken back.

    arrives → refused: not ours, not newer, not usable
            → on trial → accepted: every device that answered before answers again, and so does the hub
                       → taken back: somebody fell silent, or the agent did not survive it

What a person changes in the gateway's own file afterwards overrules whatever the hub sent before. Pure but for `Store`.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
from nacl.signing import VerifyKey

from edge.errors import ConfigError
from wire.configuration import digest, read_configuration, verify_configuration
from wire.errors import BadSignature, NotAnEnvelope

# An agent that was started so often without its trial coming to an end does not survive the configuration.
MAX_STARTS: Final = 3
# Real seconds: a trial ends well no sooner than the one, and badly no later than the other.
SETTLE_S: Final = 10.0
TRIAL_S: Final = 300.0
# A device has this many of its periods to answer.
PERIODS: Final = 3
GOOD: Final = "good"
_CHANGED: Final = "the file on the gateway was changed afterwards and holds"
_DIED: Final = "taken back: the agent was started {} times and did not get through its trial"


class Remote(msgspec.Struct, frozen=True):
    """What is known of the hub's configurations; kept on disk.

    Attributes:
        seen: the highest version that ever arrived with the operator's signature.
        accepted: the signed configuration in force, empty for none.
        trial: the one that is being tried, empty for none.
        starts: how often the agent has been started with it.
        local: digest of the gateway's own file that they take the place of.
        answering: devices that answered when the trial began.
        fault: why version `seen` is not in force, in words; "" when it is.
    """

    seen: int = 0
    accepted: bytes = b""
    trial: bytes = b""
    starts: int = 0
    local: str = ""
    answering: tuple[str, ...] = ()
    fault: str = ""


class InForce(NamedTuple):
    """The configuration to run.

    Attributes:
        text: TOML.
        version: 0 for the gateway's own file.
        on_trial: whether it still has to prove itself.
    """

    text: str
    version: int
    on_trial: bool


def in_force(remote: Remote, local: str) -> InForce:
    """Return what holds.

    Args:
        remote: what is known.
        local: the gateway's own file.
    """
    signed = remote.trial or remote.accepted
    if not signed or remote.local != digest(local):
        return InForce(local, 0, on_trial=False)
    sent = read_configuration(signed)
    return InForce(sent.text, sent.version, on_trial=bool(remote.trial))


def overrule(remote: Remote, local: str) -> Remote:
    """Return what is known once the gateway's own file was read again: when a person changed it, it holds."""
    if not (remote.accepted or remote.trial) or remote.local == digest(local):
        return remote
    return Remote(seen=remote.seen, fault=_CHANGED)


def start(remote: Remote, local: str) -> Remote:
    """Return what is known when the agent starts: a trial that it did not survive is taken back."""
    remote = overrule(remote, local)
    if not remote.trial:
        return remote
    if remote.starts >= MAX_STARTS:
        return take_back(remote, _DIED.format(MAX_STARTS))
    return msgspec.structs.replace(remote, starts=remote.starts + 1)


def offer(
    remote: Remote, signed: bytes, local: str, whose: tuple[str, VerifyKey], check: Callable[[str], object]
) -> Remote:
    """Return what is known after a configuration has arrived: on trial, or why not.

    Args:
        remote: what was known.
        signed: as it came.
        local: the gateway's own file.
        whose: the gateway's id and the operator's key.
        check: raises `ConfigError` for a text that this gateway cannot use.
    """
    gateway, key = whose
    try:
        verify_configuration(signed, key)
        sent = read_configuration(signed)
    except (BadSignature, NotAnEnvelope) as error:
        # Whoever can reach the broker can send noise: it must not be able to use up a version.
        return msgspec.structs.replace(remote, fault=f"refused: {error}")
    if sent.gateway != gateway:
        return msgspec.structs.replace(remote, fault=f"refused: it is for {sent.gateway}")
    if sent.version <= remote.seen:
        return remote
    seen = msgspec.structs.replace(remote, seen=sent.version)
    try:
        check(sent.text)
    except ConfigError as error:
        return msgspec.structs.replace(seen, fault=f"refused: {error}")
    return msgspec.structs.replace(seen, trial=signed, starts=1, local=digest(local), fault="on trial")


def accept(remote: Remote) -> Remote:
    """Return what is known after a trial that went well."""
    return msgspec.structs.replace(remote, accepted=remote.trial, trial=b"", starts=0, fault="")


def take_back(remote: Remote, fault: str) -> Remote:
    """Return what is known after a trial that failed: what was in force before holds again."""
    return msgspec.structs.replace(remote, trial=b"", starts=0, fault=fault)


class Answer(NamedTuple):
    """How one device answers.

    Attributes:
        last_s: real seconds since its last answer, None when it has not answered since the agent's start.
        period_s: real seconds between two readings.
    """

    last_s: float | None
    period_s: float


@dataclass(frozen=True, slots=True)
class Trial:
    """What a configuration has to keep going.

    Attributes:
        began_s: real seconds of any origin.
        answering: devices that answered before it, and in it are still there.
    """

    began_s: float
    answering: frozenset[str]

    def verdict(self, devices: Mapping[str, Answer], hub_last_s: float | None, now_s: float) -> str:
        """Return "" while it is open, GOOD, or why the configuration has to be taken back.

        Args:
            devices: by id.
            hub_last_s: real seconds since the hub's last acknowledgement, None for none.
            now_s: of the same origin as `began_s`.
        """
        lasted_s = now_s - self.began_s
        silent = [name for name in sorted(self.answering) if not _within(devices[name].last_s, lasted_s)]
        hub = _within(hub_last_s, lasted_s)
        if hub and not silent:
            return GOOD if lasted_s >= SETTLE_S else ""
        longest_s = max((PERIODS * devices[name].period_s for name in silent), default=0.0)
        if lasted_s < max(TRIAL_S, longest_s):
            return ""
        reasons = [f"{', '.join(silent)} fell silent"] if silent else []
        return "taken back: " + "; ".join(reasons if hub else [*reasons, "the hub was not reached"])


def answering(devices: Mapping[str, Answer]) -> frozenset[str]:
    """Return who answers now: within its last periods."""
    return frozenset(name for name, each in devices.items() if _within(each.last_s, PERIODS * each.period_s))


def _within(last_s: float | None, limit_s: float) -> bool:
    return last_s is not None and last_s <= limit_s


class Store:
    """One file with what is known, replaced as a whole."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> Remote:
        """Return what is known; nothing when there is no file, or one that a power cut or a hand has spoilt."""
        try:
            return msgspec.msgpack.decode(self._path.read_bytes(), type=Remote)
        except (OSError, msgspec.MsgspecError):
            return Remote()

    def save(self, remote: Remote) -> None:
        """Keep what is known; durable on return.

        Raises:
            OSError: the disk does not take it.
        """
        draft = self._path.with_suffix(".new")
        fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            os.write(fd, msgspec.msgpack.encode(remote))
            os.fsync(fd)
        finally:
            os.close(fd)
        draft.rename(self._path)
