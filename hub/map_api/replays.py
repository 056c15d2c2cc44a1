"""POST /api/replays, GET /api/replays, GET /api/replays/{id}: the past judged again by other rules, beside what was."""

import asyncio
from typing import Annotated, Any, Final

import msgspec
from fastapi import APIRouter, HTTPException, Path, Request, Response
from typing_extensions import TypedDict

from hub.errors import ConfigError
from hub.map_api.broadcast import Sources
from hub.map_api.routes import JsonAnswer
from hub.map_api.saying import said
from hub.replay.orders import OrderAnswer, OrderBook
from hub.replay.running import Wanted

FILES_MOST: Final = 32
Name = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{1,64}\.toml$")]
_TOLD: Final[dict[int | str, dict[str, Any]]] = {
    400: {"description": "Not such JSON, or rules with a flaw: each is named"},
    403: {"description": "From another site's page"},
    409: {"description": "Another replay runs"},
    413: {"description": "Too long"},
    415: {"description": "Not application/json"},
}


class Order(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is posted: files of rules by name, as `quietwatch hub replay --rules` takes them, and how many days."""

    rules: Annotated[dict[Name, str], msgspec.Meta(max_length=FILES_MOST)] = {}
    days: Annotated[float, msgspec.Meta(gt=0, le=400)] = 90.0
    to_ms: Annotated[int, msgspec.Meta(ge=0, le=253_402_300_799_999)] | None = None


class PlacedAnswer(TypedDict):
    """The number under which a replay is found."""

    id: int


_BODY: Final = {
    "requestBody": {"required": True, "content": {"application/json": {"schema": msgspec.json.schema(Order)}}}
}


class ReplayDesk:
    """Takes orders for replays and shows how they stand."""

    def __init__(self, orders: OrderBook) -> None:
        self._orders = orders
        self._placing = asyncio.Lock()

    async def place(self, request: Request) -> Response:
        """Start a replay in a process of its own; one at a time."""
        order = await said(request, Order)
        wanted = Wanted(order.rules, order.days, order.to_ms)
        try:
            flaws = await asyncio.to_thread(self._orders.flaws, wanted) if order.rules else ()
        except ConfigError as error:
            raise HTTPException(400, [str(error)]) from error
        if flaws:
            raise HTTPException(400, [f"{flaw.rule}: {flaw.about}: {flaw.reason}" for flaw in flaws])
        async with self._placing:
            if self._orders.busy:
                raise HTTPException(409, "another replay runs")
            number = await self._orders.place(wanted)
        return JsonAnswer({"id": number}, 202, {"Location": f"/api/replays/{number}"})

    async def all(self) -> Response:
        """Return the replays that are kept, the latest first, without their results."""
        return JsonAnswer(await asyncio.to_thread(self._orders.orders))

    async def one(self, number: Annotated[int, Path(ge=1, le=999_999)]) -> Response:
        """Return how a replay stands, with its result when it is done."""
        order = await asyncio.to_thread(self._orders.order, number)
        if order is None:
            raise HTTPException(404, "no such replay")
        return JsonAnswer(order)


def replay_router(sources: Sources) -> APIRouter:
    """Return the endpoints."""
    desk, routes = ReplayDesk(sources.orders), APIRouter()
    missing: dict[int | str, dict[str, Any]] = {404: {"description": "There is no such thing"}}
    routes.post("/api/replays", status_code=202, response_model=PlacedAnswer, responses=_TOLD, openapi_extra=_BODY)(
        desk.place
    )
    routes.get("/api/replays", response_model=list[OrderAnswer])(desk.all)
    routes.get("/api/replays/{number}", response_model=OrderAnswer, responses=missing)(desk.one)
    return routes
