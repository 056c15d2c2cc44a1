"""Register maps as data, and what is asked for together."""

import math
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

import edge.drivers.modbus
from edge.drivers.modbus.codec import plan
from edge.drivers.modbus.profile import MAX_COUNT, Profile, Register, load_profile, width
from wire.properties import to_canonical
from wire.reading import Flag

NAMES = sorted(path.stem for path in (Path(edge.drivers.modbus.__file__).parent / "profiles").glob("*.toml"))
REGISTER = {"property": "o3", "address": 5, "unit": "ppb"}


def profile(*registers: dict[str, Any], **keys: Any) -> Profile:
    """Return a profile of one's own."""
    table = {"title": "t", "source": "s", "function": 3, "register": registers or (REGISTER,), **keys}
    return msgspec.convert(table, Profile)


def words(vector_hex: str) -> list[int]:
    """Return the registers of raw bytes."""
    raw = bytes.fromhex(vector_hex)
    return [int.from_bytes(raw[at : at + 2], "big") for at in range(0, len(raw), 2)]


@pytest.mark.parametrize("name", NAMES)
def test_profile_can_be_used(name: str) -> None:
    """It loads, says where it is from, and its ranges lie where the catalogue finds values plausible."""
    loaded = load_profile(name)

    assert loaded.source
    assert plan(loaded, list(loaded.datastreams))
    for register in loaded.register:
        to_canonical(register.property, register.unit)
        assert register.range is None or register.range[0] < register.range[1]


def test_unknown_profile_names_those_that_exist() -> None:
    """The error begins with the key."""
    with pytest.raises(ValueError, match=r"profile: there is no 'aqt': use one of aqt530, "):
        load_profile("aqt")


def test_profile_of_ones_own_is_read_from_its_path(tmp_path: Path) -> None:
    """An instrument that nobody has described yet needs no code."""
    path = tmp_path / "mine.toml"
    path.write_text(
        'title = "T"\nsource = "S"\nfunction = 4\n[[register]]\nproperty = "o3"\naddress = 1\nunit = "ppb"\n'
    )

    assert load_profile(str(path)).function == 4


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ('title = "T"', "source"),
        ("title =", "cannot be used"),
        ('title="T"\nsource="S"\nfunction=3\nregister=[{property="o3",address=1,unit="dB(A)"}]', "unit: "),
        ('title="T"\nsource="S"\nfunction=3\nregister=[{property="ozone",address=1,unit="ppb"}]', "property: "),
        ('title="T"\nsource="S"\nfunction=3\nregister=[{property="o3",adress=1,unit="ppb"}]', "adress"),
        ('title="T"\nsource="S"\nfunction=3\nregister=[]', "register"),
    ],
)
def test_profile_that_cannot_be_used_says_why(tmp_path: Path, text: str, word: str) -> None:
    """Misspelt keys, unknown properties and wrong units are named."""
    path = tmp_path / "mine.toml"
    path.write_text(text)

    with pytest.raises(ValueError, match=word.replace("(", r"\(")):
        load_profile(str(path))


def test_property_stands_in_a_profile_once() -> None:
    """Two registers of one property would be one datastream with two values."""
    with pytest.raises(msgspec.ValidationError, match="register: a property has two"):
        profile(REGISTER, {**REGISTER, "address": 6})


def test_neighbours_are_read_together_and_gaps_as_far_as_allowed() -> None:
    """One request where the instrument allows it, several where it does not."""
    aqt530 = load_profile("aqt530")

    assert [(b.address, b.count) for b in plan(aqt530, ["no2", "o3", "pm2_5", "pm10"])] == [(0, 10)]
    assert [(b.address, b.count) for b in plan(aqt530, ["no2", "o3", "pm2_5", "pm10"], gap=0)] == [
        (0, 1),
        (5, 1),
        (8, 2),
    ]


@given(
    st.lists(
        st.tuples(st.integers(0, 600), st.sampled_from(["int16", "float32"])), min_size=1, max_size=12, unique=True
    ),
    st.integers(0, MAX_COUNT - 2),
)
def test_plan_covers_every_register_within_the_limit(places: list[tuple[int, str]], gap: int) -> None:
    """No request exceeds what one answer can hold, and each register is in exactly one."""
    names = ["pm1", "pm2_5", "pm10", "no", "no2", "nox", "o3", "so2", "temperature", "humidity", "pressure", "noise"]
    units = {"temperature": "degC", "humidity": "%", "pressure": "hPa", "noise": "dB(A)"}
    one = profile(
        *(
            {"property": name, "address": address, "type": kind, "unit": units.get(name, "ug/m3")}
            for name, (address, kind) in zip(names, places, strict=False)
        ),
        gap=gap,
    )

    blocks = plan(one, list(one.datastreams))

    assert sorted(r.property for b in blocks for r in b.registers) == sorted(one.datastreams)
    for block in blocks:
        assert 1 <= block.count <= MAX_COUNT
        for register in block.registers:
            assert block.address <= register.address
            assert register.address + width(register) <= block.address + block.count


@pytest.mark.frames("Vaisala", "XY-MD02", kinds=("frame",))
def test_public_registers_decode_as_stated(vector: dict[str, Any]) -> None:
    """Word order, sign and scale, from makers' printed examples."""
    ((name, stated),) = ((k, v) for k, v in vector["decoded"].items() if k in ("rh", "t", "value"))
    kind = {"Vaisala Modbus float (CDAB)": "float32", "Vaisala AQT530 32-bit int (CDAB)": "uint32"}
    scale = 0.1 if vector["device"].startswith("XY") else 1.0
    one = profile(
        {
            "property": "o3",
            "address": 0,
            "unit": "ppb",
            "scale": scale,
            "type": kind.get(vector["device"], "int16"),
            "word_order": "CDAB",
        }
    )

    (value,) = plan(one, ["o3"])[0].decode(words(vector["hex"]))

    assert value.value == pytest.approx(stated, rel=1e-6), name


def test_scaled_value_is_rounded_once() -> None:
    """237 tenths are 23.7, not 23.700000000000003."""
    block = plan(profile({**REGISTER, "scale": 0.1}), ["o3"])[0]

    assert [block.decode([raw])[0].value for raw in (237, 3, 0xFFFF)] == [23.7, 0.3, -0.1]


def test_sentinel_and_no_number_are_missing_not_zero() -> None:
    """0x8000 and NaN say that there is no value."""
    int16 = plan(load_profile("aqt530"), ["no2"])[0].decode([0x8000])[0]
    float32 = plan(load_profile("logger"), ["pm2_5"])[0].decode([0x7FC0, 0])[0]

    assert (int16.flag, float32.flag) == (Flag.MISSING, Flag.MISSING)
    assert math.isnan(int16.value)
    assert math.isnan(float32.value)


def test_value_outside_what_the_instrument_can_measure_is_kept_and_suspect() -> None:
    """A value is never overwritten, only flagged."""
    (value,) = plan(load_profile("rs_zs_noise"), ["noise"])[0].decode([0])

    assert (value.value, value.flag) == (0.0, Flag.SUSPECT)


def test_answer_of_another_length_is_refused() -> None:
    """It belongs to an earlier request."""
    with pytest.raises(ValueError, match="2 registers instead of 1"):
        plan(load_profile("rs_zs_noise"), ["noise"])[0].decode([1, 2])


@given(
    st.sampled_from(["int16", "uint16", "int32", "uint32", "float32"]),
    st.sampled_from(["ABCD", "CDAB"]),
    st.lists(st.integers(0, 0xFFFF), min_size=2, max_size=2),
)
def test_no_registers_break_the_decoder(kind: str, order: str, raw: list[int]) -> None:
    """Whatever stands in the registers is a number, or missing."""
    one = profile({**REGISTER, "address": 0, "type": kind, "word_order": order, "scale": 0.1})
    register = one.register[0]

    (value,) = plan(one, ["o3"])[0].decode(raw[: width(register)])

    assert math.isfinite(value.value) == (value.flag != Flag.MISSING)


def test_register_defaults_are_what_most_instruments_have() -> None:
    """16 bits, signed, as it is."""
    register = Register(property="o3", address=0, unit="ppb")

    assert (register.type, register.scale, register.sentinels, register.range) == ("int16", 1.0, (), None)
