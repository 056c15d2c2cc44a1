"""A browser without a screen, and the hub's real interface over a played scene for it to look at."""

import importlib.util
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).parents[2]
# Chromium without a graphics card draws WebGL by software.
FLAGS = ("--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader")
PATIENCE_MS = 30_000


@pytest.fixture(scope="module")  # while it lives its event loop runs, and other tests want theirs
def browser() -> Iterator[Browser]:
    """Return a headless Chromium."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.fail("needs Debian's chromium; `make test` installs it")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def played_hub() -> ModuleType:
    """Return played_hub.py, which is a program too."""
    spec = importlib.util.spec_from_file_location("played_hub", Path(__file__).with_name("played_hub.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def hub(played_hub: ModuleType, tmp_path: Path) -> Iterator[Any]:
    """Return a hub that is not started yet."""
    assert (ROOT / "hub/map_api/static/index.html").is_file(), "the map page is not built: make web"
    played = played_hub.PlayedHub(tmp_path)
    yield played
    played.stop()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """Return a page on a wall screen."""
    page = browser.new_page(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
    page.set_default_timeout(PATIENCE_MS)
    yield page
    page.close()


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    """Return a page on a phone."""
    page = browser.new_page(
        viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True, reduced_motion="reduce"
    )
    page.set_default_timeout(PATIENCE_MS)
    yield page
    page.close()
