"""The inspector's phone of the demo: a webhook receiver on loopback that counts what reaches it."""

from dataclasses import dataclass, field

from fastapi import FastAPI, Request

from wire.clock import Clock


@dataclass(frozen=True, slots=True)
class Received:
    """One push, once however often it was tried.

    Attributes:
        push: the Idempotency-Key under which it came.
        lead: what the hub posted.
        received_ms: field time of the first arrival.
    """

    push: str
    lead: dict[str, object]
    received_ms: int

    def as_json(self) -> dict[str, object]:
        """Return lead, area, cause and delay: field seconds from the lead's opening to its arrival."""
        delay_s = (self.received_ms - int(str(self.lead["opened_ms"]))) / 1000
        return {key: self.lead[key] for key in ("lead_id", "area", "cause")} | {"delay_s": round(delay_s, 1)}


@dataclass(slots=True)
class Receiver:
    """Remembers the first arrival of each push.

    Attributes:
        clock: field time.
        pushes: by Idempotency-Key.
    """

    clock: Clock
    pushes: dict[str, Received] = field(default_factory=dict)

    def app(self) -> FastAPI:
        """Return the web application: POST /lead."""
        app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

        @app.post("/lead")
        async def lead(request: Request) -> dict[str, bool]:
            push = request.headers.get("Idempotency-Key", "")
            first = push not in self.pushes
            if first:
                self.pushes[push] = Received(push, await request.json(), self.clock.utc_ms())
            return {"first": first}

        return app
