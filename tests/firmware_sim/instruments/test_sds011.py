"""The Nova speaks as the public captures do."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from firmware_sim.instruments.sds011 import Nova

AIR = {"pm2_5": 12.34, "pm10": 56.78, "tsp": 90.4}


def command(code: int, sets: int, value: int, to: bytes = b"\xff\xff") -> bytes:
    """Return the 19 bytes of a command."""
    body = bytes((code, sets, value)) + bytes(10) + to
    return b"\xaa\xb4" + body + bytes((sum(body) & 0xFF, 0xAB))


def test_captured_values_encode_to_the_captured_bytes(vectors: list[dict[str, Any]]) -> None:
    """Every public SDS011 frame is reproduced byte by byte from what it decodes to."""
    captured = [v for v in vectors if v["device"] == "Nova SDS011" and v["kind"] == "frame"]
    encoded = []
    for vector in captured:
        said = vector["decoded"]
        twin = Nova(bytes.fromhex(said["device_id"]))
        encoded.append(twin.beat({"pm2_5": said["pm25"], "pm10": said["pm10"]})[0].hex())

    assert len(captured) >= 3
    assert [v["hex"] for v in captured] == encoded


def test_public_commands_are_obeyed(vectors: list[dict[str, Any]]) -> None:
    """Each is answered with its own code and value, except sleep's sequel: asleep it answers nothing but a wake."""
    said = {
        v["decoded"]["cmd"]: bytes.fromhex(v["hex"])
        for v in vectors
        if v["device"] == "Nova SDS011" and v["kind"] == "request"
    }
    twin = Nova()

    assert twin.hear(said["set passive (query) mode"]).hex() == "aac502010100a16005ab"
    assert twin.beat(AIR) == (b"", {})
    assert twin.hear(said["sleep"]).hex() == "aac506010000a16008ab"
    assert twin.hear(said["query data"]) == b""
    assert twin.hear(said["wake"]).hex() == "aac506010100a16009ab"
    assert twin.hear(said["working period 30 min"]).hex() == "aac508011e00a16028ab"
    assert (twin.awake, twin.active, twin.period_min) == (True, False, 30)


def test_what_is_not_for_it_is_not_obeyed() -> None:
    """Another's id, a wrong sum, a wrong tail: silence, and the command behind is heard."""
    other, wake = command(6, 1, 0, b"\x12\x34"), command(6, 1, 1)
    bent = wake[:-2] + bytes((wake[-2] ^ 1, 0xAB))
    twin = Nova()

    assert twin.hear(other + bent + wake[:-1] + b"\xaa") == b""
    assert twin.hear(b"\x00" + wake) != b""


def test_working_period_speaks_once_in_it() -> None:
    """Thirty seconds after it woke, then it sleeps until the next."""
    twin = Nova(period_min=1)

    assert [second for second in range(1, 181) if twin.beat(AIR)[0]] == [30, 90, 150]


def test_sds198_states_what_it_says() -> None:
    """Whole micrograms in the second word."""
    octets, stated = Nova(bytes.fromhex("e905"), large=True).beat({"tsp": 16.2})

    assert stated == {"tsp": 16.0}
    assert (octets[:2], octets[4:6]) == (b"\xaa\xcf", b"\x10\x00")


@given(fine=st.floats(-5, 1e6), coarse=st.floats(-5, 1e6))
def test_a_frame_states_what_it_says_it_states(fine: float, coarse: float) -> None:
    """The words hold the stated tenths, within the device's range."""
    octets, stated = Nova().beat({"pm2_5": fine, "pm10": coarse})

    assert [stated["pm2_5"], stated["pm10"]] == [int.from_bytes(octets[at : at + 2], "little") / 10 for at in (2, 4)]
    assert max(stated.values()) <= 999.9
