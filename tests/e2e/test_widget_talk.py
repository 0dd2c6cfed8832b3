"""The widget's talk with the server, above all when something goes wrong."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e.browsing import Widget
from tests.e2e.scripted import Scripted

pytestmark = pytest.mark.e2e
Visit = Callable[..., Widget]


def test_loading_a_page_starts_no_conversation_and_opening_starts_one(
    visit: Visit, scripted: Scripted
) -> None:
    widget = visit()
    expect(widget.launcher).to_be_visible()
    assert scripted.talks == {}
    widget.open()
    expect(widget.host.get_by_text("I'm the shop's bot")).to_be_visible()
    expect(widget.banner).to_be_empty()
    assert len(scripted.talks) == 1


def test_a_message_is_shown_at_once_then_answered(visit: Visit, scripted: Scripted) -> None:
    scripted.delay = 0.6
    widget = visit().open()
    widget.say("Hello there")
    expect(widget.mine).to_have_text("Hello there")
    expect(widget.host.get_by_text("Sending…")).to_be_visible()
    expect(widget.host.locator(".dots")).to_be_visible()
    expect(widget.host.get_by_text("You said: Hello there")).to_be_visible()
    expect(widget.host.locator(".dots")).to_be_hidden()
    expect(widget.mine).to_have_count(1)


def test_a_reload_keeps_the_talk(visit: Visit, scripted: Scripted) -> None:
    widget = visit().open()
    widget.say("first")
    expect(widget.theirs.last).to_have_text("You said: first")
    widget.page.reload()
    widget.open()
    expect(widget.mine).to_have_text(["first"])
    expect(widget.theirs.last).to_have_text("You said: first")
    widget.say("second")
    expect(widget.theirs.last).to_have_text("You said: second")
    assert len(scripted.talks) == 1


def test_a_draft_survives_a_reload(visit: Visit) -> None:
    widget = visit().open()
    widget.input.fill("half a que")
    widget.page.reload()
    widget.open()
    expect(widget.input).to_have_value("half a que")


def test_messages_written_offline_are_sent_later_in_order_and_once(
    visit: Visit, scripted: Scripted, context: BrowserContext
) -> None:
    widget = visit().open()
    expect(widget.banner).to_be_empty()
    context.set_offline(True)
    for text in ("one", "two", "three"):
        widget.say(text)
    expect(widget.host.get_by_text("Waiting to be sent")).to_have_count(3)
    assert scripted.posts == []
    context.set_offline(False)
    expect(widget.theirs.last).to_have_text("You said: three")
    assert scripted.said() == ["one", "two", "three"]
    expect(widget.mine).to_have_text(["one", "two", "three"])


def test_unsent_messages_survive_a_reload(
    visit: Visit, scripted: Scripted, context: BrowserContext
) -> None:
    widget = visit().open()
    expect(widget.banner).to_be_empty()
    context.set_offline(True)
    widget.say("kept")
    expect(widget.host.get_by_text("Waiting to be sent")).to_be_visible()
    context.set_offline(False)
    widget.page.reload()
    widget.open()
    expect(widget.theirs.last).to_have_text("You said: kept")
    assert scripted.said() == ["kept"]


def test_an_answer_that_broke_off_is_asked_again_with_the_same_id(
    visit: Visit, scripted: Scripted
) -> None:
    scripted.statuses = [0]
    widget = visit().open()
    widget.say("once only")
    expect(widget.theirs.last).to_have_text("You said: once only")
    expect(widget.mine).to_have_count(1)
    assert scripted.said() == ["once only"]
    assert len({post["client_id"] for post in scripted.posts}) == 1


def test_a_broken_server_is_tried_again_and_then_offers_a_retry(
    visit: Visit, scripted: Scripted
) -> None:
    scripted.statuses = [500, 500, 500]
    widget = visit().open()
    widget.say("please")
    expect(widget.host.get_by_text("Not sent")).to_be_visible(timeout=15_000)
    assert len(scripted.posts) == 3
    widget.button("Try again").click()
    expect(widget.theirs.last).to_have_text("You said: please")
    assert scripted.said() == ["please"]


def test_a_refused_text_can_be_edited_and_blocks_nothing(visit: Visit, scripted: Scripted) -> None:
    scripted.statuses = [413]
    widget = visit().open()
    widget.say("far too long")
    expect(widget.host.get_by_text("This is too long")).to_be_visible()
    widget.say("short")
    expect(widget.theirs.last).to_have_text("You said: short")
    widget.button("Edit").click()
    expect(widget.input).to_have_value("far too long")
    expect(widget.host.get_by_text("This is too long")).to_have_count(0)


def test_a_forgotten_conversation_begins_anew_and_says_so(
    visit: Visit, scripted: Scripted
) -> None:
    widget = visit().open()
    widget.say("before")
    expect(widget.theirs.last).to_have_text("You said: before")
    scripted.talks.clear()
    widget.say("after")
    expect(widget.theirs.last).to_have_text("You said: after")
    expect(widget.host.get_by_text("The former chat has expired")).to_be_visible()
    assert scripted.said() == ["after"]


def test_a_forgotten_conversation_is_noticed_after_a_reload(
    visit: Visit, scripted: Scripted
) -> None:
    widget = visit().open()
    widget.say("before")
    expect(widget.theirs.last).to_have_text("You said: before")
    scripted.talks.clear()
    widget.page.reload()
    widget.open()
    expect(widget.host.get_by_text("The former chat has expired")).to_be_visible()
    expect(widget.banner).to_be_empty()
    assert len(scripted.talks) == 1


def test_a_dropped_socket_comes_back_and_what_was_missed_is_read(
    visit: Visit, scripted: Scripted
) -> None:
    widget = visit().open()
    widget.say("hello")
    expect(widget.theirs.last).to_have_text("You said: hello")
    scripted.takes_sockets = False
    scripted.drop_sockets()
    scripted.say("You missed this", speaker="bot")
    scripted.takes_sockets = True
    expect(widget.theirs.last).to_have_text("You missed this")
    scripted.say("And this comes live", speaker="bot")
    expect(widget.theirs.last).to_have_text("And this comes live")
    expect(widget.theirs).to_have_count(4)


def test_without_sockets_the_widget_asks_by_itself(visit: Visit, scripted: Scripted) -> None:
    scripted.takes_sockets = False
    widget = visit().open()
    widget.say("hello")
    expect(widget.theirs.last).to_have_text("You said: hello")
    scripted.say("Polled", speaker="agent")
    expect(widget.host.get_by_text("Polled")).to_be_visible(timeout=15_000)


def test_a_message_lost_on_the_way_is_noticed_by_the_gap(visit: Visit, scripted: Scripted) -> None:
    widget = visit().open()
    widget.say("hello")
    expect(widget.theirs.last).to_have_text("You said: hello")
    scripted.tells_sockets = False
    scripted.say("Lost", speaker="bot")
    scripted.tells_sockets = True
    scripted.say("Told", speaker="bot")
    expect(widget.theirs).to_have_text(
        [re.compile("shop's bot"), "You said: hello", "Lost", "Told"]
    )


def test_choices_send_their_value_and_show_their_label(visit: Visit, scripted: Scripted) -> None:
    scripted.answers["menu"] = {
        "text": "What shall it be?",
        "choices": [
            {"label": "Start a return", "value": "/return_request"},
            {"label": "Nothing", "value": "nothing"},
        ],
    }
    widget = visit().open()
    widget.say("menu")
    widget.button("Start a return").click()
    expect(widget.mine.last).to_have_text("Start a return")
    expect(widget.theirs.last).to_have_text("You said: /return_request")
    assert scripted.said() == ["menu", "/return_request"]
    expect(widget.button("Start a return")).to_be_disabled()
    widget.page.reload()
    widget.open()
    expect(widget.mine.last).to_have_text("Start a return")


def test_only_the_newest_choices_can_be_taken(visit: Visit, scripted: Scripted) -> None:
    for text in ("a", "b"):
        scripted.answers[text] = {
            "text": text,
            "choices": [{"label": f"Yes {text}", "value": "x"}],
        }
    widget = visit().open()
    widget.say("a")
    expect(widget.button("Yes a")).to_be_enabled()
    widget.say("b")
    expect(widget.button("Yes b")).to_be_enabled()
    expect(widget.button("Yes a")).to_be_disabled()


def test_a_person_is_one_tap_away_and_the_place_in_the_queue_is_shown(
    visit: Visit, scripted: Scripted
) -> None:
    scripted.answers["/contact_human"] = {
        "text": "A person is called.",
        "speaker": "system",
        "owner": "queue",
        "position": 2,
        "choices": [{"label": "Back to the bot", "value": "/back_to_bot"}],
    }
    widget = visit().open()
    widget.button("Talk to a person").click()
    expect(widget.mine).to_have_text(["Talk to a person"])
    expect(widget.presence).to_have_text("Number 2 in line for a person")
    assert scripted.said() == ["/contact_human"]
    expect(widget.button("Back to the bot")).to_be_enabled()
    scripted.give("agent")
    expect(widget.presence).to_have_text("A person is with you")
    expect(widget.button("Back to the bot")).to_be_disabled()
    scripted.push({"type": "typing", "seq": 2})
    expect(widget.host.locator(".dots")).to_be_visible()
    scripted.say("Hello, this is Mei.")
    expect(widget.host.locator("article.agent .bubble")).to_have_text("Hello, this is Mei.")
    expect(widget.host.locator(".dots")).to_be_hidden()


def test_after_a_talk_with_a_person_the_shopper_may_rate_it(
    visit: Visit, scripted: Scripted
) -> None:
    widget = visit().open()
    expect(widget.banner).to_be_empty()
    scripted.give("agent")
    expect(widget.presence).to_have_text("A person is with you")
    scripted.give("bot")
    widget.button("4 of 5 stars").click()
    expect(widget.host.get_by_text("Thank you for your rating.")).to_be_visible()
    assert scripted.talk.rating == 4
    expect(widget.button("4 of 5 stars")).to_be_hidden()


def test_news_during_a_reading_are_read_too(visit: Visit, scripted: Scripted) -> None:
    widget = visit().open()
    expect(widget.banner).to_be_empty()
    scripted.reading_delay = 1
    with widget.page.expect_request("**/messages?after=*"):
        scripted.give("agent")
    widget.page.wait_for_timeout(300)  # the server has looked the former owner up by then
    scripted.give("bot")
    expect(widget.button("4 of 5 stars")).to_be_visible()
    expect(widget.presence).to_have_text("Automatic assistant")


def test_an_answer_while_the_panel_is_closed_is_counted_on_the_launcher(
    visit: Visit, scripted: Scripted
) -> None:
    widget = visit().open()
    widget.say("hello")
    expect(widget.theirs.last).to_have_text("You said: hello")
    widget.page.keyboard.press("Escape")
    scripted.say("Still there?", speaker="bot")
    expect(widget.button("Open the chat, new messages: 1")).to_be_visible()
    widget.open()
    expect(widget.host.locator(".badge")).to_be_hidden()
    assert {"type": "read", "seq": 3} in scripted.heard


def test_two_tabs_send_a_waiting_message_once(
    visit: Visit, scripted: Scripted, context: BrowserContext
) -> None:
    first = visit().open()
    expect(first.banner).to_be_empty()
    context.set_offline(True)
    first.say("from two tabs")
    expect(first.host.get_by_text("Waiting to be sent")).to_be_visible()
    context.set_offline(False)
    second = visit().open()
    expect(second.theirs.last).to_have_text("You said: from two tabs")
    expect(first.theirs.last).to_have_text("You said: from two tabs")
    assert scripted.said() == ["from two tabs"]


def test_what_one_tab_leaves_behind_leaves_the_other_too(visit: Visit) -> None:
    first = visit().open()
    first.say("private")
    expect(first.theirs.last).to_have_text("You said: private")
    second = visit().open()
    expect(second.mine).to_have_text(["private"])
    second.page.evaluate("shopbell.reset()")
    expect(second.mine).to_have_count(0)
    expect(first.mine).to_have_count(0)
    second.say("new")
    expect(first.mine).to_have_text(["new"])


@pytest.fixture
def no_storage(context: BrowserContext) -> None:
    """Forbid localStorage, as private windows and strict settings do."""
    context.add_init_script(
        "Object.defineProperty(window, 'localStorage', {get() { throw new Error('forbidden') }})"
    )


@pytest.mark.usefixtures("no_storage")
def test_the_widget_works_without_storage(visit: Visit) -> None:
    widget = visit().open()
    widget.say("hello")
    expect(widget.theirs.last).to_have_text("You said: hello")


def test_the_page_opens_signs_in_switches_and_listens(visit: Visit, scripted: Scripted) -> None:
    widget = visit()
    expect(widget.launcher).to_be_visible()
    page = widget.page
    page.evaluate("window.heard = []; shopbell.on('message', d => heard.push(d.text)); 0")
    page.evaluate("shopbell.setIdentity('e30.eyJzdWIiOiJDLTEwMDEifQ.x')")
    page.evaluate("shopbell.open({text: 'A question'})")
    expect(widget.input).to_have_value("A question")
    expect(widget.banner).to_be_empty()
    assert scripted.talk.identity is not None
    widget.input.press("Enter")
    expect(widget.theirs.last).to_have_text("You said: A question")
    assert page.evaluate("heard") == ["A question", "You said: A question"]
    page.evaluate("shopbell.setLanguage('zh')")
    expect(widget.panel).to_have_attribute("lang", "zh")
    expect(widget.input).to_have_attribute("placeholder", "请输入您的问题")


def test_another_customer_never_sees_the_talk_of_the_one_before(
    visit: Visit, scripted: Scripted
) -> None:
    widget = visit(identity="e30.eyJzdWIiOiJDLTEwMDEifQ.x").open()
    widget.say("my own affair")
    expect(widget.theirs.last).to_have_text("You said: my own affair")
    sign_in(widget.page, "e30.eyJzdWIiOiJDLTEwMDIifQ.x")
    expect(widget.mine).to_have_count(0)
    widget.say("somebody else")
    expect(widget.mine).to_have_text(["somebody else"])
    assert len(scripted.talks) == 2
    sign_in(widget.page, None)
    expect(widget.mine).to_have_count(0)


def sign_in(page: Page, identity: str | None) -> None:
    page.evaluate("identity => shopbell.setIdentity(identity)", identity)


def test_the_snippet_follows_the_pages_language_and_side(visit: Visit) -> None:
    widget = visit(lang="zh-CN", position="left").open()
    expect(widget.panel).to_have_attribute("lang", "zh")
    box = widget.panel.bounding_box()
    assert box is not None
    assert box["x"] < 100


def test_the_shopper_switches_the_language_and_it_stays(visit: Visit) -> None:
    widget = visit(lang="en").open()
    widget.button("Menu").click()
    widget.button("中文").click()
    expect(widget.presence).to_have_text("智能客服")
    widget.page.reload()
    widget.open()
    expect(widget.presence).to_have_text("智能客服")
