"""POST /api/leads/{id}/label, POST /api/tickets/{id}/label, GET /api/precision: what people found, and what follows."""

from dataclasses import asdict
from typing import Annotated, Any, Final

import anyio.to_thread
import msgspec
from anyio import CapacityLimiter
from fastapi import APIRouter, HTTPException, Path, Request, Response

from hub.lead.label import NOTE_MOST, LabelOutcome, Said, Subject
from hub.map_api.broadcast import Sources
from hub.map_api.label_answers import LabelAnswer, PrecisionAnswer
from hub.map_api.routes import JsonAnswer
from hub.map_api.saying import said, speaker

LARGEST: Final = 16_384
Number = Annotated[int, Path(ge=1, le=2**31 - 1)]
_REFUSED: Final[dict[int | str, dict[str, Any]]] = {
    400: {"description": "Not such JSON"},
    403: {"description": "From another site's page"},
    404: {"description": "There is no such thing"},
    413: {"description": "Too long"},
    415: {"description": "Not application/json"},
}


class Saying(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is posted: the outcome, a note, and whether the lead or ticket is closed by it."""

    outcome: LabelOutcome
    note: Annotated[str, msgspec.Meta(max_length=NOTE_MOST)] = ""
    close: bool = False


_BODY: Final = {
    "requestBody": {"required": True, "content": {"application/json": {"schema": msgspec.json.schema(Saying)}}}
}


class FeedbackDesk:
    """Takes what people say, and shows how often what was opened was right; off the event loop, one at a time."""

    def __init__(self, sources: Sources) -> None:
        self._from = sources
        self._thread = CapacityLimiter(1)

    async def lead(self, lead_id: Number, request: Request) -> Response:
        """Label a lead; what was said before is kept, and counts no more."""
        return await self._label(Subject("lead", lead_id), request)

    async def ticket(self, ticket_id: Number, request: Request) -> Response:
        """Label a ticket; what was said before is kept, and counts no more."""
        return await self._label(Subject("ticket", ticket_id), request)

    async def precision(self) -> Response:
        """Return how often each detector, rule and check was right, over all time and by month."""
        rows = await anyio.to_thread.run_sync(self._from.registry.precision, limiter=self._thread)
        return JsonAnswer([asdict(row) for row in rows])

    async def _label(self, subject: Subject, request: Request) -> Response:
        saying = await said(request, Saying, LARGEST)
        meant = Said(saying.outcome, saying.note, speaker(request), self._from.clock.utc_ms())

        def keep() -> bool:
            return self._from.registry.label(subject, meant, close=saying.close)

        if not await anyio.to_thread.run_sync(keep, limiter=self._thread):
            raise HTTPException(404, f"no such {subject.kind}")
        self._from.live.touch()
        kept = {"outcome": meant.outcome, "note": meant.note, "said_by": meant.by, "said_ms": meant.at_ms}
        return JsonAnswer(kept)


def feedback_router(sources: Sources) -> APIRouter:
    """Return the endpoints."""
    desk, routes = FeedbackDesk(sources), APIRouter()
    takes: dict[str, Any] = {"response_model": LabelAnswer, "responses": _REFUSED, "openapi_extra": _BODY}
    routes.post("/api/leads/{lead_id}/label", **takes)(desk.lead)
    routes.post("/api/tickets/{ticket_id}/label", **takes)(desk.ticket)
    routes.get("/api/precision", response_model=list[PrecisionAnswer])(desk.precision)
    return routes
