"""The widget on the demo page of a real `shopbell serve --demo`, from question to person."""

from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.apps import LiveServer
from tests.e2e.browsing import DESKTOP, PHONE, Widget, open_page, serious

pytestmark = [pytest.mark.e2e, pytest.mark.model]


@pytest.fixture
def page(browser: Browser, live_server: LiveServer) -> Iterator[Page]:
    """Return the demo page in English; script errors and broken policies fail the test."""
    context = browser.new_context(viewport=DESKTOP, locale="en-GB")
    faults: list[str] = []
    context.on("weberror", lambda error: faults.append(str(error.error)))
    context.on("console", lambda m: faults.append(m.text) if m.type == "error" else None)
    yield open_page(context, f"{live_server.url}/?lang=en")
    context.close()
    assert faults == []


@pytest.fixture
def desk(live_server: LiveServer) -> Iterator[httpx.Client]:
    """Return the desk, signed in as the demo's agent."""
    with httpx.Client(base_url=live_server.url) as client:
        who = {"email": live_server.email, "password": live_server.password}
        client.headers["Origin"] = live_server.url
        session = client.post("/api/v1/desk/session", json=who)
        assert session.status_code == 200, session.text
        client.headers["X-CSRF-Token"] = session.json()["csrf"]
        yield client


def test_a_guest_asks_for_an_order_and_sees_its_card(page: Page) -> None:
    widget = Widget(page)
    page.locator("button[data-ask*='SB-20417']").click()
    widget.input.press("Enter")
    card = widget.host.get_by_role("region", name="Order SB-20417")
    expect(card.locator(".chip")).to_have_text("Shipped")
    page.reload()
    widget.open()
    expect(card).to_be_visible()
    expect(widget.mine).to_have_count(1)


def test_a_customer_signs_in_and_asks_for_their_order_in_chinese(page: Page) -> None:
    widget = Widget(page).open()
    expect(widget.banner).to_be_empty()
    page.get_by_role("button", name="王小满").click()
    expect(page.locator(".identity")).to_contain_text("SB-20388")
    widget.say("帮我查一下 SB-20388 这个订单")
    expect(widget.host.locator(".card.order")).to_contain_text("SB-20388")


def test_an_answer_names_its_source(page: Page) -> None:
    page.get_by_role("button", name="中文").click()
    widget = Widget(page).open()
    widget.say("毛衣要是穿着不合适，多少天之内能退给你们？")
    expect(widget.host.locator(".sources li").first).to_contain_text("来源：")


def test_a_person_answers_in_the_same_window_and_the_bot_goes_on(
    page: Page, desk: httpx.Client
) -> None:
    widget = Widget(page).open()
    widget.button("Talk to a person").click()
    expect(widget.presence).to_contain_text("in line for a person")
    handoff = _own_handoff(page, desk)
    assert desk.post(f"/api/v1/desk/handoffs/{handoff}/accept").status_code == 200
    expect(widget.presence).to_have_text("A person is with you")
    words = {"text": "Hello, how can I help?", "audience": "everyone"}
    assert desk.post(f"/api/v1/desk/handoffs/{handoff}/messages", json=words).is_success
    expect(widget.host.locator("article.agent .bubble")).to_have_text("Hello, how can I help?")
    widget.say("Just a question about tea")
    expect(widget.host.get_by_text("Sent", exact=True)).to_be_visible()
    desk.post(f"/api/v1/desk/handoffs/{handoff}/end", json={"return_to_bot": True})
    widget.button("5 of 5 stars").click()
    expect(widget.host.get_by_text("Thank you for your rating.")).to_be_visible()
    before = widget.theirs.count()
    widget.say("hello")
    expect(widget.theirs).to_have_count(before + 1)


def _own_handoff(page: Page, desk: httpx.Client) -> str:
    kept: str = page.evaluate(
        "JSON.parse(localStorage.getItem('shopbell:' + location.origin)).access.id"
    )
    waiting = desk.get("/api/v1/desk/handoffs", params={"state": "waiting"}).json()["handoffs"]
    found: str = next(item["id"] for item in waiting if item["conversation_id"] == kept)
    return found


def test_twenty_quick_messages_are_all_answered_in_order(page: Page) -> None:
    widget = Widget(page).open()
    texts = [f"hello {number}" for number in range(20)]
    for text in texts:
        widget.say(text)
    expect(widget.mine).to_have_text(texts)
    expect(widget.host.get_by_text("Sending…")).to_have_count(0, timeout=30_000)
    page.reload()
    widget.open()
    expect(widget.mine).to_have_text(texts)


def test_the_real_page_on_a_phone_has_no_serious_axe_findings(
    browser: Browser, live_server: LiveServer
) -> None:
    context = browser.new_context(viewport=PHONE, is_mobile=True, has_touch=True, locale="zh-CN")
    widget = Widget(open_page(context, f"{live_server.url}/"))
    widget.launcher.tap()
    widget.say("你好呀")
    expect(widget.theirs.nth(1)).to_be_visible()
    assert serious(widget.page) == []
    context.close()
