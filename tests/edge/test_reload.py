"""A configuration that is read anew: what differs, and nothing else, is made anew."""

from pathlib import Path

import pytest

from edge.config import Config, load
from edge.drivers.pms.settings import PmsSettings
from edge.instruments import changed
from edge.ports import PortKey, grouped
from edge.reload import Changes, changes

GOOD = '[gateway]\nid = "gw-1"\n[hub]\nhost = "127.0.0.1"\n[page]\nport = 8066\n'
STATION = '[[station]]\nid = "patrol-1"\nkind = "vehicle"\nname = "x"\n'


def _config(tmp_path: Path, text: str) -> Config:
    path = tmp_path / "edge.toml"
    path.write_text(text)
    return load(path)


def _changes(tmp_path: Path, old: str, new: str) -> Changes:
    return changes(_config(tmp_path, GOOD), _config(tmp_path, GOOD.replace(old, new)))


@pytest.mark.parametrize(
    ("old", "new", "touched"),
    [
        ("[page]", "[page]", ()),
        ("[page]", "# a remark\n[page]", ()),
        ("[page]", f"{STATION}[page]", ()),
        ("127.0.0.1", "::1", ("hub",)),
        ("[page]", "timeout_s = 9\n[page]", ("hub",)),
        ("8066", "8067", ("page",)),
        ("[page]\nport = 8066", "", ("page",)),
        ('"gw-1"', '"gw-1"\nhealth_period_s = 0', ("health",)),
        ('"gw-1"', '"gw-1"\nflush_s = 1', ()),
    ],
)
def test_only_what_changed_is_touched(tmp_path: Path, old: str, new: str, touched: tuple[str, ...]) -> None:
    """A remark, a station, a flush period need nothing made anew."""
    change = _changes(tmp_path, old, new)

    assert tuple(name for name in ("hub", "page", "health") if getattr(change, name)) == touched
    assert change.later == ()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("key_file", '"other.pem"'),
        ("outbox_dir", '"other"'),
        ("outbox_mb", "99"),
        ("grace_days", "1"),
        ("socket", '""'),
    ],
)
def test_what_a_process_is_born_with_waits_for_the_next_start(tmp_path: Path, key: str, value: str) -> None:
    """It is named, and what holds now stays; the rest of the file is taken over."""
    change = _changes(tmp_path, 'id = "gw-1"', f'id = "gw-1"\n{key} = {value}\nflush_s = 1')
    before = _config(tmp_path, GOOD)

    assert change.later == (key,)
    assert getattr(change.config.gateway, key) == getattr(before.gateway, key)
    assert (change.config.key_file, change.config.outbox_dir, change.config.socket) == (
        before.key_file,
        before.outbox_dir,
        before.socket,
    )
    assert change.config.gateway.flush_s == 1


def test_gateway_keeps_its_name_until_the_next_start(tmp_path: Path) -> None:
    """Its outbox and its session are under the old one."""
    change = _changes(tmp_path, "gw-1", "gw-2")

    assert (change.config.gateway.id, change.later) == ("gw-1", ("id",))


def test_certificate_is_read_anew_under_its_old_name(tmp_path: Path) -> None:
    """It is renewed in place."""
    for name in ("page.pem", "page.key"):
        (tmp_path / name).touch()
    text = f'{GOOD}tls_cert = "page.pem"\ntls_key = "page.key"\n'

    assert changes(_config(tmp_path, text), _config(tmp_path, text)).page


def _pms(name: str, port: str, period_s: float = 1.0) -> PmsSettings:
    return PmsSettings(id=name, station="s", driver="pms", port=port, period_s=period_s)


def test_port_whose_devices_changed_is_closed_and_opened() -> None:
    """Gone, new, changed, and the same in another order."""
    before = grouped([_pms("goes", "/a"), _pms("changes", "/b"), _pms("x", "/c"), _pms("y", "/c")])
    after = grouped([_pms("y", "/c"), _pms("x", "/c"), _pms("changes", "/b", 2.0), _pms("comes", "/d")])

    assert changed(before, after) == (
        (PortKey("pms", "/a"), PortKey("pms", "/b")),
        (PortKey("pms", "/b"), PortKey("pms", "/d")),
    )


def test_device_that_moves_to_another_port_touches_both() -> None:
    """Closed there before it is opened here, whichever kind it is."""
    closed, opened = changed(grouped([_pms("x", "/a")]), grouped([_pms("x", "/b")]))

    assert (closed, opened) == ((PortKey("pms", "/a"),), (PortKey("pms", "/b"),))
