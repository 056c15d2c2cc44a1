"""A patrol vehicle's air feed: JSON over MQTT, kept until the gateway says that it has it.

    vehicle/{id}/air       {"sn": 17, "time": "2015-01-09T08:00:00.000Z", "pm2_5": 85.0, "pm10": 120.5, "nox": 61.0,
                            "o3": 20.3, "lon": 116.53, "lat": 39.82}
    vehicle/{id}/air/ack   {"sn": 17}      acknowledges 17 and all before

Concentrations in ug/m3; lon and lat (WGS-84) only when the vehicle knows where it is. `sn` counts from 1 without holes.
"""

import json
from collections import deque
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

WINDOW: Final = 32
AGAIN_S: Final = 2.0


def topic(vehicle: str) -> str:
    """Return where a vehicle publishes; its acknowledgements come on the same with `/ack` behind."""
    return f"vehicle/{vehicle}/air"


def payload(sn: int, time_ms: int, air: Mapping[str, float], position: tuple[float, float] | None) -> bytes:
    """Return one reading as the vehicle publishes it; `position` is (longitude, latitude)."""
    time = datetime.fromtimestamp(time_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    place = {} if position is None else {"lon": position[0], "lat": position[1]}
    return json.dumps({"sn": sn, "time": time, **air, **place}).encode()


def acknowledged(octets: bytes) -> int | None:
    """Return the number in an acknowledgement, None when it is none."""
    try:
        sn = json.loads(octets)["sn"]
    except (ValueError, KeyError, TypeError):
        return None
    return sn if isinstance(sn, int) else None


class Feed:
    """What a vehicle has measured and nobody has acknowledged yet. Times are real seconds of any fixed origin."""

    def __init__(self) -> None:
        self._last = 0
        self._kept: deque[tuple[int, bytes]] = deque()
        self._sent: dict[int, float] = {}

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def next_sn(self) -> int:
        """The number of the next reading."""
        return self._last + 1

    def append(self, octets: bytes) -> None:
        """Keep one more reading, the one that `next_sn` numbers."""
        self._last += 1
        self._kept.append((self._last, octets))

    def due(self, now_s: float) -> list[bytes]:
        """Return what is to be sent now: of the oldest 32 what was never sent, or not answered for 2 s."""
        out = []
        for _, (sn, octets) in zip(range(WINDOW), self._kept, strict=False):
            if now_s - self._sent.get(sn, float("-inf")) >= AGAIN_S:
                self._sent[sn] = now_s
                out.append(octets)
        return out

    def acknowledge(self, sn: int) -> None:
        """Let go of a reading and all before it."""
        while self._kept and self._kept[0][0] <= sn:
            self._sent.pop(self._kept.popleft()[0], None)

    def lost_link(self) -> None:
        """Forget what was sent: the link broke, all of it is due again."""
        self._sent.clear()
