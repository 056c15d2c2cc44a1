"""Puts the web application together."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fastapi import FastAPI
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles

from hub.map_api.aqi import aqi_router
from hub.map_api.blind_spots import blind_spots_router
from hub.map_api.broadcast import Broadcast, Sources
from hub.map_api.checks import checks_router
from hub.map_api.feedback import feedback_router
from hub.map_api.replays import replay_router
from hub.map_api.routes import Desk, router
from hub.map_api.security import BasicAccess, OwnPage, SecurityHeaders
from hub.store import SeriesReader

_LOG: Final = logging.getLogger(__name__)
PAGE: Final = Path(__file__).parent / "static"
LOOPBACK: Final = ("127.0.0.1", "localhost", "[::1]")
_NOT_BUILT: Final = """<!doctype html><html lang="zh"><meta charset="utf-8"><title>QuietWatch</title>
<h1>地图页面尚未构建 / The map page is not built</h1><p>请运行 / Run: <code>make web</code></p></html>"""


@dataclass(frozen=True, slots=True)
class Site:
    """How the interface is offered.

    Attributes:
        hosts: names under which a browser may ask for it; others are refused, so that no foreign page can rebind its
            name to this machine and read along.
        username, password: who comes must know them (HTTP basic, over TLS only); nobody is asked when it is empty.
        page: the folder of the built map page.
    """

    hosts: tuple[str, ...] = LOOPBACK
    username: str = "quietwatch"
    password: str = ""
    page: Path = PAGE


def create_app(sources: Sources, store: SeriesReader, *, site: Site | None = None) -> FastAPI:
    """Return the application: the interface under /api, the page at /.

    Its lifespan runs the task that feeds the live streams; `live.close()` ends them.
    """
    site = site or Site()
    app = FastAPI(
        title="QuietWatch",
        version="1",
        openapi_url="/api/openapi.json",
        docs_url=None,  # its pages load scripts from another host
        redoc_url=None,
        lifespan=_lifespan(sources),
    )
    app.include_router(router(Desk(sources, store)))
    app.include_router(checks_router(sources))
    app.include_router(aqi_router(sources))
    app.include_router(blind_spots_router(sources, store))
    app.include_router(feedback_router(sources))
    app.include_router(replay_router(sources))
    if (site.page / "index.html").is_file():
        app.mount("/", StaticFiles(directory=site.page, html=True))
    else:
        app.get("/", include_in_schema=False)(_not_built)
    app.add_middleware(OwnPage)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=list(site.hosts), www_redirect=False)
    if site.password:
        app.add_middleware(BasicAccess, username=site.username, password=site.password)
    app.add_middleware(SecurityHeaders)
    return app


async def _not_built() -> Response:
    return HTMLResponse(_NOT_BUILT, 503)


def _told(task: asyncio.Task[None]) -> None:
    """Log what has ended the live streams: without them the map stands still."""
    if not task.cancelled() and (fault := task.exception()) is not None:
        _LOG.error("the live streams have ended by a fault", exc_info=fault)


def _lifespan(sources: Sources) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.broadcast = broadcast = Broadcast(sources)
        task = asyncio.create_task(broadcast.run(), name="hub.map_api.broadcast")
        task.add_done_callback(_told)
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])  # a fault of its own was logged when it came
            await sources.orders.end()

    return lifespan
