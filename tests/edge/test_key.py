"""The gateway's key."""

import base64
import subprocess
from pathlib import Path

import pytest

from edge.errors import ConfigError
from edge.key import load_or_create, public_text

# RFC 8410, section 10.3 and 10.1: a private key and its public half.
PRIVATE = "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n"
SEED = "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC"
PUBLIC = "Gb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE="


def test_key_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    """The first start makes a key that nobody else can read; later starts use it."""
    path = tmp_path / "keys" / "key.pem"

    made, found = load_or_create(path), load_or_create(path)

    assert public_text(made) == public_text(found)
    assert len(base64.b64decode(public_text(made))) == 32
    assert path.stat().st_mode & 0o777 == 0o600


def test_the_standards_example_is_read(tmp_path: Path) -> None:
    """A key that another program made in the standard's form is a gateway's key."""
    path = tmp_path / "key.pem"
    path.write_text(PRIVATE.format(SEED))

    assert PUBLIC == public_text(load_or_create(path))


def test_openssl_reads_what_is_written(tmp_path: Path) -> None:
    """An independent program finds the same public half in the file."""
    path = tmp_path / "key.pem"
    text = public_text(load_or_create(path))
    command = ["openssl", "pkey", "-in", path, "-pubout", "-outform", "DER"]
    public = subprocess.run(command, check=True, capture_output=True).stdout

    assert text == base64.b64encode(public[-32:]).decode()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"not a key", "does not begin with -----BEGIN PRIVATE KEY-----"),
        (b"\xff\xfe", "ascii"),
        (PRIVATE.format("MC4CAQ*").encode(), "base64 is broken"),
        (PRIVATE.format(SEED[:-4]).encode(), "a key of another kind"),
        (PRIVATE.format("MC4CAQAwBQYDK2VuBCIE" + SEED[20:]).encode(), "a key of another kind"),
    ],
)
def test_file_that_is_no_key_is_named_and_left_alone(tmp_path: Path, content: bytes, reason: str) -> None:
    """A broken key file is an error: a new key would be a gateway that the hub does not know."""
    path = tmp_path / "key.pem"
    path.write_bytes(content)

    with pytest.raises(ConfigError, match=rf"key_file: .*{reason}"):
        load_or_create(path)

    assert content == path.read_bytes()
