"""Configurations that the hub holds for gateways, and to whom they go."""

from pathlib import Path

from nacl.signing import SigningKey

from hub.configurations import AGAIN_S, Configurations, Outstanding
from wire.batch import Status
from wire.configuration import Configuration, read_configuration, verify_configuration

KEY = SigningKey(bytes(32))


def test_versions_count_up_for_each_gateway_and_stay_readable(tmp_path: Path) -> None:
    """What was ever sent to a gateway can be shown later, as it was signed."""
    held = Configurations(tmp_path)
    issued = [held.issue(gateway, text, KEY, 5) for gateway, text in (("gw-a", "one"), ("gw-b", "x"), ("gw-a", "two"))]

    signed = held.read("gw-a", 1)
    verify_configuration(signed, KEY.verify_key)

    assert [1, 1, 2] == issued
    assert Configuration("gw-a", 1, 5, "one") == read_configuration(signed)
    assert (2, 0) == (Configurations(tmp_path).newest("gw-a"), held.newest("gw-c"))


def test_whoever_runs_the_hub_can_read_what_another_signed(tmp_path: Path) -> None:
    """An operator signs as himself or as root; the hub is a user of its own, and a configuration holds no secret."""
    held = Configurations(tmp_path)
    held.issue("gw-a", "one", KEY, 0)

    assert 0o644 == (tmp_path / "gw-a" / "0000000001.qwc").stat().st_mode & 0o777


def test_an_issue_cut_off_by_a_power_cut_leaves_the_version_before(tmp_path: Path) -> None:
    """A draft is nobody's configuration."""
    held = Configurations(tmp_path)
    held.issue("gw-a", "one", KEY, 0)
    (tmp_path / "gw-a" / "draft").write_bytes(b"half")

    assert 1 == held.newest("gw-a")
    assert 2 == held.issue("gw-a", "two", KEY, 0)


def due(outstanding: Outstanding, now_s: float, seen: int = 0, *, online: bool = True) -> list[tuple[str, int]]:
    """Ask what is due to one gateway."""
    return outstanding.due({"gw-a": Status(online=online, config_seen=seen)}, now_s)


def test_a_connected_gateway_gets_what_it_has_not_seen_once_in_a_while() -> None:
    """Sent once, and again only when it says nothing of it for long."""
    outstanding = Outstanding(lambda _: 3)

    assert [("gw-a", 3)] == due(outstanding, 0)
    assert [] == due(outstanding, AGAIN_S - 1)
    assert [("gw-a", 3)] == due(outstanding, AGAIN_S)
    assert [] == due(outstanding, 3 * AGAIN_S, seen=3)


def test_a_gateway_that_is_away_gets_it_when_it_is_back() -> None:
    """Nothing is published to nobody, and a new connection does not wait for the time-out of the old one."""
    outstanding = Outstanding(lambda _: 1)

    assert [] == due(outstanding, 0, online=False)
    assert [("gw-a", 1)] == due(outstanding, 1)
    outstanding.forget("gw-a")
    assert [("gw-a", 1)] == due(outstanding, 2)


def test_a_newer_version_does_not_wait_for_the_older_one() -> None:
    """An operator who corrects a slip within seconds is heard at once."""
    newest = {"gw-a": 1}
    outstanding = Outstanding(lambda gateway: newest[gateway])
    due(outstanding, 0)
    newest["gw-a"] = 2

    assert [("gw-a", 2)] == due(outstanding, 1)


def test_a_refused_version_is_not_sent_again() -> None:
    """The gateway has seen it: what it says of it stands in its status."""
    outstanding = Outstanding(lambda _: 4)

    assert [] == due(outstanding, 0, seen=4)
