"""Which profile fits: the one whose values are plausible and many."""

from edge.fitting import rank
from edge.probe import Shown


def shown(name: str, value: float | None, unit: str, flag: int = 2) -> Shown:
    """Return a value, flagged missing when there is none."""
    return Shown(name, unit, value, 9 if value is None else flag)


def test_the_profile_with_most_plausible_values_wins() -> None:
    """A whole map that makes sense beats one register that happens to."""
    climate = (shown("temperature", 21.5, "degC"), shown("humidity", 45.0, "%"))
    chance = (shown("noise", 45.0, "dB(A)"),)

    assert ["climate"] == [fit.profile for fit in rank([("chance", chance), ("climate", climate), ("none", ())])]


def test_what_empty_or_misread_registers_give_counts_for_nothing() -> None:
    """Zeros, floats next to zero, values out of the world and those flagged are no evidence."""
    zeros = (shown("pm2_5", 0.0, "ug/m3"), shown("pm10", 1e-39, "ug/m3"))
    wild = (shown("temperature", 900.0, "degC"), shown("humidity", 50.0, "%", flag=3))

    assert () == rank([("zeros", zeros), ("wild", wild), ("absent", (shown("no2", None, "ppb"),))])


def test_a_partly_fitted_instrument_is_known_by_what_it_has() -> None:
    """Values that it says it does not have are no evidence against it."""
    station = (shown("no2", 21.0, "ppb"), shown("so2", None, "ppb"), shown("o3", 34.0, "ppb"))
    (fit,) = rank([("station", station), ("half", (shown("no2", 21.0, "ppb"), shown("o3", 0.0, "ppb")))])

    assert ("station", 2, 3) == (fit.profile, fit.good, fit.of)
