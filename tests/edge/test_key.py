"""The gateway's key."""

import base64
from pathlib import Path

import pytest

from edge.errors import ConfigError
from edge.key import load_or_create, public_text


def test_key_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    """The first start makes a key that nobody else can read; later starts use it."""
    path = tmp_path / "keys" / "key.pem"

    made, found = load_or_create(path), load_or_create(path)

    assert public_text(made) == public_text(found)
    assert len(base64.b64decode(public_text(made))) == 32
    assert path.stat().st_mode & 0o777 == 0o600


def test_file_that_is_no_key_is_named_and_left_alone(tmp_path: Path) -> None:
    """A broken key file is an error: a new key would be a gateway that the hub does not know."""
    path = tmp_path / "key.pem"
    path.write_text("not a key")

    with pytest.raises(ConfigError, match="key_file"):
        load_or_create(path)

    assert path.read_text() == "not a key"
