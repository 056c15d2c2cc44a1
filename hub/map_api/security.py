"""What every answer carries, and who gets one."""

import base64
import hmac
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# The page may load nothing from elsewhere; the map draws in a worker and keeps pictures in memory.
POLICY: Final = (
    "default-src 'self'; worker-src 'self' blob:; child-src 'self' blob:; img-src 'self' data: blob:; "
    "object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "geolocation=(), camera=(), microphone=()",
}
# Who speaks where nobody is asked for a password: whoever is at this machine.
DUTY: Final = "duty"
_READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})
OPEN_PATHS: Final = frozenset({"/healthz"})


class SecurityHeaders:
    """Puts the headers on every answer; nothing of the interface is cached."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI)."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def with_headers(answer: Message) -> None:
            if answer["type"] == "http.response.start":
                headers = MutableHeaders(scope=answer)
                headers.update(_HEADERS)
                if scope["path"].startswith("/api/"):
                    headers["Cache-Control"] = "no-store"
            await send(answer)

        await self.app(scope, receive, with_headers)


class OwnPage:
    """Lets what changes something come from our own page or a program only: JSON, and no other site's origin.

    A browser sends JSON to another site only after that site has allowed it, which ours never does; and it says from
    which site a page posts.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI)."""
        if scope["type"] != "http" or scope["method"] in _READING:
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if not _own(headers):
            await PlainTextResponse("not from another site's page", 403)(scope, receive, send)
        elif headers.get("Content-Type", "").partition(";")[0].strip().lower() != "application/json":
            await PlainTextResponse("application/json is needed", 415)(scope, receive, send)
        else:
            await self.app(scope, receive, send)


def _own(headers: Headers) -> bool:
    origin, site = headers.get("Origin"), headers.get("Sec-Fetch-Site", "same-origin")
    if site not in {"same-origin", "none"}:
        return False
    return origin is None or origin.partition("://")[2].lower() == headers.get("Host", "").lower()


class BasicAccess:
    """Lets in who knows user name and password (HTTP basic); liveness alone is for everyone."""

    def __init__(self, app: ASGIApp, username: str, password: str) -> None:
        self.app = app
        self._username = username
        self._credentials = f"{username}:{password}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI)."""
        known = scope["type"] == "http" and self._knows(Headers(scope=scope))
        if known:
            scope.setdefault("state", {})["user"] = self._username
        if known or scope["type"] != "http" or scope["path"] in OPEN_PATHS:
            await self.app(scope, receive, send)
            return
        challenge = {"WWW-Authenticate": 'Basic realm="QuietWatch", charset="UTF-8"'}
        await PlainTextResponse("password needed", 401, challenge)(scope, receive, send)

    def _knows(self, headers: Headers) -> bool:
        scheme, _, credentials = headers.get("Authorization", "").partition(" ")
        try:
            given = base64.b64decode(credentials, validate=True)
        except ValueError:
            return False
        return scheme.lower() == "basic" and hmac.compare_digest(given, self._credentials)
