"""As much of HTTP/1.1 (RFC 9112) as one page needs: heads in, whole answers out. Pure."""

import base64
import binascii
import hmac
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final, NamedTuple

HEAD_BYTES: Final = 8192
_METHODS: Final = ("GET", "HEAD")
_ALWAYS: Final = (
    "Connection: close",
    "Cache-Control: no-store",
    "X-Content-Type-Options: nosniff",
    "Referrer-Policy: no-referrer",
    "X-Frame-Options: DENY",
)
# Names under which this machine asks itself; by another name a stranger's site would be asking.
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "[::1]"})


class BadRequest(Exception):
    """A head that is not HTTP/1.x, or a method that the page does not know.

    Attributes:
        status: to answer.
    """

    def __init__(self, status: HTTPStatus) -> None:
        super().__init__(status.phrase)
        self.status = status


class Request(NamedTuple):
    """The head of a request; names of fields in lower case."""

    method: str
    path: str
    fields: Mapping[str, str]


def read_head(head: bytes) -> Request:
    """Return what a head asks for.

    Args:
        head: up to and with the empty line.

    Raises:
        BadRequest: see there.
    """
    first, *lines = head.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
    words = first.split(" ")
    if len(words) != 3 or not words[2].startswith("HTTP/1."):
        raise BadRequest(HTTPStatus.BAD_REQUEST)
    if words[0] not in _METHODS:
        raise BadRequest(HTTPStatus.METHOD_NOT_ALLOWED)
    fields: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip() or name.lower() in fields:
            raise BadRequest(HTTPStatus.BAD_REQUEST)
        fields[name.lower()] = value.strip()
    return Request(words[0], words[1].partition("?")[0], fields)


def is_own_name(request: Request) -> bool:
    """Return whether a request names this machine as only it calls itself."""
    host = request.fields.get("host", "")
    name, _, number = host.rpartition(":")
    return (name if number.isdecimal() else host) in _LOOPBACK


def is_let_in(request: Request, username: str, password: str) -> bool:
    """Return whether a request carries these credentials (RFC 7617)."""
    scheme, _, coded = request.fields.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return False
    try:
        said = base64.b64decode(coded.strip(), validate=True)
    except (binascii.Error, ValueError):
        return False
    return hmac.compare_digest(said, f"{username}:{password}".encode())


def answer(status: HTTPStatus, body: bytes, kind: str, *fields: str, head_only: bool = False) -> bytes:
    """Return a whole answer.

    Args:
        status: of it.
        body: of it.
        kind: its media type.
        fields: more lines of the head.
        head_only: whether to leave the body out, as HEAD wants.
    """
    lines = [
        f"HTTP/1.1 {status.value} {status.phrase}",
        f"Content-Type: {kind}",
        f"Content-Length: {len(body)}",
        *_ALWAYS,
        *fields,
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + (b"" if head_only else body)


def refusal(status: HTTPStatus) -> bytes:
    """Return an answer that is a status and nothing more."""
    extra = {
        HTTPStatus.UNAUTHORIZED: ('WWW-Authenticate: Basic realm="QuietWatch", charset="UTF-8"',),
        HTTPStatus.METHOD_NOT_ALLOWED: (f"Allow: {', '.join(_METHODS)}",),
    }
    return answer(status, f"{status.value} {status.phrase}\n".encode(), "text/plain", *extra.get(status, ()))
