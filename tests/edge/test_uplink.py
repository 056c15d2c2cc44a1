"""The uplink before it connects: what cannot work is said at the start."""

from pathlib import Path

import pytest

from edge.config import load
from edge.errors import UplinkError
from edge.uplink import Callbacks, Uplink
from wire.batch import Status

CALLBACKS = Callbacks(lambda: Status(online=True), lambda: None, lambda _ack: None)


def _uplink(tmp_path: Path, hub: str) -> Uplink:
    path = tmp_path / "edge.toml"
    path.write_text(f'[gateway]\nid = "gw-1"\n[hub]\nhost = "::1"\n{hub}\n')
    return Uplink(load(path), CALLBACKS)


def test_password_that_is_not_in_the_environment_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A gateway without its password would be turned away for ever, without a word."""
    monkeypatch.delenv("QW_PASSWORD", raising=False)

    with pytest.raises(UplinkError, match="QW_PASSWORD"):
        _uplink(tmp_path, 'password_env = "QW_PASSWORD"')


def test_ca_file_that_is_no_certificate_is_named(tmp_path: Path) -> None:
    """TLS that cannot verify anybody is not begun."""
    (tmp_path / "ca.pem").write_text("not a certificate")

    with pytest.raises(UplinkError, match=r"ca\.pem"):
        _uplink(tmp_path, 'ca_file = "ca.pem"')


def test_uplink_begins_unconnected(tmp_path: Path) -> None:
    """Nothing is sealed or sent before a session is open."""
    assert not _uplink(tmp_path, "").connected
