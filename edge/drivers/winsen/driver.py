"""Listens to a Winsen gas module, or asks it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from edge.drivers.asking import Asked, Asking, Line
from edge.drivers.driver import Driver
from edge.drivers.serial_port import Listener, OpenStreams, only, open_line
from edge.drivers.winsen.codec import ACTIVE, ASK, READ, AnswerDecoder, Upload, UploadDecoder
from edge.drivers.winsen.settings import WinsenSettings, datastreams, model_of, unit_of
from edge.errors import DeviceSilent, PortError
from wire.clock import Clock
from wire.reading import Flag, Reading

# A module that sends nothing for so many field seconds may have been without power.
POWERLESS_S = 10.0


@dataclass(slots=True)
class WarmUp:
    """Whether a module is warm, as far as its frames tell: nobody sees its power come.

    It counts from the first frame, and anew from the first one after a silence: a module that was warm before the
    gateway started says nothing for that long, and one that came back with the power says nothing wrong.

    Attributes:
        lasts_s: field seconds.
        gap_s: the silence in field seconds after which it counts anew.
    """

    lasts_s: float
    gap_s: float
    _since_ms: int | None = field(init=False, default=None)
    _last_ms: int = field(init=False, default=0)

    def over(self, now_ms: int) -> bool:
        """Take note of a frame at a monotonic time and return whether the module is warm."""
        if self._since_ms is None or now_ms - self._last_ms > self.gap_s * 1000:
            self._since_ms = now_ms
        self._last_ms = now_ms
        return now_ms - self._since_ms >= self.lasts_s * 1000

    def begin(self) -> None:
        """Count anew from the next frame."""
        self._since_ms = None


def open_port(devices: Sequence[WinsenSettings], clock: Clock, open_streams: OpenStreams = open_line) -> Driver:
    """Return the driver of one port.

    Raises:
        ValueError: more than one device is said to be on the port.
    """
    settings = only(devices)
    if settings.mode == "active":
        return _listener(settings, clock, open_streams)
    module = _Module(settings, clock, _warm_up(settings))
    asked = Asked(
        settings.id,
        settings.period_s,
        settings.timeout_s,
        module.read,
        module.hush if model_of(settings).switched else None,
    )
    return Asking(settings.port, settings.baud, (asked,), clock, open_streams)


def _listener(settings: WinsenSettings, clock: Clock, open_streams: OpenStreams) -> Driver:
    model, warm_up = model_of(settings), _warm_up(settings)
    scale = settings.scale or model.sent[unit_of(settings)]

    def interpret(upload: Upload, arrival_ms: int) -> Sequence[Reading]:
        measured = model.value(upload.counts, scale, upload.full)
        return _readings(settings, arrival_ms, measured, warm=warm_up.over(arrival_ms))

    return Listener[Upload](
        settings.port,
        settings.baud,
        settings.id,
        settings.period_s,
        clock,
        UploadDecoder,
        interpret,
        nudge=ACTIVE,
        open_streams=open_streams,
    )


@dataclass(frozen=True, slots=True)
class _Module:
    """A module that is asked."""

    settings: WinsenSettings
    clock: Clock
    warm_up: WarmUp

    async def hush(self, line: Line) -> None:
        """Tell it to answer instead of sending by itself."""
        await line.tell(ASK)

    async def read(self, line: Line) -> Sequence[Reading]:
        """Ask it once."""
        try:
            answer = await line.exchange(READ, AnswerDecoder(), self.settings.timeout_s)
        except (DeviceSilent, PortError):
            self.warm_up.begin()
            raise
        model, arrival_ms = model_of(self.settings), self.clock.monotonic_ms()
        place = model.asked[unit_of(self.settings)]
        measured = model.value(answer.word(place.at), self.settings.scale or place.scale)
        return _readings(self.settings, arrival_ms, measured, warm=self.warm_up.over(arrival_ms))


def _warm_up(settings: WinsenSettings) -> WarmUp:
    lasts_s = model_of(settings).warm_up_s if settings.warm_up_s is None else settings.warm_up_s
    return WarmUp(lasts_s, max(POWERLESS_S, 3 * settings.period_s))


def _readings(
    settings: WinsenSettings, arrival_ms: int, measured: tuple[float, Flag], *, warm: bool
) -> Sequence[Reading]:
    value, flag = measured if warm else (math.nan, Flag.MISSING)
    return [Reading(settings.id, name, arrival_ms, value, flag) for name, _ in datastreams(settings)]
