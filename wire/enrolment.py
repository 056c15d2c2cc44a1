"""The line by which a gateway introduces itself to a hub, small enough for a QR code: `qw1:GATEWAY:KEY IN BASE64`."""

import base64
import binascii
from typing import Final, NamedTuple

from nacl.signing import VerifyKey

from wire.topics import is_identifier

_MARK: Final = "qw1"


class Enrolment(NamedTuple):
    """Who introduces itself.

    Attributes:
        gateway: its id.
        key: with which its signatures verify.
    """

    gateway: str
    key: VerifyKey

    def text(self) -> str:
        """Return the line."""
        return f"{_MARK}:{self.gateway}:{self.public_key()}"

    def public_key(self) -> str:
        """Return the key as the hub's configuration wants it."""
        return base64.b64encode(bytes(self.key)).decode()


def read_enrolment(text: str) -> Enrolment:
    """Return what a line says.

    Raises:
        ValueError: it is no such line, or was cut.
    """
    mark, gateway, key = [*text.strip().split(":"), "", "", ""][:3]
    if mark != _MARK or text.count(":") != 2:
        raise ValueError(f"not an enrolment: it has the form {_MARK}:GATEWAY:KEY")
    if not is_identifier(gateway):
        raise ValueError(f"{gateway!r} is no gateway's id")
    try:
        return Enrolment(gateway, VerifyKey(base64.b64decode(key, validate=True)))
    except (ValueError, binascii.Error) as error:
        raise ValueError(f"the key is not 32 bytes in base64: was the line cut? ({error})") from error
