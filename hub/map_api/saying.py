"""What people say through the interface: read from a body within bounds; anything else is refused."""

from typing import Final, TypeVar

import msgspec
from fastapi import HTTPException, Request

from hub.map_api.security import DUTY

LARGEST: Final = 1 << 20
T = TypeVar("T")


async def said(request: Request, kind: type[T], most: int = LARGEST) -> T:
    """Return what a body says.

    Raises:
        HTTPException: 413 when it is longer than `most` bytes, 400 when it is not JSON of that kind.
    """
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > most:
            raise HTTPException(413, f"{most} bytes at most")
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise HTTPException(400, str(error)) from error


def speaker(request: Request) -> str:
    """Return who asks: the user whose password was given, or whoever is on duty at this machine."""
    return str(getattr(request.state, "user", DUTY))
