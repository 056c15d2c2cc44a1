"""The endpoints. What reads a database runs off the event loop, two at a time: the map must not starve the judge."""

from collections.abc import Callable
from typing import Annotated, Any, Final, TypeVar

import anyio.to_thread
import msgspec
from anyio import CapacityLimiter
from fastapi import APIRouter, HTTPException, Path, Query, Request, Response
from sse_starlette import EventSourceResponse

from hub.map_api import answers, geojson
from hub.map_api.broadcast import Broadcast, Sources
from hub.map_api.gateways import gateway_answers
from hub.map_api.leads import lead_answer, lead_detail, level_answer, ticket_answer
from hub.map_api.series import LAST_MS, MAX_SPAN_MS, series_answer, track_paths
from hub.store import SeriesReader
from wire.properties import PROPERTIES

DAY_MS: Final = 86_400_000
SEND_TIMEOUT_S: Final = 20.0
T = TypeVar("T")
Time = Annotated[int, Query(ge=0, le=LAST_MS, description="UTC milliseconds")]


class JsonAnswer(Response):
    """JSON by msgspec: NaN cannot slip in, arrays are fast."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """Return the bytes."""
        return msgspec.json.encode(content)


class Desk:
    """Answers the endpoints from the sources."""

    def __init__(self, sources: Sources, store: SeriesReader) -> None:
        self._from = sources
        self._store = store
        self._threads = CapacityLimiter(2)

    async def zone(self) -> Response:
        """Return the zone's names and bounds."""
        zone = self._from.zone
        return JsonAnswer({"name": zone.name, "name_en": zone.name_en, "bounds": zone.bounds()})

    async def areas(self) -> Response:
        """Return the areas and how they stand."""
        return JsonAnswer(geojson.areas(self._from.zone, self._from.live.latest()))

    async def districts(self) -> Response:
        """Return the districts."""
        return JsonAnswer(self._from.zone.districts)

    async def stations(self) -> Response:
        """Return the stations and their latest values."""
        return JsonAnswer(geojson.stations(self._from.live.latest()))

    async def tracks(self) -> Response:
        """Return where the vehicles drove in the last hour of field time."""
        snapshot, now_ms = self._from.live.latest(), self._from.clock.utc_ms()
        paths = await self._off_loop(lambda: track_paths(self._store, snapshot, now_ms))
        return JsonAnswer(geojson.tracks(paths))

    async def series(
        self,
        station: Annotated[str, Path(max_length=64)],
        property_name: Annotated[str, Query(alias="property", max_length=32)],
        from_ms: Time | None = None,
        to_ms: Time | None = None,
    ) -> Response:
        """Return the readings of a property at a station with from_ms <= time < to_ms, by default of a day."""
        snapshot = self._from.live.latest()
        if property_name not in PROPERTIES or station not in {known.id for known in snapshot.stations}:
            raise HTTPException(404, "no such station or property")
        start, end = _span(from_ms, to_ms, self._from.clock.utc_ms())
        if not 0 <= end - start <= MAX_SPAN_MS:
            raise HTTPException(400, "to_ms must be after from_ms, by 31 days at most")
        return JsonAnswer(
            await self._off_loop(lambda: series_answer(self._store, snapshot, (station, property_name), (start, end)))
        )

    async def leads(self) -> Response:
        """Return all leads, the latest first."""
        return JsonAnswer(await self._off_loop(lambda: [lead_answer(one) for one in self._from.registry.leads()]))

    async def lead(self, lead_id: Annotated[int, Path(ge=1, le=2**31 - 1)]) -> Response:
        """Return one lead with its evidence, episodes and pushes."""
        lead = await self._off_loop(lambda: self._from.registry.lead(lead_id))
        if lead is None:
            raise HTTPException(404, "no such lead")
        return JsonAnswer(lead_detail(lead))

    async def tickets(self) -> Response:
        """Return all tickets, the latest first."""
        return JsonAnswer(await self._off_loop(lambda: [ticket_answer(one) for one in self._from.registry.tickets()]))

    async def levels(self) -> Response:
        """Return how areas changed, in the order in which the hub knew it."""
        registry = self._from.registry
        return JsonAnswer(await self._off_loop(lambda: [level_answer(one) for one in registry.level_changes()]))

    async def gateways(self) -> Response:
        """Return the gateways as they last said."""
        return JsonAnswer(gateway_answers(self._from.live))

    async def properties(self) -> Response:
        """Return what can be measured, in which unit."""
        names = answers.PropertyAnswer.__annotations__
        return JsonAnswer([{name: getattr(one, name) for name in names} for one in PROPERTIES.values()])

    async def healthz(self) -> Response:
        """Return that the hub answers, and how far it has judged."""
        live = self._from.live
        return JsonAnswer({"status": "ok", "minute_ms": int(live.latest().minute_ms), "unjudged": live.backlog()})

    async def _off_loop(self, work: Callable[[], T]) -> T:
        return await anyio.to_thread.run_sync(work, limiter=self._threads)


def _span(from_ms: int | None, to_ms: int | None, now_ms: int) -> tuple[int, int]:
    """Return from and to; an end that is left out lies a day from the other, or now."""
    if to_ms is None:
        to_ms = now_ms if from_ms is None else from_ms + DAY_MS
    return (max(0, to_ms - DAY_MS) if from_ms is None else from_ms), to_ms


async def live(request: Request) -> Response:
    """Stream `snapshot` (at most four a second), `lead` and `ticket` as they change (server-sent events)."""
    broadcast: Broadcast = request.app.state.broadcast
    if broadcast.closed:  # an empty stream would look alive: a page shall say that it is cut off
        raise HTTPException(503, "the live streams have ended; the hub's log says why")
    return EventSourceResponse(broadcast.stream(), send_timeout=SEND_TIMEOUT_S)


def router(desk: Desk) -> APIRouter:
    """Return the endpoints that a desk answers."""
    missing: dict[int | str, dict[str, Any]] = {404: {"description": "There is no such thing"}}
    wrong: dict[int | str, dict[str, Any]] = {400: {"description": "The span is no span, or too long"}}
    routes = APIRouter()
    routes.get("/api/zone", response_model=answers.ZoneAnswer)(desk.zone)
    routes.get("/api/areas", response_model=answers.AreasAnswer)(desk.areas)
    routes.get("/api/districts", response_model=dict[str, Any])(desk.districts)
    routes.get("/api/stations", response_model=answers.StationsAnswer)(desk.stations)
    routes.get("/api/stations/{station}/series", response_model=answers.SeriesAnswer, responses=missing | wrong)(
        desk.series
    )
    routes.get("/api/tracks", response_model=answers.TracksAnswer)(desk.tracks)
    routes.get("/api/leads", response_model=list[answers.LeadAnswer])(desk.leads)
    routes.get("/api/leads/{lead_id}", response_model=answers.LeadDetail, responses=missing)(desk.lead)
    routes.get("/api/tickets", response_model=list[answers.TicketAnswer])(desk.tickets)
    routes.get("/api/levels", response_model=list[answers.LevelAnswer])(desk.levels)
    routes.get("/api/gateways", response_model=list[answers.GatewayAnswer])(desk.gateways)
    routes.get("/api/properties", response_model=list[answers.PropertyAnswer])(desk.properties)
    routes.get("/healthz", response_model=answers.HealthAnswer)(desk.healthz)
    routes.get("/api/live", include_in_schema=False)(live)
    return routes
