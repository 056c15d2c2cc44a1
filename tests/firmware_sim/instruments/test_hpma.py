"""The Honeywell speaks as the public captures do."""

from typing import Any

from firmware_sim.instruments.hpma import Hpma

AIR = {"pm2_5": 7.0, "pm10": 23.0}
READ, STOP, MEASURE = bytes.fromhex("68010493"), bytes.fromhex("68010295"), bytes.fromhex("68010196")
TAKEN, REFUSED = b"\xa5\xa5", b"\x96\x96"


def warm(*, compact: bool = False) -> Hpma:
    """Return a twin that has warmed up in this air."""
    twin = Hpma(compact)
    while not twin.beat(AIR)[1]:
        pass
    return twin


def test_answers_are_built_as_the_public_ones(vectors: list[dict[str, Any]]) -> None:
    """Same header, length and check: the fractions in their places, and every byte adds up."""
    for compact, device in ((False, "Honeywell HPMA115S0"), (True, "Honeywell HPMA115C0")):
        public = [bytes.fromhex(v["hex"]) for v in vectors if v["device"] == device and len(v["hex"]) > 4]
        ours = warm(compact=compact).hear(READ)
        answers = [raw for raw in public if raw[0] == 0x40]

        assert {(len(raw), raw[:3], sum(raw) & 0xFF) for raw in answers} == {(len(ours), ours[:3], 0)}
        assert ours[3:-1].startswith(bytes.fromhex("0005000700 0f0017" if compact else "00070017"))


def test_published_reading_is_reproduced() -> None:
    """The data sheet's example: PM2.5 48, PM10 49."""
    twin = warm()
    twin.beat({"pm2_5": 48.0, "pm10": 49.0})

    assert twin.hear(READ).hex() == "4005040030003156"


def test_commands_are_taken_or_refused() -> None:
    """A stopped device cannot be read; what does not add up is refused; a start begins with zeros again."""
    twin = warm()

    assert twin.hear(STOP + READ) == TAKEN + REFUSED
    assert twin.beat(AIR) == (b"", {})
    assert twin.hear(MEASURE[:-1] + b"\x00" + MEASURE) == REFUSED + TAKEN
    octets, stated = twin.beat(AIR)
    assert (octets[4:30], stated) == (bytes(26), {})


def test_sending_stops_and_goes_on_as_told() -> None:
    """Told to be quiet it still measures."""
    twin = warm()
    twin.hear(bytes.fromhex("68012077"))

    assert twin.beat(AIR) == (b"", {})
    assert twin.hear(READ)[3:7] == bytes.fromhex("00070017")
    assert twin.hear(bytes.fromhex("68014057") + b"\x68\x01\x55\x42") == TAKEN + REFUSED
    assert twin.beat(AIR)[1] == AIR


def test_frame_that_it_sends_adds_up_and_states_what_it_says() -> None:
    """PM2.5 and PM10 stand where a Plantower has them under CF=1."""
    octets, stated = warm().beat(AIR)

    assert int.from_bytes(octets[30:], "big") == sum(octets[:30])
    assert [int.from_bytes(octets[at : at + 2], "big") for at in (6, 8)] == list(stated.values()) == [7, 23]
