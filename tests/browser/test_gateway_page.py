"""The gateway's own page in a browser: what a person beside it reads."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from playwright.sync_api import Page as Tab
from playwright.sync_api import expect

from edge.page.server import Page
from edge.state import (
    AgentState,
    ClockState,
    ConfigState,
    DeviceState,
    OutboxState,
    StationState,
    UplinkState,
    ValueState,
    encode_state,
)
from edge.tables import PageTable

pytestmark = pytest.mark.browser

NOW_MS = 1_780_000_000_000
AIR = DeviceState(
    *("lab-1-air", "lab-1", "modbus", "/dev/ttyUSB0", 120, 1, 0, 0, 14.0, 3.0, "", True, 60.0, 99.2),
    values=(
        ValueState("temperature", "degC", 22.45, 2, NOW_MS, 3.0),
        ValueState("pm2_5", "ug/m3", 35.0, 3, NOW_MS, 3.0),
        ValueState("humidity", "%", None, 9, NOW_MS, 400.0),
    ),
)
WELL = AgentState(
    gateway="gw-1",
    version="1.0",
    started_ms=NOW_MS,
    uptime_s=7200,
    clock=ClockState("ntp", NOW_MS),
    uplink=UplinkState(True, 7000, "hub.example", 8883, 2.0),  # noqa: FBT003  # connected
    outbox=OutboxState(1, 1 << 20, 256 << 20, 0, NOW_MS, 1, 5, 4),
    config=ConfigState(0, "0123456789ab", "/etc/quietwatch/edge.toml"),
    stations=(StationState("lab-1", "<b>一号</b>实验室", "Laboratory one"),),
    devices=(AIR,),
    health=(ValueState("cpu_temperature", "degC", 51.2, 2, NOW_MS, 12.0), ValueState("clock_quality", "1", 2, 2, 0, 1)),
)
GONE = msgspec.structs.replace(
    AIR, id="lab-1-gas", port="/dev/ttyUSB1", open=False, fault="/dev/ttyUSB1: unplugged", values=(), answers=0
)
ILL = msgspec.structs.replace(
    WELL,
    uplink=UplinkState(False, 740, "hub.example", 8883, 745.0, "no route"),  # noqa: FBT003  # not connected
    outbox=OutboxState(310, 220 << 20, 256 << 20, 7, NOW_MS, 1, 5, 4),
    devices=(
        msgspec.structs.replace(AIR, silent=4, fault="no answer in time"),
        GONE,
        msgspec.structs.replace(GONE, id="lab-1-hall"),
    ),
)


class Served:
    """The page in a thread of its own.

    Attributes:
        state: what it shows.
    """

    def __init__(self) -> None:
        self.state = WELL
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._table = PageTable(port=probe.getsockname()[1])
        self.url = f"http://127.0.0.1:{self._table.port}/"

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Serve it."""
        loop, page = asyncio.new_event_loop(), Page(self._table, lambda: encode_state(self.state))
        thread = threading.Thread(target=loop.run_forever)
        thread.start()

        def do(step: Any) -> None:
            asyncio.run_coroutine_threadsafe(step, loop).result(10)

        do(page.__aenter__())
        try:
            yield
        finally:
            do(page.__aexit__())
            do(asyncio.sleep(0.1))  # connections close
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            loop.close()


@pytest.fixture
def served() -> Iterator[Served]:
    """A page that shows a gateway that is well."""
    served = Served()
    with served.running():
        yield served


def test_lab_reads_its_values_and_that_all_is_well(page: Tab, served: Served) -> None:
    """Value, unit, age and doubt in words, in Chinese and by one press in English; nothing is asked of anybody else."""
    asked: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda line: complaints.append(line.text))
    page.goto(served.url)

    expect(page.get_by_role("status")).to_have_text("✓ 一切正常")
    expect(page.get_by_role("heading", name="<b>一号</b>实验室")).to_be_visible()
    expect(page.locator("tr", has_text="温度").first).to_contain_text("22.45 °C")
    expect(page.locator("tr", has_text="PM2.5")).to_contain_text("⚠ 可疑")
    expect(page.locator("tr", has_text="相对湿度")).to_contain_text("⚠ 缺测 · 已过时")
    expect(page.locator("article").first).to_contain_text("✓ 正常 · modbus · 应答 99.2 % · 14 毫秒")
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("status")).to_have_text("✓ All is well")
    expect(page.get_by_role("heading", name="Laboratory one")).to_be_visible()
    expect(page.locator("tr", has_text="Temperature").first).to_contain_text("3 s ago")
    assert {url.removeprefix(served.url) for url in asked} == {"", "values.json"}
    assert complaints == []


def test_what_is_wrong_is_said_with_what_to_do(phone: Tab, served: Served) -> None:
    """Hub away, storage filling, readings lost, a silent device, a port that is gone; a phone need not scroll aside."""
    served.state = ILL
    phone.goto(served.url)

    expect(phone.get_by_role("status")).to_contain_text("有 5 处需要处理")
    for part in ("连不上中心，已 12 分钟", "310 块待送", "存储已用 86 %", "丢弃了 7 个读数", "lab-1-air：没有应答"):
        expect(phone.get_by_role("status")).to_contain_text(part)
    expect(phone.get_by_role("status")).to_contain_text(
        "lab-1-gas、lab-1-hall：端口打不开/dev/ttyUSB1。检查接头是否插好。unplugged"
    )
    expect(phone.locator("article").nth(1)).to_contain_text("⚠ 端口未打开")
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390


def test_page_says_when_the_gateway_is_gone(page: Tab, served: Served) -> None:
    """What it said last stays, under a sentence that says so."""
    page.goto(served.url)
    expect(page.get_by_role("status")).to_have_text("✓ 一切正常")
    page.route("**/values.json", lambda route: route.abort())
    page.evaluate("refresh()")

    expect(page.get_by_role("status")).to_contain_text("网关没有应答")
    expect(page.locator("tr", has_text="温度").first).to_contain_text("22.45 °C")
