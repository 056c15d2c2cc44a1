"""Topics and ids: what a broker and an access list see."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire.topics import SHARDS, Address, is_identifier, parse_topic, shard, subscription, topic

IDS = st.from_regex(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?", fullmatch=True)
CHANNELS = st.sampled_from(["batch", "ack", "status", "reading", "config"])


@pytest.mark.parametrize(
    ("gateway", "expected"), [("gw-region", "22"), ("gw-east", "07"), ("gw-south", "26"), ("gw-west", "37")]
)
def test_a_shard_is_the_same_for_ever(gateway: str, expected: str) -> None:
    """Brokers' access lists and hubs' subscriptions are written by hand: the hash must never change."""
    assert shard(gateway) == expected


@given(IDS)
def test_every_gateway_has_one_of_the_shards(gateway: str) -> None:
    """Two decimal digits, below the number of shards."""
    assert len(shard(gateway)) == 2
    assert 0 <= int(shard(gateway)) < SHARDS


def test_a_thousand_gateways_spread_over_all_shards() -> None:
    """No shard stays empty and none takes more than three times its share."""
    counts = [0] * SHARDS
    for number in range(1000):
        counts[int(shard(f"gw-{number}"))] += 1

    assert min(counts) > 0
    assert max(counts) < 3 * 1000 / SHARDS


@given(IDS, CHANNELS)
def test_a_topic_says_what_it_was_made_of(gateway: str, channel: str) -> None:
    """`parse_topic` is the inverse of `topic`."""
    assert parse_topic(topic(gateway, channel)) == Address(gateway, channel)  # type: ignore[arg-type]


@given(st.text(max_size=80))
def test_no_text_makes_the_parser_fail(text: str) -> None:
    """Anyone may publish on a broker: whatever the topic, the answer is an address or None."""
    address = parse_topic(text)

    assert address is None or topic(address.gateway, address.channel) == text


def test_a_topic_under_a_foreign_shard_is_not_ours() -> None:
    """A gateway that publishes under another shard would be judged by another hub."""
    wrong = f"{(int(shard('gw-east')) + 1) % SHARDS:02d}"

    assert parse_topic(f"qw/1/{wrong}/gw-east/batch") is None


@pytest.mark.parametrize("channel", ["batch", "ack", "status", "reading", "config"])
def test_a_subscription_covers_all_gateways(channel: str) -> None:
    """One filter a channel, with wildcards for shard and gateway."""
    assert subscription(channel) == f"qw/1/+/+/{channel}"  # type: ignore[arg-type]
    assert subscription(channel, "07") == f"qw/1/07/+/{channel}"  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a", True),
        ("gw-east", True),
        ("9", True),
        ("a" * 64, True),
        ("a" * 65, False),
        ("", False),
        ("-a", False),
        ("a-", False),
        ("Gw", False),
        ("a_b", False),
        ("a/b", False),
        ("a\n", False),
        ("#", False),
        ("站", False),
        ("٣", False),
    ],
)
def test_what_can_be_an_id(text: str, expected: bool) -> None:  # noqa: FBT001  # a column of the table above
    """Ids go into topics, file names and URLs: a-z, 0-9 and inner hyphens only."""
    assert is_identifier(text) is expected
