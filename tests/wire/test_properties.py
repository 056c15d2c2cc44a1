"""The catalogue of observed properties and the conversions to their canonical units."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire.properties import PROPERTIES, UnitMismatchError, to_canonical

MASS = {"ug/m3", "mg/m3", "ng/m3"}
# The units in which a property can be stated, by its canonical unit and whether it is a gas.
UNITS = {
    ("ug/m3", False): MASS,
    ("ug/m3", True): MASS | {"ppb", "ppm"},
    ("mg/m3", True): MASS | {"ppb", "ppm"},
    ("degC", False): {"degC", "degF", "K"},
    ("hPa", False): {"hPa", "kPa", "Pa"},
    ("m/s", False): {"m/s", "km/h", "kn"},
    ("lx", False): {"lx", "klx"},
    **{(alone, False): {alone} for alone in ("%", "deg", "dB(A)", "dB(C)", "dB(Z)", "ppm", "mm", "ms", "MB", "1")},
}
EVERY_UNIT = sorted(set().union(*UNITS.values()))


@pytest.mark.parametrize(
    ("gas", "unit", "factor"),
    [
        ("o3", "ppb", 1.963),
        ("no2", "ppb", 1.882),
        ("so2", "ppb", 2.620),
        ("no", "ppb", 1.227),
        ("co", "ppm", 1.146),
    ],
)
def test_a_gas_from_its_volume_fraction(gas: str, unit: str, factor: float) -> None:
    """Molar mass over 24.45 litres: the reference state of GB 3095-2026, 298.15 K and 1013.25 hPa."""
    scale, offset = to_canonical(gas, unit)

    assert round(scale, 3) == factor
    assert offset == 0


@pytest.mark.parametrize(
    ("name", "unit", "raw", "expected"),
    [
        ("pm2_5", "mg/m3", 0.035, 35.0),
        ("pm10", "ng/m3", 50_000.0, 50.0),
        ("co", "ug/m3", 1500.0, 1.5),
        ("co", "ppb", 1000.0, 1.1456),
        ("o3", "ppm", 0.08, 157.05),
        ("temperature", "degF", 212.0, 100.0),
        ("temperature", "K", 273.15, 0.0),
        ("pressure", "kPa", 101.325, 1013.25),
        ("pressure", "Pa", 101_325.0, 1013.25),
        ("wind_speed", "km/h", 36.0, 10.0),
        ("speed", "kn", 10.0, 5.1444),
        ("noise", "dB(A)", 55.0, 55.0),
    ],
)
def test_a_value_in_the_canonical_unit(name: str, unit: str, raw: float, expected: float) -> None:
    """Canonical = raw * scale + offset."""
    scale, offset = to_canonical(name, unit)

    assert math.isclose(raw * scale + offset, expected, rel_tol=1e-4, abs_tol=1e-9)


@pytest.mark.parametrize("name", PROPERTIES)
def test_the_canonical_unit_is_taken_as_it_is(name: str) -> None:
    """Nothing is multiplied when nothing needs to be."""
    assert to_canonical(name, PROPERTIES[name].unit) == (1.0, 0.0)


@given(st.sampled_from(sorted(PROPERTIES)), st.sampled_from(EVERY_UNIT))
def test_a_unit_is_converted_or_refused_by_name(name: str, unit: str) -> None:
    """A refusal names the property, the unit as written and the units that would do."""
    accepted = UNITS[PROPERTIES[name].unit, PROPERTIES[name].molar_mass is not None]
    if unit in accepted:
        assert to_canonical(name, unit)[0] > 0
        return
    with pytest.raises(UnitMismatchError) as refusal:
        to_canonical(name, unit)
    error = refusal.value
    assert (error.property, error.unit, set(error.accepted)) == (name, unit, accepted)


def test_dust_has_no_volume_fraction() -> None:
    """Particles have no molar mass: ppb of PM2.5 is a configuration error."""
    with pytest.raises(UnitMismatchError, match=r"pm2_5 cannot be in 'ppb'"):
        to_canonical("pm2_5", "ppb")


def test_an_unknown_property_is_a_key_error() -> None:
    """Configuration turns it into a sentence with file and table."""
    with pytest.raises(KeyError):
        to_canonical("pm25", "ug/m3")


@pytest.mark.parametrize("name", PROPERTIES)
def test_a_property_is_complete(name: str) -> None:
    """It is listed under its own name, has a range and is named in both languages."""
    prop = PROPERTIES[name]

    assert prop.name == name
    assert prop.low < prop.high
    assert prop.chinese
    assert prop.english


def test_only_what_cannot_be_added_averages_in_its_own_domain() -> None:
    """Decibels by energy, directions by vector, all else arithmetically."""
    special = {prop.name: prop.averaging for prop in PROPERTIES.values() if prop.averaging != "arithmetic"}

    assert special == {"noise": "energy", "noise_c": "energy", "noise_z": "energy", "wind_direction": "vector"}


def test_factor_codes_are_used_once() -> None:
    """A code of HJ 212 stands for one property."""
    codes = [prop.hj212 for prop in PROPERTIES.values() if prop.hj212 is not None]

    assert len(codes) == len(set(codes))
