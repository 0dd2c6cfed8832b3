"""Fixtures of the tests in a browser.

The browser lives for one module: while it runs, Playwright's loop holds the main thread, and
asyncio tests of other modules could not start theirs.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext

from tests.e2e.browsing import DESKTOP, Widget, chromium, need_browser, open_page
from tests.e2e.scripted import Running, Scripted


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Return a real browser."""
    need_browser()
    with chromium() as running:
        yield running


@pytest.fixture
def scripted() -> Iterator[Scripted]:
    """Return a running double that breaks on command."""
    with Running(Scripted()) as running:
        yield running


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """Return a fresh profile on a desktop."""
    with_context = browser.new_context(viewport=DESKTOP, locale="en-GB")
    yield with_context
    with_context.close()


@pytest.fixture
def visit(context: BrowserContext, scripted: Scripted) -> Iterator[Callable[..., Widget]]:
    """Return a function that opens the double's shop page; script errors fail the test."""
    errors: list[str] = []
    context.on("weberror", lambda error: errors.append(str(error.error)))

    def go(path: str = "/shop", **attributes: Any) -> Widget:
        query = "&".join(f"{name}={value}" for name, value in attributes.items())
        return Widget(open_page(context, f"{scripted.url}{path}?{query}"))

    yield go
    assert errors == []
