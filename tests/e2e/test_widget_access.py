"""The widget for every hand, eye and ear, and for hostile texts and strict pages."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, CDPSession, expect

from tests.e2e.browsing import PHONE, Widget, open_page, serious
from tests.e2e.scripted import STRICT, Scripted

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
Visit = Callable[..., Widget]

ORDER_CARD = {
    "type": "order",
    "number": "SB-1",
    "status": "shipped",
    "items": [{"title": "Linen Shirt", "quantity": 2, "options": {"size": "M"}}],
    "shipments": [{"tracking_number": "SF1", "carrier": "SF Express", "eta": "2026-11-24"}],
    "total": {"amount": "98.00", "currency": "USD"},
}
PRODUCT_CARD = {
    "type": "product",
    "titles": {"en": "Silk Table Lantern", "zh": "丝绸台灯"},
    "variants": [
        {"options": {"color": color}, "price": {"amount": "79.00", "currency": "USD"}}
        for color in ("white", "red")
    ],
    "url": "https://shop.example/p/1",
}
AGENT_HERE = {"en": "A person is with you", "zh": "人工客服为您服务"}
RICH = {
    "text": "Here it is.\nSee https://shop.example/help?a=1.",
    "cards": [ORDER_CARD, PRODUCT_CARD],
    "sources": [{"title": "Delivery", "article_id": "d", "version": 1, "url": None}],
    "choices": [{"label": "Thanks", "value": "/thanks"}],
}


def test_everything_is_done_with_the_keyboard_alone(visit: Visit, scripted: Scripted) -> None:
    scripted.answers["menu"] = {"text": "Well?", "choices": [{"label": "Yes", "value": "/affirm"}]}
    widget = visit()
    expect(widget.launcher).to_be_visible()
    keyboard = widget.page.keyboard
    widget.page.locator("#before").focus()
    keyboard.press("Tab")
    assert widget.focused() == "launcher"
    keyboard.press("Enter")
    expect(widget.panel).to_be_visible()
    assert widget.focused() == "text"
    keyboard.type("menu")
    keyboard.press("Enter")
    expect(widget.button("Yes")).to_be_enabled()
    assert widget.focused() == "text"
    keyboard.press("Shift+Tab")
    assert widget.focused() == "choice"
    keyboard.press("Enter")
    expect(widget.mine.last).to_have_text("Yes")
    assert widget.focused() == "text"
    keyboard.press("Escape")
    expect(widget.panel).to_be_hidden()
    assert widget.focused() == "launcher"


def test_escape_closes_the_menu_before_the_panel(visit: Visit) -> None:
    widget = visit().open()
    menu = widget.host.locator("#menu")
    widget.button("Menu").press("Enter")
    expect(menu).to_be_visible()
    widget.page.keyboard.press("Escape")
    expect(menu).to_be_hidden()
    expect(widget.button("Menu")).to_be_focused()
    widget.page.keyboard.press("Escape")
    expect(widget.panel).to_be_hidden()


def test_shift_enter_makes_a_line_and_enter_sends(visit: Visit, scripted: Scripted) -> None:
    widget = visit().open()
    widget.input.focus()
    widget.page.keyboard.type("one")
    widget.page.keyboard.press("Shift+Enter")
    widget.page.keyboard.type("two")
    widget.page.keyboard.press("Enter")
    expect(widget.mine).to_have_text("one\ntwo")
    assert scripted.said() == ["one\ntwo"]


def test_blank_text_is_not_sent(visit: Visit, scripted: Scripted) -> None:
    widget = visit().open()
    widget.say("  \n ")
    widget.say("real")
    expect(widget.theirs.last).to_have_text("You said: real")
    assert scripted.said() == ["real"]


def test_enter_while_an_input_method_composes_sends_nothing(
    visit: Visit, scripted: Scripted
) -> None:
    widget = visit(lang="zh").open()
    widget.input.focus()
    session = widget.page.context.new_cdp_session(widget.page)
    session.send(
        "Input.imeSetComposition", {"text": "ni hao", "selectionStart": 6, "selectionEnd": 6}
    )
    _press_enter(session, composing=True)
    assert scripted.posts == []
    session.send("Input.insertText", {"text": "你好"})
    expect(widget.input).to_have_value("你好")
    widget.input.press("Enter")
    expect(widget.mine).to_have_text("你好")


def _press_enter(session: CDPSession, *, composing: bool) -> None:
    code = 229 if composing else 13
    key = {"type": "keyDown", "key": "Enter", "code": "Enter", "windowsVirtualKeyCode": code}
    session.send("Input.dispatchKeyEvent", key)
    session.send("Input.dispatchKeyEvent", {**key, "type": "keyUp"})


@pytest.mark.parametrize(
    "text",
    [
        "<img src=x onerror='document.title=\"broken\"'>",
        "<script>document.title='broken'</script>",
        '"><svg onload=document.title="broken">',
        "javascript:document.title='broken'",
        "{{constructor.constructor('document.title=1')()}}",
    ],
)
def test_markup_is_shown_as_the_text_that_it_is(
    visit: Visit, scripted: Scripted, text: str
) -> None:
    scripted.answers[text] = {
        "text": text,
        "choices": [{"label": text, "value": "x"}],
        "sources": [
            {"title": text, "article_id": "a", "version": 1, "url": "javascript:alert(1)"}
        ],
        "cards": [{"type": "product", "title": text, "url": "javascript:alert(1)"}],
    }
    widget = visit().open()
    widget.say(text)
    expect(widget.mine).to_have_text(text)
    expect(widget.theirs.last).to_have_text(text)
    assert widget.page.title() == "A shop"
    assert widget.log.locator("img, script, a").count() == 0


def test_addresses_become_safe_links_and_lines_stay(visit: Visit, scripted: Scripted) -> None:
    scripted.answers["help"] = RICH
    widget = visit().open()
    widget.say("help")
    link = widget.theirs.last.locator("a")
    expect(link).to_have_attribute("href", "https://shop.example/help?a=1")
    expect(link).to_have_attribute("rel", "noopener noreferrer nofollow")
    expect(widget.theirs.last).to_have_text("Here it is.\nSee https://shop.example/help?a=1.")


def test_cards_and_sources_are_drawn_in_the_shoppers_language(
    visit: Visit, scripted: Scripted
) -> None:
    scripted.answers["help"] = RICH
    widget = visit(lang="zh").open()
    widget.say("help")
    order = widget.host.get_by_role("region", name="订单 SB-1")
    expect(order.locator(".chip")).to_have_text("已发货")
    expect(order).to_contain_text("SF1")
    expect(order).to_contain_text("$98.00")
    product = widget.host.get_by_role("region", name="丝绸台灯")
    expect(product.locator(".option")).to_have_text(["白色", "红色"])
    expect(widget.host.locator(".sources li")).to_have_text("来源：Delivery")


def test_the_widget_runs_under_a_strict_policy(visit: Visit, scripted: Scripted) -> None:
    scripted.csp = STRICT + "; require-trusted-types-for 'script'; trusted-types 'none'"
    scripted.answers["help"] = RICH
    widget = visit()
    reports: list[str] = []
    widget.page.on("console", lambda message: reports.append(message.text))
    widget.open()
    widget.say("help")
    expect(widget.host.locator(".card")).to_have_count(2)
    background = "e => getComputedStyle(e).backgroundColor"
    assert widget.launcher.evaluate(background) == "rgb(154, 59, 27)"
    assert [text for text in reports if "Content Security Policy" in text] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_axe_finds_nothing_serious(
    browser: Browser, scripted: Scripted, scheme: str, language: str
) -> None:
    scripted.answers["help"] = RICH
    context = browser.new_context(
        color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce"
    )
    widget = Widget(open_page(context, f"{scripted.url}/shop?lang={language}"))
    expect(widget.launcher).to_be_visible()
    assert serious(widget.page) == []
    widget.open()
    widget.say("help")
    expect(widget.host.locator(".card")).to_have_count(2)
    assert serious(widget.page) == []
    scripted.give("agent")
    scripted.say("Hello, here is Mei.")
    expect(widget.host.locator("article.agent")).to_be_visible()
    expect(widget.presence).to_have_text(AGENT_HERE[language])
    scripted.give("bot")
    expect(widget.host.locator(".rating")).to_be_visible()
    widget.host.locator("[aria-controls=menu]").click()
    assert serious(widget.page) == []
    context.close()


def test_what_others_say_is_read_aloud_and_old_messages_are_not(
    visit: Visit, scripted: Scripted
) -> None:
    widget = visit().open()
    expect(widget.log).to_have_attribute("aria-live", "polite")
    widget.say("hello")
    expect(widget.log.locator("article.shopper")).to_have_attribute("aria-live", "off")
    expect(widget.host.locator("article.bot").last.locator(".unseen")).to_have_text("Bot:")


def test_targets_are_large_enough_for_a_finger(visit: Visit, scripted: Scripted) -> None:
    scripted.answers["help"] = RICH
    widget = visit().open()
    widget.say("help")
    expect(widget.button("Thanks")).to_be_visible()
    for button in widget.host.get_by_role("button").all():
        box = button.bounding_box()
        assert box is not None
        assert box["height"] >= 44, button.inner_text()
        assert box["width"] >= 44, button.inner_text()


def test_on_a_phone_the_panel_takes_the_screen_and_keeps_the_focus(
    browser: Browser, scripted: Scripted
) -> None:
    context = browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True)
    widget = Widget(open_page(context, f"{scripted.url}/shop?lang=en"))
    widget.launcher.tap()
    expect(widget.panel).to_have_attribute("aria-modal", "true")
    widget.page.wait_for_function(
        "e => e.getBoundingClientRect().height === 844 && e.getBoundingClientRect().width === 390",
        arg=widget.panel.element_handle(),
    )
    assert widget.focused() == "text"
    expect(widget.launcher).to_be_hidden()
    for _ in range(20):
        widget.page.keyboard.press("Tab")
        assert widget.focused() != ""
    widget.button("Close the chat").tap()
    expect(widget.panel).to_be_hidden()
    assert widget.page.evaluate("document.documentElement.style.overflow") == ""
    context.close()


def test_without_motion_nothing_moves(browser: Browser, scripted: Scripted) -> None:
    context = browser.new_context(reduced_motion="reduce")
    widget = Widget(open_page(context, f"{scripted.url}/shop?lang=en")).open()
    assert widget.panel.evaluate("e => getComputedStyle(e).animationName") == "none"
    context.close()
