"""The demo shop's page."""

import json
import re
from collections.abc import Callable, Iterator
from importlib.resources import files
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from bot.shop.demo.showcase import CUSTOMERS, ORDERS
from intents.loader import load_commands, load_phrases
from intents.model import normalise
from intents.replies import load_replies
from tests.e2e.browsing import PHONE, Widget, open_page, serious
from tests.e2e.scripted import STATIC, STRICT, Scripted

Visit = Callable[..., Widget]
HTML = (STATIC / "index.html").read_text(encoding="utf-8")
PRODUCTS: list[dict[str, Any]] = json.loads((STATIC / "products.json").read_text("utf-8"))


def _suggestions() -> Iterator[str]:
    """Return every text that the page or the widget puts into the shopper's mouth."""
    yield from re.findall(r'data-ask="([^"]+)"', HTML)
    for language in ("en", "zh"):
        replies = load_replies(language)
        yield from (replies[key][0] for key in replies if key.startswith("widget.starter."))
        for product in PRODUCTS:
            wording = replies["demo.product_question"][0]
            yield wording.format(title=product["title"][language])


def test_suggested_questions_are_not_training_phrases() -> None:
    trained = {normalise(example.text) for example in load_phrases()}
    for phrases in load_commands().values():
        trained |= {normalise(phrase) for phrase in phrases}
    suggested = [normalise(text) for text in _suggestions()]
    assert len(suggested) >= 12 + 6 + 24
    assert [text for text in suggested if text in trained] == []


def test_products_are_the_demo_shops_with_its_prices() -> None:
    lines = (files("bot.shop.demo") / "products.jsonl").read_text("utf-8").splitlines()
    catalogue = {product["id"]: product for product in map(json.loads, lines)}
    assert len(PRODUCTS) == 12
    for shown in PRODUCTS:
        product = catalogue[shown["id"]]
        prices = sorted({float(variant["price"]) for variant in product["variants"]})
        assert shown["title"] == product["title"]
        assert float(shown["price"]) == prices[0]
        assert shown["currency"] == product["variants"][0]["currency"]
        assert shown["varies"] is (len(prices) > 1)
        assert (STATIC / "art" / f"{shown['id']}.svg").is_file()


def test_the_customers_to_sign_in_as_are_the_showcase() -> None:
    pattern = r'data-customer="([^"]+)" data-orders="([^"]+)"[^>]*>([^<]+)<'
    shown = {
        (id_, name): set(orders.split(", ")) for id_, orders, name in re.findall(pattern, HTML)
    }
    expected = {
        (customer["id"], customer["name"]): {
            order["number"] for order in ORDERS if order["customer_id"] == customer["id"]
        }
        for customer in CUSTOMERS
    }
    assert shown == expected


def test_the_page_has_words_for_all_it_names() -> None:
    script = (STATIC / "demo.js").read_text("utf-8")
    named = set(re.findall(r'data-word(?:-label)?="([^"]+)"', HTML))
    named |= set(re.findall(r'word\("([^"]+)"', script))
    words = {key.removeprefix("demo.") for key in load_replies("en") if key.startswith("demo.")}
    assert named == words


@pytest.mark.slow
@pytest.mark.e2e
def test_a_suggested_question_opens_the_chat_and_waits_there(
    visit: Visit, scripted: Scripted
) -> None:
    widget = visit("/", lang="en")
    expect(widget.launcher).to_be_visible()
    question = widget.page.locator("[data-ask][type=button]:visible").last
    text = question.get_attribute("data-ask")
    question.click()
    expect(widget.input).to_have_value(str(text))
    expect(widget.input).to_be_focused()
    assert scripted.posts == []


@pytest.mark.slow
@pytest.mark.e2e
def test_a_customer_is_signed_in_and_out(visit: Visit, scripted: Scripted) -> None:
    widget = visit("/", lang="en").open()
    expect(widget.banner).to_be_empty()
    page = widget.page
    page.get_by_role("button", name="Mei Lin").click()
    expect(page.locator(".identity")).to_have_text("You are Mei Lin, with SB-20417.")
    assert scripted.talk.identity is not None
    page.reload()
    expect(page.locator(".identity")).to_have_text("You are Mei Lin, with SB-20417.")
    page.get_by_role("button", name="Continue as a guest").click()
    expect(page.locator(".identity")).to_have_text("You are a guest.")
    widget.open()
    expect(widget.banner).to_be_empty()
    assert scripted.talk.identity is None


@pytest.mark.slow
@pytest.mark.e2e
def test_the_language_switch_changes_page_and_chat(visit: Visit) -> None:
    widget = visit("/", lang="en")
    expect(widget.page.locator("h1")).to_have_text("Light to sit by, cloth to live in.")
    widget.page.get_by_role("button", name="中文").click()
    expect(widget.page.locator("h1")).to_have_text("有光可依，有织可栖。")
    expect(widget.page.locator("html")).to_have_attribute("lang", "zh")
    expect(widget.page.get_by_role("heading", name="纸月吊灯")).to_be_visible()
    widget.open()
    expect(widget.presence).to_have_text("智能客服")


@pytest.mark.slow
@pytest.mark.e2e
def test_the_page_needs_nothing_from_elsewhere_and_nothing_inline(
    context: BrowserContext, scripted: Scripted
) -> None:
    scripted.csp = STRICT + "; style-src 'self'; img-src 'self'"
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    reports: list[str] = []
    context.on("console", lambda message: reports.append(message.text))
    page = open_page(context, f"{scripted.url}/?lang=en")
    expect(page.locator(".grid li")).to_have_count(12)
    Widget(page).open()
    assert [text for text in reports if "Content Security Policy" in text] == []
    assert {url for url in asked if not url.startswith(scripted.url)} == set()


@pytest.mark.slow
@pytest.mark.e2e
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_on_the_page(
    browser: Browser, scripted: Scripted, scheme: str
) -> None:
    context = browser.new_context(
        color_scheme="dark" if scheme == "dark" else "light", viewport=PHONE
    )
    page = open_page(context, f"{scripted.url}/?lang=zh")
    expect(page.locator(".grid li")).to_have_count(12)
    expect(page.locator("shopbell-chat .launcher")).to_be_visible()
    assert serious(page) == []
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0
    context.close()
