"""The vehicle's feed keeps what nobody has acknowledged, and sends it again."""

import json

from hypothesis import given
from hypothesis import strategies as st

from firmware_sim.instruments.vehicle import AGAIN_S, WINDOW, Feed, acknowledged, payload


def feed_of(count: int) -> Feed:
    """Return a feed with readings 1 to count."""
    feed = Feed()
    for sn in range(1, count + 1):
        feed.append(payload(sn, 1_420_776_000_000 + sn * 60_000, {"nox": 40.0}, None))
    return feed


def numbers(sent: list[bytes]) -> list[int]:
    """Return the serial numbers of payloads."""
    return [json.loads(octets)["sn"] for octets in sent]


def test_the_payload_says_when_what_and_where() -> None:
    """As documented, to the millisecond and to six decimals of a degree."""
    octets = payload(17, 1_420_776_000_000, {"pm2_5": 85.0}, (116.53, 39.82))

    assert json.loads(octets) == {
        "sn": 17,
        "time": "2015-01-09T04:00:00.000Z",
        "pm2_5": 85.0,
        "lon": 116.53,
        "lat": 39.82,
    }


def test_the_oldest_thirty_two_are_sent_once() -> None:
    """The window moves only with acknowledgements."""
    feed = feed_of(40)

    assert numbers(feed.due(0.0)) == list(range(1, WINDOW + 1))
    assert feed.due(AGAIN_S - 0.1) == []


def test_silence_is_answered_by_sending_again_oldest_first() -> None:
    """After two seconds, all that was not acknowledged."""
    feed = feed_of(3)
    feed.due(0.0)
    feed.acknowledge(1)

    assert numbers(feed.due(AGAIN_S)) == [2, 3]


def test_a_lost_link_makes_everything_due_at_once() -> None:
    """The broker may have died with what it had not passed on."""
    feed = feed_of(2)
    feed.due(0.0)
    feed.lost_link()

    assert numbers(feed.due(0.1)) == [1, 2]


@given(acks=st.lists(st.integers(-3, 30), max_size=10))
def test_what_is_kept_is_what_was_not_acknowledged(acks: list[int]) -> None:
    """An acknowledgement covers all before it; old and foreign ones do no harm."""
    feed = feed_of(20)
    for sn in acks:
        feed.acknowledge(sn)

    assert len(feed) == 20 - min(max([0, *acks]), 20)


@given(octets=st.binary(max_size=30))
def test_a_garbled_acknowledgement_acknowledges_nothing(octets: bytes) -> None:
    """Only JSON with a whole number counts."""
    assert acknowledged(octets) is None or isinstance(json.loads(octets)["sn"], int)
