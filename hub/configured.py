"""What the journal says of how is judged: an entry of kind config, in force from its place in the journal on."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from hub.anomaly.rule import Rule
from hub.anomaly.rulebook import rules_of
from hub.anomaly.standard import standards_of
from hub.area.geometry import areas_of
from hub.errors import ConfigError
from hub.model import Area
from hub.third_party import ThirdParty


class Configured(msgspec.Struct, frozen=True, kw_only=True):
    """An entry of kind config; what one of an earlier hub does not say is empty, and the program's own then holds.

    Attributes:
        grace_s: how long a minute stayed open, in field seconds; the ticks say when it closed.
        third_party: who may report without a signature.
        areas: of the zone, GeoJSON.
        rules, standards: the texts of all files, TOML, by name.
    """

    grace_s: float = 30.0
    third_party: tuple[ThirdParty, ...] = ()
    areas: str = ""
    rules: Mapping[str, str] = {}
    standards: Mapping[str, str] = {}

    def rules_in_force(self) -> tuple[Rule, ...] | None:
        """Return the rules, None when the entry does not say.

        Raises:
            ConfigError: this program cannot read them.
        """
        if not self.rules:
            return None
        return rules_of(self.rules, standards_of(self.standards) if self.standards else None)

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


_decode = msgspec.json.Decoder(Configured).decode


def read_configured(envelope: bytes) -> Configured:
    """Return what an entry of kind config says."""
    return _decode(envelope)


def write_configured(said: Configured) -> bytes:
    """Return the entry: equal bytes for equal content."""
    return msgspec.json.encode(said)
