"""The built page in a headless Chromium, before the hub's real interface."""

import base64
import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

LOOKS, ENOUGH = 30, 500
MAP_DRAWN = ".map[data-ready]"
# Counts pixels of a picture that are strongly red, and says where their middle is.
RED_PIXELS = """async (png) => {
  const picture = await createImageBitmap(await (await fetch(png)).blob());
  const canvas = new OffscreenCanvas(picture.width, picture.height);
  const draw = canvas.getContext("2d");
  draw.drawImage(picture, 0, 0);
  const { data } = draw.getImageData(0, 0, picture.width, picture.height);
  let [count, x, y] = [0, 0, 0];
  for (let n = 0; n < data.length; n += 4) {
    if (data[n] > 150 && data[n + 1] < 60 && data[n + 2] < 60) {
      count += 1;
      x += (n / 4) % picture.width;
      y += Math.floor(n / 4 / picture.width);
    }
  }
  return [count, x / count, y / count];
}"""


@pytest.fixture(autouse=True)
def _patience() -> None:
    expect.set_options(timeout=30_000)


def opened(page: Page, hub: Any, scene: str) -> Page:
    """Return the page when its map is drawn and the hub is heard."""
    hub.start(scene)
    page.goto(hub.url)
    page.wait_for_selector(MAP_DRAWN)
    expect(page.locator(".link")).to_have_attribute("data-state", "live")
    return page


def count_of(page: Page, face: str) -> Any:
    """Return the number in the head of the page for a face."""
    return page.locator(f".summary [data-face={face}] b")


def red_on(page: Page) -> tuple[float, float, float]:
    """Return how many pixels of the map are red, and where they are on the page."""
    frame = page.locator(".map")
    png = base64.b64encode(frame.screenshot()).decode()
    assert page.context.browser is not None
    blank = page.context.browser.new_page()  # the page's own policy forbids what the counting does
    count, x, y = blank.evaluate(RED_PIXELS, f"data:image/png;base64,{png}")
    blank.close()
    box = frame.bounding_box()
    assert box is not None
    return count, box["x"] + (x or 0), box["y"] + (y or 0)


def red_place(page: Page) -> tuple[float, float]:
    """Return where the map is red, as soon as it is: a map draws when its worker is done."""
    for _ in range(LOOKS):
        count, x, y = red_on(page)
        if count > ENOUGH:
            return x, y
    pytest.fail("the map shows nothing red")


def test_page_asks_no_other_host_and_breaks_no_rule_of_its_policy(page: Page, hub: Any) -> None:
    """An intranet without Internet shows everything: map, worker, labels, evidence, chart."""
    asked: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda fault: complaints.append(str(fault)))

    opened(page, hub, "dust").locator(".lead").click()
    page.locator(".cause-card [data-go^=station]").click()
    page.wait_for_selector(".uplot canvas")
    page.locator("[data-tool=show_region]").click()
    page.locator("[data-role=language]").click()
    page.wait_for_function("document.documentElement.lang === 'en'")

    assert [url for url in asked if not url.startswith((hub.url, "blob:", "data:"))] == []
    assert [said for said in complaints if "GPU stall" not in said] == []


def test_calm_zone_says_that_there_is_nothing_to_do(page: Page, hub: Any) -> None:
    """Quiet is shown as quiet, with every area counted as normal and no red on the map."""
    opened(page, hub, "calm")

    expect(page.locator(".nothing")).to_contain_text("无事不扰")
    expect(count_of(page, "normal")).to_have_text("30")
    expect(page.locator(".internal")).to_have_text("内部参考数据")
    assert red_on(page)[0] == 0


def test_dust_turns_its_area_red_and_shows_the_lead_without_a_reload(page: Page, hub: Any) -> None:
    """The stream alone brings the red area on the map and the lead's card beside it."""
    opened(page, hub, "calm")
    expect(page.locator(".nothing")).to_be_visible()

    hub.play("dust")

    expect(count_of(page, "red")).to_have_text("1")
    expect(page.locator(".lead")).to_contain_text("西园区安置房工地")
    expect(page.locator(".lead")).to_contain_text("15:28")
    expect(page).to_have_title(re.compile(r"^\(1\)"))
    assert red_place(page)


def test_lead_that_is_over_stays_listed_as_over(page: Page, hub: Any) -> None:
    """What has ended is no longer called for, but not forgotten."""
    opened(page, hub, "dust")
    expect(page.locator(".lead[data-open]")).to_have_count(1)

    hub.play("after")

    expect(page.locator(".lead[data-open]")).to_have_count(0)
    expect(page.locator(".lead")).to_contain_text("已结束")


def test_click_on_the_red_area_shows_its_evidence(page: Page, hub: Any) -> None:
    """Value, background, threshold, rule and place stand there to be recomputed."""
    opened(page, hub, "dust")
    expect(count_of(page, "red")).to_have_text("1")
    x, y = red_place(page)

    page.mouse.click(x, y)

    detail = page.locator(".detail")
    for text in (
        "西园区安置房工地",
        "412 µg/m³",
        "168 µg/m³",
        "80.0 µg/m³",
        "高出背景 244 µg/m³",
        "pm10-local@1",
        "微站045",
    ):
        expect(detail).to_contain_text(text)


def test_evidence_names_every_possible_source_and_the_numbers_to_check_it_by(page: Page, hub: Any) -> None:
    """Four sources with how likely each is, what would settle it, and on request the values behind the verdict."""
    opened(page, hub, "dust").locator(".lead").click()
    card = page.locator(".cause-card[data-face=red]")

    expect(card.locator(".sources li b")).to_have_text(["71 %", "18 %", "7 %", "4 %"])
    expect(card.locator(".settle")).to_contain_text("260 µg/m³")
    expect(card.locator(".reckoning")).to_have_count(0)
    card.locator("[data-numbers]").click()
    expect(card.locator(".reckoning")).to_contain_text("40 %")
    expect(card.locator(".reckoning .numbers").first.locator("tr")).to_have_count(5)


def test_what_was_found_is_recorded_and_ends_the_lead(page: Page, hub: Any) -> None:
    """One press with a note: the lead is over, and who said what stays readable."""
    opened(page, hub, "dust").locator(".lead").click()
    here = page.locator(".lead-here .outcome")
    here.locator("[data-ask]").click()
    here.locator("input").fill("渣土车未苫盖")
    here.locator("[data-label$=confirmed]").click()

    expect(here.locator(".said")).to_contain_text("属实")
    expect(here.locator(".said")).to_contain_text("渣土车未苫盖")
    expect(page.locator(".tabs [data-tab=leads] b")).to_have_text("0")
    page.reload()
    page.locator(".lead").click()
    expect(page.locator(".lead-here .said")).to_contain_text("渣土车未苫盖")


def test_how_well_is_judged_can_be_looked_at(page: Page, hub: Any) -> None:
    """Without thresholds the page says so, and every rule that opened something is listed with what people found."""
    opened(page, hub, "dust").locator("[data-tool=account]").click()

    expect(page.locator(".account")).to_contain_text("hub calibrate")
    expect(page.locator(".account tbody")).to_contain_text("pm10-local@1")
    page.keyboard.press("Escape")
    expect(page.locator(".account")).to_be_hidden()


def test_index_layer_is_never_mixed_with_levels(page: Page, hub: Any) -> None:
    """Under the air quality index nothing is red for a level, and the legend has the standard's six classes."""
    red_place(opened(page, hub, "dust"))
    page.locator("[data-overlay=aqi]").click()

    expect(page.locator(".legend [data-aqi]")).to_have_count(7)
    expect(page.locator(".legend [data-face]")).to_have_count(0)
    for _ in range(LOOKS):
        if red_on(page)[0] == 0:
            return
    pytest.fail("the map still shows a level")


def test_station_shows_its_last_day_with_the_unit(page: Page, hub: Any) -> None:
    """The chart asks for the chosen property of the last 24 hours and reads out a value with its unit."""
    opened(page, hub, "dust").locator(".lead").click()
    page.locator(".cause-card [data-go^=station]").click()
    page.wait_for_selector(".uplot canvas")

    with page.expect_request(re.compile(r"/api/stations/micro-045/series\?property=o3")) as asked:
        page.locator("[data-property=o3]").click()
    page.wait_for_selector(".uplot canvas")
    page.locator(".uplot .u-over").hover()

    from_ms, to_ms = (int(re.search(rf"{name}=(\d+)", asked.value.url)[1]) for name in ("from_ms", "to_ms"))  # type: ignore[index]
    assert 86_400_000 <= to_ms - from_ms <= 86_400_000 + 120_000
    expect(page.locator(".readout")).to_contain_text("µg/m³")


def test_device_that_lies_is_struck_out_and_listed_as_a_ticket(page: Page, hub: Any) -> None:
    """A stuck device is maintenance, never a lead."""
    opened(page, hub, "haze")

    page.locator("[data-tab=tickets]").click()
    page.locator(".ticket").click()

    expect(page.locator(".detail")).to_contain_text("微站072")
    expect(page.locator(".value[data-property=pm10]")).to_contain_text("失效")
    expect(page.locator(".day-chart")).to_contain_text("不参与判定")
    expect(page.locator("[data-tab=leads] b")).to_have_text("0")


def test_stale_area_is_never_counted_as_normal(page: Page, hub: Any) -> None:
    """Grey is grey in the head and on the map, even where the last known level was red."""
    opened(page, hub, "grey")

    expect(count_of(page, "grey")).to_have_text("30")
    expect(count_of(page, "normal")).to_have_text("0")
    expect(count_of(page, "red")).to_have_text("0")


def test_language_switch_is_remembered(page: Page, hub: Any) -> None:
    """Chinese first; English once chosen survives a reload."""
    opened(page, hub, "dust")
    expect(page.locator(".lead")).to_contain_text("局地偏高")

    page.locator("[data-role=language]").click()
    page.reload()

    expect(page.locator(".lead")).to_contain_text("PM10 local excess")
    expect(page.locator(".lead")).to_contain_text("West Park Housing Site")
    expect(page.locator(".internal")).to_have_text("Internal reference")
    assert page.evaluate("document.documentElement.lang") == "en"


def test_clock_is_that_of_beijing_wherever_the_browser_is(browser: Any, hub: Any) -> None:
    """The field's time is Asia/Shanghai on a computer set to another zone."""
    context = browser.new_context(timezone_id="America/New_York")
    page = opened(context.new_page(), hub, "calm")

    expect(page.locator(".clock b")).to_have_text(re.compile(r"^1[67]:\d\d"))
    expect(page.locator(".clock")).to_contain_text("2013年10月4日")
    context.close()


def test_page_says_that_it_is_cut_off_and_catches_up_by_itself(page: Page, hub: Any) -> None:
    """While the hub is away the page shows of when it is; what happened meanwhile is there when the hub is back."""
    opened(page, hub, "calm")

    hub.stop()
    expect(page.locator(".link")).to_have_attribute("data-state", "reconnecting")
    expect(page.locator(".warning")).to_contain_text("与主站的连接已中断")
    hub.start("dust")

    expect(page.locator(".link")).to_have_attribute("data-state", "live")
    expect(page.locator(".warning")).to_be_hidden()
    expect(page.locator(".lead")).to_have_count(1)


def test_phone_shows_map_and_leads_without_scrolling_sideways(phone: Page, hub: Any) -> None:
    """An inspector reads the lead, its evidence and the way to it with one thumb at 390 px."""
    opened(phone, hub, "dust")
    expect(phone.locator(".grip")).to_contain_text("西园区安置房工地")

    phone.locator(".grip").click()
    phone.locator(".lead .locate").click()

    expect(phone.locator(".detail")).to_contain_text("高出背景 244 µg/m³")
    assert phone.evaluate("document.documentElement.scrollWidth") == 390
    assert phone.evaluate("document.querySelector('.shut').getBoundingClientRect().height") >= 44
