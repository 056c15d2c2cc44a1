"""Devices that are asked, on lines in memory: what an answer is, who is asked when, and what is lost with the line."""

import asyncio
import errno
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import pytest

from edge.drivers.asking import MAX_SILENCES, Asked, Asking, Line
from edge.drivers.decoder import Fault
from edge.errors import BadFrame, DeviceSilent, PortError
from wire.reading import Reading

SOON_S = 0.02


@dataclass
class Words:
    """A decoder of words that end with a full stop; one that begins with ? is a fault."""

    held: str = ""

    def feed(self, chunk: bytes) -> list[str | Fault]:
        """Return the words that are complete now."""
        *words, self.held = (self.held + chunk.decode()).split(".")
        return [Fault(word[1:], b"") if word.startswith("?") else word for word in words]


@dataclass
class Speaker:
    """What stands on the line: it answers each question with the words of the table, one after another.

    Attributes:
        answers: by question; the last of them for ever; an empty word is silence.
        asked: what it was asked.
    """

    line: Any
    answers: dict[str, list[str]]
    asked: list[str] = field(default_factory=list)

    async def speak(self) -> None:
        """Answer for ever."""
        transport = self.line.transport
        while True:
            await transport.spoken.wait()
            transport.spoken.clear()
            asked, transport.written = transport.written.decode(), b""
            words = self.answers.get(asked, [""])
            self.asked.append(asked)
            self.line.reader.feed_data((words.pop(0) if len(words) > 1 else words[0]).encode())


@pytest.fixture
def on_line(line: Any) -> Callable[..., Any]:
    """Open a line with a speaker on it, hand (Line, reader) to a coroutine and return what that returns."""

    def play(body: Callable[[Line, asyncio.StreamReader], Awaitable[Any]], answer: str = "") -> Any:
        async def run() -> Any:
            streams = await line.open("ttyS0", 9600)
            speaking = asyncio.create_task(Speaker(line, {"a?": [answer]}).speak())
            try:
                return await body(Line("ttyS0", streams), streams[0])
            finally:
                speaking.cancel()
                line.transport.abort()

        return asyncio.run(run())

    return play


@pytest.fixture
def exchange(on_line: Callable[..., Any]) -> Callable[..., str]:
    """Ask "a?" on a line where `before` came in earlier, where `answer` is said to it, or which is broken."""

    def ask(answer: str = "", before: str = "", broken: OSError | None = None) -> str:
        async def body(line: Line, reader: asyncio.StreamReader) -> str:
            reader.feed_data(before.encode())
            if broken is not None:
                reader.set_exception(broken)
            return await line.exchange(b"a?", Words(), SOON_S)

        said: str = on_line(body, answer)
        return said

    return ask


def test_first_frame_is_the_answer(exchange: Callable[..., str]) -> None:
    """Faults before it and whatever follows it do not matter."""
    assert exchange("?noise.yes.no.") == "yes"


def test_what_came_in_before_the_question_is_no_answer(exchange: Callable[..., str]) -> None:
    """It is late, or nobody's."""
    assert exchange("yes.", before="late." * 2000) == "yes"


def test_what_the_system_still_holds_is_no_answer(on_line: Callable[..., Any]) -> None:
    """The loop hears of bytes a turn after they came in: they are thrown away all the same."""

    async def body(line: Line, reader: asyncio.StreamReader) -> str:
        loop = asyncio.get_running_loop()
        loop.call_soon(loop.call_soon, reader.feed_data, b"late.")
        return await line.exchange(b"a?", Words(), SOON_S)

    assert on_line(body, "yes.") == "yes"


@pytest.mark.parametrize(
    ("answer", "fault", "reason"),
    [
        ("", DeviceSilent, "silent"),
        ("ye", BadFrame, "incomplete"),
        ("?noise.?wrong sum.", BadFrame, "wrong sum"),
    ],
)
def test_no_answer_in_time_says_what_came_instead(
    exchange: Callable[..., str], answer: str, fault: type[Exception], reason: str
) -> None:
    """Nothing, too little, or the last fault in the decoder's words."""
    with pytest.raises(fault, match=reason):
        exchange(answer)


@pytest.mark.parametrize("number", [errno.EIO, errno.ECONNRESET, errno.ETIMEDOUT])
def test_broken_line_is_no_silence(exchange: Callable[..., str], number: int) -> None:
    """Also when the system gives up a connection because it timed out: that is no answer that is late."""
    with pytest.raises(PortError, match="ttyS0: went away"):
        exchange(broken=OSError(number, "broken"))


def test_end_of_stream_is_no_silence(on_line: Callable[..., Any]) -> None:
    """A serial server that hangs up is gone."""

    async def body(line: Line, reader: asyncio.StreamReader) -> None:
        reader.feed_eof()
        await line.exchange(b"a?", Words(), SOON_S)

    with pytest.raises(PortError, match="end of stream"):
        on_line(body)


def test_command_that_nobody_answers_is_sent(on_line: Callable[..., Any], line: Any) -> None:
    """`tell` sends and waits for nothing."""

    async def body(opened: Line, reader: asyncio.StreamReader) -> bytes:
        await opened.tell(b"wake!")
        return bytes(line.transport.written)

    assert on_line(body) == b"wake!"


def device(name: str, clock: Any, *, prepare: bool = False, period_s: float = 10.0) -> Asked:
    """Return a device that is asked "name?" and, when it is to be prepared, first told "name!", which it answers."""

    async def read(line: Line) -> Sequence[Reading]:
        word = await line.exchange(f"{name}?".encode(), Words(), SOON_S)
        return [Reading(name, "pm10", clock.monotonic_ms(), float(word))]

    async def start(line: Line) -> None:
        await line.exchange(f"{name}!".encode(), Words(), SOON_S)

    return Asked(name, period_s, SOON_S, read, start if prepare else None)


@pytest.fixture
def scene(line: Any, clock: Any) -> Callable[..., Any]:
    """Play devices and who answers for them, and hand (driver, speaker) to a coroutine."""

    def play(
        body: Callable[[Asking, Speaker], Awaitable[Any]],
        answers: dict[str, list[str]],
        *devices: Asked,
        port: str = "ttyS0",
    ) -> Any:
        async def run() -> Any:
            async with Asking(port, 9600, devices, clock, line.open) as driver:
                speaker = Speaker(line, answers)
                speaking = asyncio.create_task(speaker.speak())
                try:
                    return await body(driver, speaker)
                finally:
                    speaking.cancel()

        return asyncio.run(run())

    return play


async def times_of(driver: Asking, count: int) -> dict[str, list[int]]:
    """Return the times of the next so many readings, by device."""
    times: dict[str, list[int]] = {name: [] for name in driver.health}
    stream = driver.readings()
    for _ in range(count):
        (reading,) = await anext(stream)
        times[reading.device].append(reading.monotonic_ms)
    return times


def steps(times: Sequence[int]) -> set[int]:
    """Return how far the times are apart."""
    return {later - earlier for earlier, later in pairwise(times)}


def test_devices_of_a_line_are_asked_in_turn(scene: Callable[..., Any], clock: Any) -> None:
    """Each once a period at a phase of its own; each reading has the time of its own answer."""

    async def body(driver: Asking, speaker: Speaker) -> None:
        times = await times_of(driver, 6)
        assert [steps(times["a"]), steps(times["b"])] == [{10_000}, {10_000}]
        assert not set(times["a"]) & set(times["b"])
        assert all(health.answers == 3 and health.latency_ms > 0 for health in driver.health.values())

    scene(body, {"a?": ["1."], "b?": ["2."]}, device("a", clock), device("b", clock))


def test_dead_device_leaves_the_other_its_cadence(scene: Callable[..., Any], clock: Any) -> None:
    """Its silence is counted, and it is left in peace for longer and longer."""

    async def body(driver: Asking, speaker: Speaker) -> None:
        times = await times_of(driver, 12)
        assert steps(times["a"]) == {1_000}
        dead = driver.health["b"]
        assert (dead.answers, dead.fault) == (0, "silent: no answer in time")
        assert 1 < dead.failures < 8
        assert dead.skipped > 2

    scene(body, {"a?": ["1."]}, device("a", clock, period_s=1.0), device("b", clock, period_s=1.0))


def test_device_is_prepared_after_the_opening_and_after_each_failure(scene: Callable[..., Any], clock: Any) -> None:
    """It may have lost its power, and with it what it was told; while it answers it is left alone."""

    async def body(driver: Asking, speaker: Speaker) -> None:
        assert len((await times_of(driver, 3))["a"]) == 3
        assert speaker.asked == ["a!", "a?", "a?", "a?", "a!", "a?"]
        assert (driver.health["a"].failures, driver.health["a"].fault) == (1, "not started")

    scene(body, {"a!": ["ok."], "a?": ["1.", "2.", "?not started.", "3."]}, device("a", clock, prepare=True))


def test_device_that_cannot_be_prepared_is_not_read(scene: Callable[..., Any], clock: Any) -> None:
    """A failed start is a failure like another; it is tried again."""

    async def body(driver: Asking, speaker: Speaker) -> None:
        await times_of(driver, 1)
        assert speaker.asked == ["a!", "a!", "a?"]
        assert (driver.health["a"].failures, driver.health["a"].fault) == (1, "refused")

    scene(body, {"a!": ["?refused.", "ok."], "a?": ["1."]}, device("a", clock, prepare=True))


def test_network_peer_that_is_silent_for_long_is_gone(scene: Callable[..., Any], clock: Any) -> None:
    """A cable pulled from a switch closes no connection: a new one is made."""

    async def body(driver: Asking, speaker: Speaker) -> None:
        with pytest.raises(PortError, match=f"nobody has answered {MAX_SILENCES} questions"):
            await anext(driver.readings())
        assert len(speaker.asked) == MAX_SILENCES

    scene(body, {}, device("a", clock), port="tcp://10.0.0.7:4001")


def test_serial_line_is_kept_however_silent(scene: Callable[..., Any], clock: Any) -> None:
    """Opening a serial port anew would wake nobody."""

    async def body(driver: Asking, speaker: Speaker) -> None:
        await times_of(driver, 1)
        assert driver.health["a"].failures == MAX_SILENCES + 2

    scene(body, {"a?": [""] * (MAX_SILENCES + 2) + ["1."]}, device("a", clock))
