"""What the journal says of how is judged: an entry of kind config, in force from its place in the journal on."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from hub.anomaly.rule import Rule
from hub.anomaly.rulebook import rules_of
from hub.anomaly.standard import standards_of
from hub.area.geometry import areas_of
from hub.checks import Calibration
from hub.errors import ConfigError
from hub.model import Area
from hub.quality.bound import sound
from hub.quality.settings import CHECKS, CheckSettings, read_checks
from hub.third_party import ThirdParty


class Configured(msgspec.Struct, frozen=True, kw_only=True):
    """An entry of kind config; what one of an earlier hub does not say is empty, and the program's own then holds.

    Attributes:
        grace_s: how long a minute stayed open, in field seconds; the ticks say when it closed.
        third_party: who may report without a signature.
        areas: of the zone, GeoJSON.
        rules, standards: the texts of all files, TOML, by name.
        checks: settings of the checks of devices, TOML.
        thresholds: by which the hourly checks judge; None for none.
    """

    grace_s: float = 30.0
    third_party: tuple[ThirdParty, ...] = ()
    areas: str = ""
    rules: Mapping[str, str] = {}
    standards: Mapping[str, str] = {}
    checks: str = ""
    thresholds: Calibration | None = None

    def rules_in_force(self) -> tuple[Rule, ...] | None:
        """Return the rules, None when the entry does not say.

        Raises:
            ConfigError: this program cannot read them.
        """
        if not self.rules:
            return None
        return rules_of(self.rules, standards_of(self.standards) if self.standards else None)

    def checks_in_force(self) -> CheckSettings | None:
        """Return the settings of the checks, None when the entry does not say.

        Raises:
            ConfigError: this program cannot read them.
        """
        return sound(CHECKS, read_checks(CHECKS, self.checks)) if self.checks else None

    def zone(self) -> Sequence[Area] | None:
        """Return the areas, None when the entry does not say.

        Raises:
            ConfigError: this program cannot read them.
        """
        if not self.areas:
            return None
        try:
            return areas_of(msgspec.json.decode(self.areas, type=dict[str, Any]), "areas")
        except msgspec.MsgspecError as error:
            raise ConfigError("areas", "", "", str(error)) from error


class InForce(NamedTuple):
    """By what is judged; rules and checks None for those that come with the program."""

    areas: Sequence[Area]
    rules: Sequence[Rule] | None
    checks: CheckSettings | None = None


def in_force(said: Configured, own: InForce) -> tuple[InForce, tuple[str, ...]]:
    """Return what an entry puts in force, and what of it this program cannot read, as sentences.

    Args:
        said: the entry.
        own: what holds in place of what it does not say, or what cannot be read.
    """
    (areas, rules, checks), flaws = own, []
    try:
        areas = own.areas if (listed := said.zone()) is None else listed
    except ConfigError as error:
        flaws.append(str(error))
    try:
        rules = said.rules_in_force() or own.rules
    except ConfigError as error:
        flaws.append(str(error))
    try:
        checks = said.checks_in_force() or own.checks
    except ConfigError as error:
        flaws.append(str(error))
    return InForce(areas, rules, checks), tuple(flaws)


_decode = msgspec.json.Decoder(Configured).decode


def read_configured(envelope: bytes) -> Configured:
    """Return what an entry of kind config says."""
    return _decode(envelope)


def write_configured(said: Configured) -> bytes:
    """Return the entry: equal bytes for equal content."""
    return msgspec.json.encode(said)
