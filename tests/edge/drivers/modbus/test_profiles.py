"""Register maps as data, and what is asked for together."""

import math
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

import edge.drivers.modbus
from edge.drivers.modbus.codec import Block, plan
from edge.drivers.modbus.item import flagged, items_of
from edge.drivers.modbus.profile import MAX_COUNT, Profile, Register, load_profile
from wire.properties import to_canonical
from wire.reading import Flag, Reading

NAMES = sorted(path.stem for path in (Path(edge.drivers.modbus.__file__).parent / "profiles").glob("*.toml"))
REGISTER = {"property": "o3", "address": 5, "unit": "ppb"}


def profile(*registers: dict[str, Any], **keys: Any) -> Profile:
    """Return a profile of one's own."""
    table = {"title": "t", "source": "s", "function": 3, "register": registers or (REGISTER,), **keys}
    return msgspec.convert(table, Profile)


def blocks(one: Profile, *properties: str, gap: int | None = None) -> list[Block]:
    """Return the requests that read some properties, or all."""
    return plan(items_of("d", one, properties or one.datastreams), gap)


def decoded(one: Profile, octets: bytes, *properties: str) -> Reading:
    """Return the one reading of an answer."""
    ((reading,), _) = blocks(one, *properties)[0].decode(octets, 0)
    return reading


@pytest.mark.parametrize("name", NAMES)
def test_profile_can_be_used(name: str) -> None:
    """It loads, says where it is from, and its ranges lie where the catalogue finds values plausible."""
    loaded = load_profile(name)

    assert loaded.source
    assert blocks(loaded)
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
    wanted = ("no2", "o3", "pm2_5", "pm10")

    assert [(b.address, b.count) for b in blocks(aqt530, *wanted)] == [(0, 10)]
    assert [(b.address, b.count) for b in blocks(aqt530, *wanted, gap=0)] == [(0, 1), (5, 1), (8, 2)]


@given(
    st.lists(
        st.tuples(st.integers(0, 600), st.sampled_from(["int16", "float32"])), min_size=1, max_size=12, unique=True
    ),
    st.integers(0, MAX_COUNT - 2),
)
def test_plan_covers_every_register_within_the_limit(places: list[tuple[int, str]], gap: int) -> None:
    """No request exceeds what one answer can hold, each register is in one, and dividing them loses none."""
    names = ["pm1", "pm2_5", "pm10", "no", "no2", "nox", "o3", "so2", "temperature", "humidity", "pressure", "noise"]
    units = {"temperature": "degC", "humidity": "%", "pressure": "hPa", "noise": "dB(A)"}
    one = profile(
        *(
            {"property": name, "address": address, "type": kind, "unit": units.get(name, "ug/m3")}
            for name, (address, kind) in zip(names, places, strict=False)
        ),
        gap=gap,
    )
    waiting, single = blocks(one), []
    while waiting:
        block = waiting.pop()
        assert 1 <= block.count <= MAX_COUNT
        for item in block.items:
            assert block.address <= item.address
            assert item.address + item.width <= block.address + block.count
        parts = block.split()
        waiting += parts
        single += [] if parts else list(block.items)

    assert sorted(item.name for item in single) == sorted(one.datastreams)


@given(
    st.lists(st.tuples(st.integers(0, 40), st.sampled_from(["int16", "uint32", "float32"])), min_size=1, max_size=8),
    st.randoms(use_true_random=False),
)
def test_block_decodes_as_its_registers_one_by_one(places: list[tuple[int, str]], random: Random) -> None:
    """Whatever overlaps, a whole answer says of each register what an answer with that register alone says."""
    names = ["pm1", "pm2_5", "pm10", "no", "no2", "nox", "o3", "so2"]
    orders = ["ABCD", "CDAB", "BADC", "DCBA"]
    one = profile(
        *(
            {"property": name, "address": at, "type": kind, "unit": "ug/m3", "word_order": random.choice(orders)}
            for name, (at, kind) in zip(names, places, strict=False)
        ),
        gap=MAX_COUNT - 2,
    )
    image = random.randbytes(100)
    (whole,) = blocks(one)

    together, _ = whole.decode(image[2 * whole.address :][: whole.size], 0)

    for item in whole.items:
        alone = decoded(one, image[2 * item.address :][: 2 * item.width], item.name)
        (found,) = [reading for reading in together if reading.property == item.name]
        assert str(found) == str(alone)


@pytest.mark.frames("Vaisala", "XY-MD02", "KinCony", kinds=("frame",))
def test_public_registers_decode_as_stated(vector: dict[str, Any]) -> None:
    """Word order, sign and scale, from makers' printed examples."""
    ((name, stated),) = ((k, v) for k, v in vector["decoded"].items() if k in ("rh", "t", "value"))
    kinds = {
        "Vaisala Modbus float (CDAB)": "float32",
        "Vaisala AQT530 32-bit int (CDAB)": "uint32",
        "KinCony SHT30 transmitter": "sign10000",
    }
    scale = 1.0 if vector["device"].startswith("Vaisala") else 0.1
    kind = kinds.get(vector["device"], "int16")
    one = profile({**REGISTER, "address": 0, "scale": scale, "type": kind, "word_order": "CDAB"})

    assert decoded(one, bytes.fromhex(vector["hex"])).value == pytest.approx(stated, rel=1e-6), name


@pytest.mark.parametrize(
    ("order", "octets"),
    [("ABCD", "0a0b0c0d"), ("CDAB", "0c0d0a0b"), ("BADC", "0b0a0d0c"), ("DCBA", "0d0c0b0a")],
)
def test_word_order_is_named_by_where_the_bytes_stand(order: str, octets: str) -> None:
    """A is the highest byte; the line carries them in the order of the name."""
    one = profile({**REGISTER, "type": "uint32", "word_order": order})

    assert decoded(one, bytes.fromhex(octets)).value == 0x0A0B0C0D


def test_scaled_value_is_rounded_once() -> None:
    """237 tenths are 23.7, not 23.700000000000003."""
    one = profile({**REGISTER, "scale": 0.1})

    assert [decoded(one, raw.to_bytes(2, "big")).value for raw in (237, 3, 0xFFFF)] == [23.7, 0.3, -0.1]


def test_frost_as_ten_thousand_and_its_amount() -> None:
    """KinCony: 10000 is 0, 10101 is -10.1; 9999 is the highest number above zero."""
    one = load_profile("kincony_sht30")

    values = [decoded(one, raw.to_bytes(2, "big"), "temperature") for raw in (0, 10_000, 10_101, 9_999)]

    assert [reading.value for reading in values] == [0.0, 0.0, -10.1, 999.9]
    assert [reading.flag for reading in values] == [Flag.UNKNOWN, Flag.UNKNOWN, Flag.UNKNOWN, Flag.SUSPECT]


def test_sentinel_and_no_number_are_missing_not_zero() -> None:
    """0x8000 and NaN say that there is no value."""
    int16 = decoded(load_profile("aqt530"), b"\x80\x00", "no2")
    float32 = decoded(load_profile("logger"), b"\x7f\xc0\x00\x00", "pm2_5")

    assert (int16.flag, float32.flag) == (Flag.MISSING, Flag.MISSING)
    assert math.isnan(int16.value)
    assert math.isnan(float32.value)


def test_value_outside_what_the_instrument_can_measure_is_kept_and_suspect() -> None:
    """A value is never overwritten, only flagged."""
    reading = decoded(load_profile("rs_zs_noise"), b"\x00\x00", "noise")

    assert (reading.value, reading.flag) == (0.0, Flag.SUSPECT)


def test_answer_of_another_length_is_refused() -> None:
    """It belongs to an earlier request."""
    with pytest.raises(ValueError, match="4 bytes instead of 2"):
        blocks(load_profile("rs_zs_noise"))[0].decode(b"\x00\x01\x00\x02", 0)


@given(
    st.sampled_from(["int16", "uint16", "int32", "uint32", "float32", "sign10000"]),
    st.sampled_from(["ABCD", "CDAB", "BADC", "DCBA"]),
    st.binary(min_size=4, max_size=4),
)
def test_no_registers_break_the_decoder(kind: str, order: str, raw: bytes) -> None:
    """Whatever stands in the registers is a number, or missing."""
    one = profile({**REGISTER, "type": kind, "word_order": order, "scale": 0.1})

    reading = decoded(one, raw if kind.endswith("32") else raw[:2])

    assert math.isfinite(reading.value) == (reading.flag != Flag.MISSING)


def test_register_defaults_are_what_most_instruments_have() -> None:
    """16 bits, signed, as it is."""
    register = Register(property="o3", address=0, unit="ppb")

    assert (register.type, register.scale, register.sentinels, register.range) == ("int16", 1.0, (), None)


@pytest.mark.parametrize(
    ("keys", "word", "flag"),
    [
        ({"flag": "fail"}, 1, Flag.FAIL),
        ({"flag": "fail"}, 0, Flag.UNKNOWN),
        ({"flag": "suspect", "mask": 2}, 1, Flag.UNKNOWN),
        ({"flag": "suspect", "mask": 2}, 3, Flag.SUSPECT),
        ({"flag": "missing", "equals": [5]}, 5, Flag.MISSING),
        ({"flag": "missing", "equals": [5]}, 4, Flag.UNKNOWN),
        ({"flag": "fail", "properties": ["no2"]}, 1, Flag.UNKNOWN),
    ],
)
def test_status_register_flags_what_it_concerns(keys: dict[str, Any], word: int, flag: Flag) -> None:
    """By any number, masked bits, or certain numbers; beside the value in one request."""
    status = {"function": 3, "address": 6, "texts": ["bad"], **keys}
    one = profile(REGISTER, {**REGISTER, "property": "no2", "address": 7}, status=(status,))
    (block,) = blocks(one)

    readings, alarms = block.decode(b"\x00\x15" + word.to_bytes(2, "big") + b"\x00\x15", 0)

    (o3,) = [reading for reading in flagged(readings, alarms) if reading.property == "o3"]
    assert (o3.flag, math.isnan(o3.value)) == (flag, flag is Flag.MISSING)


def test_status_names_registers_that_are_there() -> None:
    """A misspelt property would silently flag nothing."""
    status = {"function": 2, "address": 0, "texts": ["bad"], "flag": "fail", "properties": ["ozone"]}

    with pytest.raises(msgspec.ValidationError, match="status: properties: there is no register for ozone"):
        profile(status=(status,))


def test_status_that_concerns_nothing_wanted_is_not_read() -> None:
    """Who does not want the temperature does not ask for its unit."""
    aqt530 = load_profile("aqt530")

    assert [(b.address, b.count) for b in blocks(aqt530, "no2")] == [(0, 1)]
    assert [(b.address, b.count) for b in blocks(aqt530, "temperature")] == [(10, 1), (28, 1)]
