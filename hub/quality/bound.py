"""Every check with its parameters for each stream, pair or place of a network."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec
import numpy as np

from hub.errors import ConfigError
from hub.model import MINUTE_MS
from hub.network import PROPERTY_INDEX, Network
from hub.quality.attenuated import Attenuated
from hub.quality.bottom import Bottom
from hub.quality.check import Floats, Ints
from hub.quality.clipping import Clipping
from hub.quality.consistency import Consistency
from hub.quality.flat_line import FlatLine
from hub.quality.gain import Gain
from hub.quality.gap import Gap
from hub.quality.oxidant import Oxidant
from hub.quality.pairs import LAWS, OXIDANT, Pairs, pairs_of
from hub.quality.rate_of_change import RateOfChange
from hub.quality.rendezvous import Rendezvous, Trees
from hub.quality.settings import (
    AttenuatedSettings,
    BottomSettings,
    CheckSettings,
    ClippingSettings,
    ConsistencySettings,
    OxidantSettings,
    RateSettings,
    RendezvousSettings,
    SpikeSettings,
    in_ms,
    parameters,
)
from hub.quality.spike import Spike
from wire.properties import PROPERTIES

# Longer than anything is ever silent for: what is not to be called silent.
_NEVER_MIN = np.iinfo(np.int64).max


@dataclass(frozen=True, eq=False)
class Checks:
    """The checks of a network beside range, flat line and gain.

    Attributes:
        pairs, places: what `consistency` and `oxidant` are about.
        trees: of `rendezvous`.
        stepped: int64[k], rows that `spike` or `rate_of_change` judge.
        spikes, rates: whether each of the two judges any.
        gateway: int64[n], index of the gateway that speaks for a stream.
        gateways: their ids.
    """

    spike: Spike
    rate_of_change: RateOfChange
    attenuated: Attenuated
    bottom: Bottom
    clipping: Clipping
    pairs: Pairs
    consistency: Consistency
    places: Pairs
    oxidant: Oxidant
    gap: Gap
    rendezvous: Rendezvous
    trees: Trees
    stepped: Ints
    spikes: bool
    rates: bool
    gateway: Ints
    gateways: tuple[str, ...]


def bound(network: Network, settings: CheckSettings) -> Checks:
    """Return the checks of a network."""
    fixed = np.where(network.ambient, 1.0, np.nan)
    # A vehicle drives in and out of plumes, and a room is aired: what is judged stands still in the open.
    spike = parameters(network, settings.spike, SpikeSettings)
    rate = parameters(network, settings.rate_of_change, RateSettings)
    spike["suspect"], rate["suspect"] = spike["suspect"] * fixed, rate["suspect"] * fixed
    pairs, places = pairs_of(network, LAWS), pairs_of(network, OXIDANT)
    met = parameters(network, settings.rendezvous, RendezvousSettings)
    meeting = Rendezvous(network, met["factor"], met["floor"])
    gateways = sorted({station.gateway for station in network.stations})
    index = {gateway: i for i, gateway in enumerate(gateways)}
    return Checks(
        spike=Spike(**spike),
        rate_of_change=RateOfChange(**rate),
        attenuated=Attenuated(**parameters(network, settings.attenuated, AttenuatedSettings)),
        bottom=Bottom(**parameters(network, settings.bottom, BottomSettings)),
        clipping=Clipping(**parameters(network, settings.clipping, ClippingSettings)),
        pairs=pairs,
        consistency=Consistency(**_of_laws(pairs, settings.consistency)),
        places=places,
        oxidant=Oxidant(**_of_places(settings.oxidant)),
        gap=_gap(network, settings),
        rendezvous=meeting,
        trees=meeting.trees(),
        stepped=np.flatnonzero(network.ambient & ~(np.isnan(spike["suspect"]) & np.isnan(rate["suspect"]))),
        spikes=bool(np.isfinite(spike["suspect"]).any()),
        rates=bool(np.isfinite(rate["suspect"]).any()),
        gateway=np.array([index[s.gateway] for s in network.stations], np.int64)[network.station],
        gateways=tuple(gateways),
    )


# What the settings of one property, or law, are parameters of.
_KINDS: Final[Mapping[str, Any]] = {
    "flat_line": FlatLine,
    "gain": Gain,
    "spike": Spike,
    "rate_of_change": RateOfChange,
    "attenuated": Attenuated,
    "bottom": Bottom,
    "clipping": Clipping,
    "consistency": Consistency,
}


def sound(name: str, settings: CheckSettings) -> CheckSettings:
    """Return settings whose every number its check takes.

    Raises:
        ConfigError: a check refuses a number, as of the file `name`.
    """
    given = [(kind, what, one) for kind in _KINDS for what, one in getattr(settings, kind).items()]
    given += [("oxidant", "", settings.oxidant)] if settings.oxidant else []
    for kind, what, one in given:
        named: dict[str, Any] = {}
        for parameter, value in msgspec.structs.asdict(one).items():
            named.update(in_ms(parameter, value))
        try:
            _KINDS.get(kind, Oxidant)(**named)
        except ValueError as error:
            raise ConfigError(name, kind, what, str(error)) from error
    return settings


def _of_laws(pairs: Pairs, settings: dict[str, ConsistencySettings]) -> dict[str, Floats]:
    found: dict[str, Floats] = {}
    for name in ConsistencySettings.__struct_fields__:
        table = np.array([getattr(settings[law], name) if law in settings else np.nan for law in LAWS])
        found.update(in_ms(name, table[pairs.law]))
    return found


def _of_places(settings: OxidantSettings | None) -> dict[str, float]:
    found: dict[str, float] = {}
    for name in OxidantSettings.__struct_fields__:
        found.update(in_ms(name, np.nan if settings is None else msgspec.structs.asdict(settings)[name]))
    return found


def _gap(network: Network, settings: CheckSettings) -> Gap:
    gap, n = settings.gap, len(network)
    signed = np.array([station.signed for station in network.stations], np.bool_)[network.station]
    environment = np.array([prop.subject == "environment" for prop in PROPERTIES.values()])[network.property]
    period_min = gap.periods * network.period_ms // MINUTE_MS
    missing = np.maximum(period_min, gap.missing_min)
    after = np.full(len(PROPERTY_INDEX), gap.silent_min, np.int64)
    for prop, minutes in gap.silent_min_of.items():
        after[PROPERTY_INDEX[prop]] = minutes
    silent = np.maximum(period_min, after[network.property])
    never = np.full(n, _NEVER_MIN)
    return Gap(np.where(signed, missing, never), np.where(signed & environment, silent, never))
