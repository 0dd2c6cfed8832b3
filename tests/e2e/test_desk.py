"""The desk in a real browser, against a real server with its store on SQLite."""

import asyncio
import socket
import threading
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self, TypeVar

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect

from bot.model import Change, ConversationId, Message, MessageId, Speaker
from bot.ports import Event
from bot.server.live import LocalLive
from tests.e2e.browsing import DESKTOP, PHONE, serious
from tests.hanging_up import hang_up
from tests.unit.desk.kit import ANN, BOB, PASSWORD, Clock, DeskApp, desk_app, open_talk, served

pytestmark = pytest.mark.e2e
T = TypeVar("T")
MARKUP = "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"


class DeskServer:
    """A desk that serves from a thread of its own; `do` runs something beside it."""

    def __init__(self, url: str, home: Path) -> None:
        self._database, self._home = url, home
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._run(),))
        self.app: DeskApp
        self.url = ""

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(30)
        return self

    def __exit__(self, *_: object) -> None:
        assert isinstance(self.app.live, LocalLive)
        self.do(self.app.live.close)  # ends the streams of open pages
        self._server.should_exit = True
        self._thread.join(30)
        self._loop.close()

    def do(self, work: Callable[..., Coroutine[Any, Any, T]], *given: Any, **more: Any) -> T:
        """Run a coroutine function in the server's loop and return what it returns."""
        return asyncio.run_coroutine_threadsafe(work(*given, **more), self._loop).result(30)

    def shopper_says(self, text: str, conversation: str = "c1") -> None:
        """Keep a shopper's message as a turn does, and tell of it."""
        self.do(self._say, conversation, text)

    async def _say(self, name: str, text: str) -> None:
        app = self.app
        before = await app.store.get(ConversationId(name))
        id_ = MessageId(app.new_id())
        message = Message(id=id_, speaker=Speaker.SHOPPER, text=text, sent_at=app.now())
        done = await app.store.commit(
            Change(before=before, after=replace(before), messages=(message,))
        )
        seq = {"seq": done.messages[0].seq}
        await app.live.publish(Event(topic=name, type="message", data=seq))

    async def _run(self) -> None:
        clock = Clock()
        clock.at = datetime.now(UTC)
        async with desk_app(self._database, self._home, now=clock) as self.app:
            config = uvicorn.Config(served(self.app), log_level="error", lifespan="off")
            self._server = uvicorn.Server(config)
            with socket.create_server(("127.0.0.1", 0)) as listener:  # callers queue from now on
                self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
                self._ready.set()
                await self._server.serve(sockets=[listener])
            await hang_up(self._server)


@pytest.fixture
def server(sqlite_url: str, tmp_path: Path) -> Iterator[DeskServer]:
    """A running desk."""
    with DeskServer(sqlite_url, tmp_path) as running:
        yield running


@pytest.fixture
def enter(browser: Browser, server: DeskServer) -> Iterator[Callable[..., Page]]:
    """Return a function that opens the desk for an agent; errors of any page fail the test."""
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    def hear(said: ConsoleMessage) -> None:
        # What the network fails at is the tests' own doing, and shown on the page.
        expected = ("net::", "401", "503", "Failed to fetch")
        if said.type == "error" and not any(part in said.text for part in expected):
            errors.append(said.text)

    def go(email: str = ANN.email, path: str = "/desk", **context: Any) -> Page:
        contexts.append(browser.new_context(viewport=context.pop("viewport", DESKTOP), **context))
        contexts[-1].on("weberror", lambda error: errors.append(str(error.error)))
        page = contexts[-1].new_page()
        page.set_default_timeout(10_000)
        page.on("console", hear)
        page.goto(f"{server.url}{path}")
        page.fill("#email", email)
        page.fill("#password", PASSWORD)
        page.click("button[type=submit]")
        page.wait_for_url(f"**{path}")
        return page

    yield go
    for context in contexts:
        context.close()
    assert errors == []


def test_an_agent_helps_a_shopper_from_queue_to_end(
    server: DeskServer, enter: Callable[..., Page]
) -> None:
    page = enter()
    expect(page.get_by_text("Nobody is waiting.")).to_be_visible()
    handoff = server.do(open_talk, server.app)
    server.do(server.app.live.publish, Event(topic="desk", type="queue"))
    expect(page).to_have_title("(1) Queue · Lantern & Co")

    page.get_by_role("link", name="Upset · Refund status").click()
    expect(page.get_by_text("The shopper is upset.")).to_be_visible()
    page.get_by_role("button", name="Accept").click()
    box = page.get_by_role("textbox", name="Your message")
    box.fill("Hello, I am looking into it.")
    box.press("Control+Enter")
    log = page.get_by_role("log")
    expect(log.get_by_text("Hello, I am looking into it.")).to_be_visible()
    expect(box).to_be_focused()
    expect(box).to_have_value("")

    server.shopper_says("At last!")
    expect(log.get_by_text("At last!")).to_be_visible()
    expect(log.get_by_text("At last!")).to_be_in_viewport()

    page.get_by_label("Internal note").check()
    box.fill("Sent it again.")
    page.get_by_role("button", name="Send").click()
    expect(log.locator(".note").get_by_text("Sent it again.")).to_be_visible()

    page.get_by_text("End", exact=True).click()
    page.get_by_label("What was done?").fill("New parcel")
    page.get_by_role("button", name="End handoff").click()
    expect(page.get_by_text("the bot is back")).to_be_visible()
    _, ended = server.do(server.app.store.by_handoff, handoff)
    assert (ended.resolution, ended.returned_to_bot) == ("New parcel", True)


def test_two_agents_want_the_same_handoff(server: DeskServer, enter: Callable[..., Page]) -> None:
    handoff = server.do(open_talk, server.app)
    ann = enter(path=f"/desk/handoffs/{handoff}")
    bob = enter(BOB.email, path=f"/desk/handoffs/{handoff}")
    bob.get_by_label("内部备注").fill("我来看看")
    ann.get_by_role("button", name="Accept").click()
    expect(bob.get_by_text("Ann Lee 已接入该会话。")).to_be_visible()
    expect(bob.get_by_role("button", name="接入")).to_have_count(0)
    expect(bob.get_by_label("内部备注")).to_have_value("我来看看")


def test_the_slower_click_is_told_who_was_first(
    server: DeskServer, enter: Callable[..., Page]
) -> None:
    handoff = server.do(open_talk, server.app)
    bob = enter(BOB.email, path=f"/desk/handoffs/{handoff}")
    bob.route("**/talk*", lambda route: route.abort())  # Bob's page hears nothing
    bob.route("**/events", lambda route: route.abort())
    ann = enter(path=f"/desk/handoffs/{handoff}")
    ann.get_by_role("button", name="Accept").click()
    expect(ann.get_by_label("Reply to the shopper")).to_be_visible()
    bob.get_by_role("button", name="接入").click()
    expect(bob.get_by_role("alert")).to_have_text("Ann Lee 已先一步接入该会话。")


def test_what_can_not_be_sent_is_said_and_kept(
    server: DeskServer, enter: Callable[..., Page]
) -> None:
    handoff = server.do(open_talk, server.app)
    page = enter(path=f"/desk/handoffs/{handoff}")
    page.get_by_role("button", name="Accept").click()
    box = page.get_by_role("textbox", name="Your message")
    box.fill("Important words")
    page.route("**/messages", lambda route: route.abort())
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("status")).to_contain_text("The server can't be reached.")
    expect(box).to_have_value("Important words")
    server.shopper_says("Hello?")  # what gets through meanwhile doesn't hide what did not
    expect(page.get_by_role("log").get_by_text("Hello?")).to_be_visible()
    expect(page.get_by_role("status")).to_contain_text("The server can't be reached.")
    page.unroute("**/messages")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("log").get_by_text("Important words")).to_be_visible()
    expect(page.get_by_role("status")).to_be_hidden()


def test_a_failing_server_leaves_the_page_as_it_is(
    server: DeskServer, enter: Callable[..., Page]
) -> None:
    server.do(open_talk, server.app)
    page = enter()
    body = '{"error": {"code": "unavailable", "message": "no database"}}'
    page.route(
        "**/desk/queue",
        lambda route: route.fulfill(status=503, body=body, content_type="application/json"),
    )
    server.do(server.app.live.publish, Event(topic="desk", type="queue"))
    expect(page.get_by_role("status")).to_contain_text("The server can't be reached.")
    expect(page.get_by_role("link", name="Upset · Refund status")).to_be_visible()
    expect(page.get_by_text("no database")).to_have_count(0)
    page.unroute("**/desk/queue")
    server.do(server.app.live.publish, Event(topic="desk", type="queue"))
    expect(page.get_by_role("status")).to_be_hidden()


def test_markup_of_shoppers_never_runs(server: DeskServer, enter: Callable[..., Page]) -> None:
    handoff = server.do(open_talk, server.app, talk=((MARKUP, "complaint", 0.9, "angry", 0.9),))
    page = enter()
    expect(page.get_by_text("<script>document.title")).to_be_visible()
    page.goto(f"{server.url}/desk/handoffs/{handoff}")
    server.shopper_says(MARKUP + "<b hx-get='/desk' hx-trigger='load'>x</b>")
    expect(page.get_by_text("hx-trigger='load'")).to_be_visible()
    assert page.locator("#transcript script, #transcript img, #transcript b[hx-get]").count() == 0
    expect(page).to_have_title("(1) Upset · Lantern & Co")


def test_without_any_script(server: DeskServer, enter: Callable[..., Page]) -> None:
    handoff = server.do(open_talk, server.app)
    page = enter(java_script_enabled=False)
    page.get_by_role("link", name="Upset · Refund status").click()
    page.get_by_role("button", name="Accept").click()
    page.get_by_role("textbox", name="Your message").fill("Hello without scripts")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("Hello without scripts")).to_be_visible()
    assert page.url.endswith(f"/desk/handoffs/{handoff}#latest")


def test_an_ended_session_leads_to_the_login(
    server: DeskServer, enter: Callable[..., Page]
) -> None:
    page = enter()
    server.do(server.app.agents.change, replace(ANN, active=False))
    server.do(server.app.live.publish, Event(topic="desk", type="queue"))
    page.wait_for_url("**/desk/login")


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_everybody_can_use_it(
    server: DeskServer,
    enter: Callable[..., Page],
    browser: Browser,
    scheme: str,
    size: dict[str, int],
) -> None:
    handoff = server.do(open_talk, server.app)
    stranger = browser.new_page(color_scheme=scheme, viewport=size)  # type: ignore[arg-type]
    stranger.goto(f"{server.url}/desk/login")
    assert serious(stranger) == []
    stranger.close()
    page = enter(color_scheme=scheme, viewport=size)
    assert serious(page) == []
    page.goto(f"{server.url}/desk/handoffs/{handoff}")
    assert serious(page) == []
    page.get_by_role("button", name="Accept").click()
    page.get_by_role("textbox", name="Your message").fill("hello")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("log").get_by_text("hello")).to_be_visible()
    page.get_by_text("End", exact=True).click()
    assert serious(page) == []
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= size["width"]


def test_the_keyboard_alone_is_enough(server: DeskServer, enter: Callable[..., Page]) -> None:
    server.do(open_talk, server.app)
    page = enter()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.get_by_role("link", name="Upset · Refund status").focus()
    page.keyboard.press("Enter")
    accept = page.get_by_role("button", name="Accept")
    accept.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("textbox", name="Your message")).to_be_focused()
