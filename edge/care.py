"""Care from afar on the running agent: which configuration is in force, and whether one on trial may stay."""

import logging
from collections.abc import Mapping

import msgspec
from nacl.signing import VerifyKey

from edge import remote
from edge.config import Config, read
from edge.drivers.driver import DeviceHealth
from edge.errors import ConfigError
from edge.remote import GOOD, Answer, Remote, Trial
from edge.tables import operator_key
from wire.clock import Clock

# They name the gateway, and who may change its configuration: nobody from afar.
FIXED = ("id", "key_file", "outbox_dir", "socket")
_FILE = "remote"
_NO_KEY = "refused: config_key in [hub] is not set on the gateway"
_log = logging.getLogger(__name__)


class Care:
    """Holds the gateway's own file, and what the hub wants in its place.

    Attributes:
        known: what is known of the hub's configurations.
        version: of the configuration in force, 0 for the gateway's own file.
    """

    def __init__(self, own: Config, clock: Clock) -> None:
        """Begin with the gateway's own file, as the agent starts."""
        self._own = own
        self._clock = clock
        self._store = remote.Store(own.outbox_dir / _FILE)
        self._trial: Trial | None = None
        self.known = self._store.load()
        self.version = 0
        self._know(remote.start(self.known, own.text))

    def in_force(self) -> Config:
        """Return the configuration to run."""
        holds = remote.in_force(self.known, self._own.text)
        if not holds.version:
            self.version = 0
            return self._own
        try:
            config = self._check(holds.text)
        except ConfigError as error:  # written for another version of the software
            _log.error("configuration %d: %s; the gateway's own file holds", holds.version, error)
            self._know(Remote(seen=self.known.seen, fault=str(error)))
            return self.in_force()
        self.version = holds.version
        return config

    def reread(self, own: Config) -> None:
        """Take the gateway's own file as it is now."""
        self._own = own
        self._know(remote.overrule(self.known, own.text))

    def arrive(self, signed: bytes, health: Mapping[str, DeviceHealth], config: Config) -> bool:
        """Take a configuration from the hub; return whether another one is in force now.

        Args:
            signed: as it came.
            health: how devices answer now.
            config: what runs now.
        """
        if not self._own.hub.config_key:
            self._know(msgspec.structs.replace(self.known, fault=_NO_KEY))
            return False
        whose = (self._own.gateway.id, VerifyKey(operator_key(self._own.hub.config_key)))
        known = remote.offer(self.known, signed, self._own.text, whose, self._check)
        if known == self.known:
            return False
        on_trial = bool(known.trial) and known.seen != self.known.seen
        if on_trial:
            answering = remote.answering(self._answers(health, config))
            known = msgspec.structs.replace(known, answering=tuple(sorted(answering)))
            self._trial = None
        self._know(known)
        _log.info("configuration %d from the hub: %s", known.seen, known.fault)
        return on_trial

    def refuse(self, error: Exception) -> None:
        """Note that what is in force cannot be run."""
        if self.known.trial:
            self._know(remote.take_back(self.known, f"refused: {error}"))

    def judge(self, health: Mapping[str, DeviceHealth], config: Config, hub_last_s: float | None, now_s: float) -> bool:
        """Look at a trial, if there is one; return whether it has ended.

        Args:
            health: how devices answer now.
            config: what runs now.
            hub_last_s: real seconds since the hub's last acknowledgement, None for none.
            now_s: real, of any origin.
        """
        if not self.known.trial:
            return False
        answers = self._answers(health, config)
        if self._trial is None:
            self._trial = Trial(now_s, frozenset(self.known.answering) & answers.keys())
        verdict = self._trial.verdict(answers, hub_last_s, now_s)
        if not verdict:
            return False
        self._trial = None
        self._know(remote.accept(self.known) if verdict == GOOD else remote.take_back(self.known, verdict))
        _log.info("configuration %d: %s", self.known.seen, self.known.fault or "accepted")
        return True

    def _check(self, text: str) -> Config:
        """Return the configuration of a text.

        Raises:
            ConfigError: it cannot be used here, or changes what nobody may change from afar.
        """
        config = read(self._own.path, text.encode())
        for key in FIXED:
            if getattr(config.gateway, key) != getattr(self._own.gateway, key):
                raise ConfigError(str(config.path), "gateway", key, "cannot be changed from afar")
        if config.hub.config_key != self._own.hub.config_key:
            raise ConfigError(str(config.path), "hub", "config_key", "cannot be changed from afar")
        return config

    def _answers(self, health: Mapping[str, DeviceHealth], config: Config) -> dict[str, Answer]:
        now_ms, found = self._clock.monotonic_ms(), {}
        for device in config.devices:
            last_ms = health[device.id].last_ms if device.id in health else None
            last_s = None if last_ms is None else self._clock.real_s((now_ms - last_ms) / 1000)
            found[device.id] = Answer(last_s, self._clock.real_s(device.period_s))
        return found

    def _know(self, known: Remote) -> None:
        """Keep what is known.

        A word alone is not written, so that noise from the broker wears out no card. What the disk does not take holds
        until the next start: then the hub sends it again.
        """
        before, self.known = self.known, known
        if msgspec.structs.replace(known, fault=before.fault) == before:
            return
        try:
            self._store.save(known)
        except OSError as error:
            _log.error("what the hub wants could not be kept: %s", error)
