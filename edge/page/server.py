"""Serves the page and the values that it shows, to a few at a time."""

import asyncio
import base64
import contextlib
import hashlib
import json
import os
import re
import ssl
from collections.abc import Callable
from http import HTTPStatus
from importlib import resources
from typing import Final, Self

from edge.errors import ConfigError
from edge.page.http import HEAD_BYTES, BadRequest, Request, answer, is_let_in, is_own_name, read_head, refusal
from edge.tables import PageTable
from wire.properties import PROPERTIES

# Real seconds that a request may take to come, and its answer to be taken.
PATIENCE_S: Final = 10.0
# Real seconds before a wrong password is answered.
WRONG_S: Final = 1.0
CONNECTIONS: Final = 16
_INLINE: Final = re.compile(r"<(script|style)>(.*?)</\1>", re.DOTALL)


class Page:
    """The page, served while the context is entered.

    Attributes:
        url: where it is, for a person.
    """

    def __init__(self, table: PageTable, state: Callable[[], bytes]) -> None:
        """Prepare.

        Args:
            table: of the configuration, paths whole.
            state: gives what the page shows: an `edge.state.AgentState` in JSON.
        """
        self._table = table
        self._state = state
        html = page_html()
        self._html = html.encode()
        self._policy = f"Content-Security-Policy: {policy(html)}"
        self._password = ""
        self._server: asyncio.Server | None = None
        self._busy = 0
        host = f"[{table.host}]" if ":" in table.host else table.host
        self.url = f"{'https' if table.tls_cert else 'http'}://{host}:{table.port}/"

    async def __aenter__(self) -> Self:
        """Begin to serve.

        Raises:
            ConfigError: the certificate cannot be used, or the password is not in the environment.
            OSError: the port cannot be had.
        """
        self._password = self._secret()
        self._server = await asyncio.start_server(
            self._serve, self._table.host, self._table.port, ssl=self._tls(), limit=HEAD_BYTES, backlog=CONNECTIONS
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()

    def _secret(self) -> str:
        variable = self._table.password_env
        if variable and not os.environ.get(variable):
            raise ConfigError("environment", "page", "password_env", f"there is no variable {variable!r}")
        return os.environ[variable] if variable else ""

    def _tls(self) -> ssl.SSLContext | None:
        if not self._table.tls_cert:
            return None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        try:
            context.load_cert_chain(self._table.tls_cert, self._table.tls_key)
        except (OSError, ssl.SSLError) as error:
            raise ConfigError(self._table.tls_cert, "page", "tls_cert", f"no certificate and key: {error}") from error
        return context

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._busy += 1
        try:
            if self._busy <= CONNECTIONS:
                async with asyncio.timeout(PATIENCE_S):
                    writer.write(await self._reply(reader))
                    await writer.drain()
        except (OSError, TimeoutError):
            writer.transport.abort()
        finally:
            self._busy -= 1
            with contextlib.suppress(OSError):
                writer.close()

    async def _reply(self, reader: asyncio.StreamReader) -> bytes:
        try:
            request = read_head(await reader.readuntil(b"\r\n\r\n"))
        except BadRequest as error:
            return refusal(error.status)
        except asyncio.LimitOverrunError:
            return refusal(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        except asyncio.IncompleteReadError:
            return b""
        if self._password and not is_let_in(request, self._table.username, self._password):
            if "authorization" in request.fields:
                await asyncio.sleep(WRONG_S)
            return refusal(HTTPStatus.UNAUTHORIZED)
        if not self._password and not is_own_name(request):
            return refusal(HTTPStatus.MISDIRECTED_REQUEST)
        return self._content(request)

    def _content(self, request: Request) -> bytes:
        head_only = request.method == "HEAD"
        match request.path:
            case "/":
                kind = "text/html; charset=utf-8"
                return answer(HTTPStatus.OK, self._html, kind, self._policy, head_only=head_only)
            case "/values.json":
                return answer(HTTPStatus.OK, self._state(), "application/json", head_only=head_only)
            case _:
                return refusal(HTTPStatus.NOT_FOUND)


def page_html() -> str:
    """Return the page with the names of all properties in it."""
    names = {name: (known.chinese, known.english) for name, known in PROPERTIES.items()}
    text = (resources.files("edge.page") / "page.html").read_text("utf-8")
    return text.replace("const NAMES = {};", f"const NAMES = {json.dumps(names, ensure_ascii=False)};")


def policy(html: str) -> str:
    """Return a content security policy that lets a page run what stands in it and reach only where it came from."""
    found: dict[str, list[str]] = {"script": [], "style": []}
    for kind, text in _INLINE.findall(html):
        found[kind].append(f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'")
    sources = "; ".join(f"{kind}-src {' '.join(hashes)}" for kind, hashes in found.items())
    return f"default-src 'none'; {sources}; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'"
