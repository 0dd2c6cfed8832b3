"""A real Chromium, and the widget as a shopper meets it."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from axe_core_python.sync_playwright import Axe
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Locator,
    Page,
    ViewportSize,
    sync_playwright,
)

_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
DESKTOP = ViewportSize(width=1280, height=800)
PHONE = ViewportSize(width=390, height=844)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start Debian's browser, else the one that Playwright installed."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=_ARGUMENTS
        )
        yield browser
        browser.close()


def need_browser() -> None:
    """Skip where there is no browser, except in CI."""
    if shutil.which("chromium") or os.environ.get("CI"):
        return
    with sync_playwright() as playwright:
        if not Path(playwright.chromium.executable_path).exists():
            pytest.skip(
                "no Chromium here: apt-get install chromium, or playwright install chromium"
            )


class Widget:
    """The widget on one page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.host = page.locator("shopbell-chat")
        self.launcher = self.host.locator(".launcher")
        self.panel = self.host.locator("#panel")
        self.input = self.host.locator("textarea")
        self.log = self.host.get_by_role("log")
        self.entries = self.log.locator("article")
        self.mine = self.log.locator("article.shopper .bubble")
        self.theirs = self.log.locator("article.bot .bubble")
        self.presence = self.host.locator(".presence")
        self.banner = self.host.locator(".banner")

    def open(self) -> "Widget":
        """Open the panel with the launcher."""
        self.launcher.click()
        self.input.wait_for()
        return self

    def say(self, text: str) -> None:
        """Write a message and press Enter."""
        self.input.fill(text)
        self.input.press("Enter")

    def button(self, name: str) -> Locator:
        """Return a button of the widget by its accessible name."""
        return self.host.get_by_role("button", name=name, exact=True)

    def focused(self) -> str:
        """Return the class or id of what has the focus inside the widget."""
        script = (
            "e => { const a = e.shadowRoot.activeElement; return a ? a.id || a.className : '' }"
        )
        found: str = self.host.evaluate(script)
        return found


def open_page(context: BrowserContext, url: str) -> Page:
    """Open a page whose script errors fail the test at its end."""
    page = context.new_page()
    page.set_default_timeout(10_000)
    page.goto(url)
    return page


def serious(page: Page) -> list[str]:
    """Return axe's serious and critical findings, with the element that each is about."""
    found: dict[str, Any] = Axe().run(page)
    return [
        f"{violation['id']}: {node['target']} {node['failureSummary']}"
        for violation in found["violations"]
        if violation["impact"] in {"serious", "critical"}
        for node in violation["nodes"]
    ]
