"""The desk's pages as a browser without any script uses them."""

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from bot.desk.console import Console
from bot.model import Change, ConversationId, Message, MessageId, Source, Speaker
from bot.store.outbox import SqlOutbox
from escalation.model import HandoffId, Reason
from tests.unit.desk.kit import (
    ANN,
    BOB,
    PASSWORD,
    SUE,
    Clock,
    DeskApp,
    browser,
    desk_app,
    open_talk,
    served,
)

MARKUP = (
    """<script>alert(1)</script><img src=x onerror=alert(2)> "quoted" 'single' {{ 7*7 }} &amp;"""
)


async def enter(client: httpx.AsyncClient, email: str = ANN.email) -> httpx.Response:
    return await client.post("/desk/login", data={"email": email, "password": PASSWORD})


async def token(client: httpx.AsyncClient, path: str) -> str:
    page = (await client.get(path)).text
    found = re.search(r'name="csrf" value="([^"]+)"', page)
    assert found is not None
    return found[1]


async def post(
    client: httpx.AsyncClient, handoff: str, action: str, **data: str
) -> httpx.Response:
    """Post a form of a handoff's page with the token that stands in it."""
    path = f"/desk/handoffs/{handoff}"
    data["csrf"] = await token(client, path)
    return await client.post(f"{path}/{action}", data=data)


# -- signing in ------------------------------------------------------------


async def test_strangers_are_sent_to_the_login_and_come_back(
    client: httpx.AsyncClient, app: DeskApp
) -> None:
    handoff = await open_talk(app)
    away = await client.get(f"/desk/handoffs/{handoff}")
    assert (away.status_code, away.headers["location"]) == (
        303,
        f"/desk/login?next=/desk/handoffs/{handoff}",
    )
    back = await client.post(
        away.headers["location"], data={"email": ANN.email, "password": PASSWORD}
    )
    assert back.headers["location"] == f"/desk/handoffs/{handoff}"


@pytest.mark.parametrize("target", ["https://evil.test/", "//evil.test", "/desk/../x", "\\evil"])
async def test_the_login_never_leads_elsewhere(client: httpx.AsyncClient, target: str) -> None:
    credentials = {"email": ANN.email, "password": PASSWORD}
    answer = await client.post("/desk/login", params={"next": target}, data=credentials)
    assert answer.headers["location"] == "/desk"


async def test_a_wrong_password_is_said_and_the_address_kept(client: httpx.AsyncClient) -> None:
    answer = await client.post("/desk/login", data={"email": MARKUP, "password": "wrong"})
    assert answer.status_code == 401
    assert "match." in answer.text
    assert "<script>alert" not in answer.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in answer.text


async def test_the_login_form_of_another_site_signs_nobody_in(client: httpx.AsyncClient) -> None:
    answer = await client.post(
        "/desk/login",
        data={"email": ANN.email, "password": PASSWORD},
        headers={"Origin": "https://evil.test"},
    )
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


async def test_signing_out_by_the_form(client: httpx.AsyncClient) -> None:
    await enter(client)
    csrf = await token(client, "/desk")
    refused = await client.post("/desk/logout", data={"csrf": "guess"})
    assert refused.status_code == 403
    assert (await client.get("/desk")).status_code == 200
    left = await client.post("/desk/logout", data={"csrf": csrf})
    assert left.headers["location"] == "/desk/login"
    assert (await client.get("/desk")).status_code == 303


# -- languages ------------------------------------------------------------


async def test_the_page_speaks_the_agents_language_until_they_switch(
    client: httpx.AsyncClient,
) -> None:
    await enter(client, BOB.email)
    assert '<html lang="zh">' in (await client.get("/desk")).text
    assert '<html lang="en">' in (await client.get("/desk", params={"language": "en"})).text
    assert '<html lang="en">' in (await client.get("/desk")).text
    assert '<html lang="en">' in (await client.get("/desk", params={"language": "xx"})).text


async def test_the_login_speaks_the_browsers_language(client: httpx.AsyncClient) -> None:
    chinese = await client.get("/desk/login", headers={"Accept-Language": "zh-CN,zh;q=0.9"})
    assert "登录客服工作台" in chinese.text
    unknown = await client.get("/desk/login", headers={"Accept-Language": "xx"})
    assert "Sign in to the service desk" in unknown.text


# -- the queue ------------------------------------------------------------


async def test_the_queue_shows_what_matters(client: httpx.AsyncClient, app: DeskApp) -> None:
    await enter(client)
    await open_talk(app, waited=timedelta(minutes=7))
    page = (await client.get("/desk")).text
    assert "<title>(1) Queue · Lantern &amp; Co</title>" in page
    for shown in ("Upset", "Refund status", "Waiting 7 min", "Place 1", "Angry, 90%", "Urgent"):
        assert shown in page
    assert "English · Web" in page


async def test_the_part_for_htmx_is_the_lists_alone(
    client: httpx.AsyncClient, app: DeskApp
) -> None:
    await enter(client)
    await open_talk(app)
    part = (await client.get("/desk/queue", headers={"HX-Request": "true"})).text
    assert part.startswith("<title>(1)")
    assert "<html" not in part
    assert 'id="list-waiting"' in part


async def test_a_shops_own_intent_has_a_name_too(client: httpx.AsyncClient, app: DeskApp) -> None:
    await enter(client)
    await open_talk(app, talk=(("gift wrap?", "gift_wrapping", 0.9, "neutral", 0.0),))
    assert "gift_wrapping" in (await client.get("/desk")).text


# -- one handoff ------------------------------------------------------------


async def test_the_whole_story_is_on_the_page(client: httpx.AsyncClient, app: DeskApp) -> None:
    await enter(client)
    handoff = await open_talk(app)
    page = (await client.get(f"/desk/handoffs/{handoff}")).text
    for shown in (
        "The shopper is upset. They came about:",
        "Their mood got worse: Angry, up to 90%.",
        "Understood as Order status, 93% sure",
        "Not sure, perhaps Refund status (58%)",
        "Anxious, 55%",
        "<polyline",
        "A-10234",
        "Guest, nothing proved",
        "Delivery, version 2",
        "Back to the bot",
    ):
        assert shown in page, shown


async def test_accept_answer_note_and_end_by_forms_alone(
    client: httpx.AsyncClient, app: DeskApp
) -> None:
    await enter(client)
    handoff = await open_talk(app)
    page = f"/desk/handoffs/{handoff}#latest"
    assert (await post(client, handoff, "accept")).headers["location"] == page
    await post(client, handoff, "messages", text="hello", audience="everyone")
    await post(client, handoff, "messages", text="careful", audience="staff")
    shown = (await client.get(page)).text
    assert "hello" in shown
    assert "Ann Lee, internal note" in shown
    await post(client, handoff, "end", resolution="sent <again>", return_to_bot="1")
    shown = (await client.get(page)).text
    assert "the bot is back" in shown
    assert "sent &lt;again&gt;" in shown


async def test_an_unticked_box_keeps_the_bot_away(client: httpx.AsyncClient, app: DeskApp) -> None:
    await enter(client)
    handoff = await open_talk(app)
    await post(client, handoff, "accept")
    await post(client, handoff, "end", resolution="")
    _, ended = await app.store.by_handoff(handoff)
    assert (ended.returned_to_bot, ended.resolution) == (False, None)


async def test_a_lost_race_says_who_has_it(
    client: httpx.AsyncClient, app: DeskApp, api: FastAPI
) -> None:
    await enter(client)
    handoff = await open_talk(app)
    async with browser(api) as bob:
        await enter(bob, BOB.email)
        await post(bob, handoff, "accept")
    late = await post(client, handoff, "accept")
    assert late.status_code == 409
    assert "王博 was first and has this handoff." in late.text


async def test_only_a_supervisor_is_offered_the_takeover(
    client: httpx.AsyncClient, app: DeskApp, api: FastAPI
) -> None:
    await enter(client)
    handoff = await open_talk(app)
    await post(client, handoff, "accept")
    path = f"/desk/handoffs/{handoff}"
    async with browser(api) as bob, browser(api) as sue:
        await enter(bob, BOB.email)
        await enter(sue, SUE.email)
        assert "接管" not in (await bob.get(path)).text
        assert "Take over" in (await sue.get(path)).text
        assert (await post(sue, handoff, "accept", take_over="1")).status_code == 303
    assert "Sue Stone has accepted this handoff." in (await client.get(path)).text


async def test_a_refused_answer_keeps_the_draft(client: httpx.AsyncClient, app: DeskApp) -> None:
    await enter(client)
    handoff = await open_talk(app)
    refused = await post(client, handoff, "messages", text=MARKUP, audience="everyone")
    assert refused.status_code == 409
    assert "Accept this handoff before you answer." in refused.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in refused.text
    assert "<script>alert" not in refused.text


async def test_a_form_without_its_token_does_nothing(
    client: httpx.AsyncClient, app: DeskApp
) -> None:
    await enter(client)
    handoff = await open_talk(app)
    for action in ("accept", "messages", "end"):
        answer = await client.post(
            f"/desk/handoffs/{handoff}/{action}", data={"csrf": "guess", "text": "hi"}
        )
        assert answer.status_code == 403
        assert "out of date" in answer.text
    conversation, waiting = await app.store.by_handoff(handoff)
    assert waiting.agent is None
    assert len(await app.store.messages(conversation.id)) == 6


async def test_htmx_gets_the_parts_that_changed(client: httpx.AsyncClient, app: DeskApp) -> None:
    await enter(client)
    handoff = await open_talk(app)
    path = f"/desk/handoffs/{handoff}/talk"
    same = (await client.get(path, params={"seen": "waiting-"})).text
    assert 'hx-target="#transcript"' in same
    assert 'hx-target="#controls"' not in same  # what is being written there stays untouched
    other = (await client.get(path, params={"seen": "active-bob"})).text
    assert 'hx-target="#controls"' in other


async def test_an_ended_session_sends_htmx_to_the_login(
    client: httpx.AsyncClient, app: DeskApp
) -> None:
    handoff = await open_talk(app)
    for path in ("/desk/queue", f"/desk/handoffs/{handoff}/talk"):
        answer = await client.get(path, headers={"HX-Request": "true"})
        assert (answer.status_code, answer.headers["hx-redirect"]) == (401, "/desk/login")


async def test_an_unknown_handoff_has_a_page(client: httpx.AsyncClient) -> None:
    await enter(client)
    answer = await client.get("/desk/handoffs/nothing")
    assert answer.status_code == 404
    assert "There is no such handoff." in answer.text


# -- what shoppers write ------------------------------------------------------------


async def test_a_shoppers_markup_is_text_everywhere(
    client: httpx.AsyncClient, app: DeskApp
) -> None:
    await enter(client)
    handoff = await open_talk(app, talk=((MARKUP, MARKUP, 0.9, MARKUP, 0.9),), reason=Reason.UPSET)
    pages = [
        await client.get(path)
        for path in ("/desk", f"/desk/handoffs/{handoff}", f"/desk/handoffs/{handoff}/talk")
    ]
    for page in pages:
        assert page.status_code == 200
        assert "<script>alert" not in page.text
        assert "<img src=x" not in page.text
        assert "&lt;img src=x onerror=alert(2)&gt;" in page.text
        assert "{{ 7*7 }}" in page.text


async def test_a_link_that_is_a_script_is_no_link(client: httpx.AsyncClient, app: DeskApp) -> None:
    await enter(client)
    handoff = await open_talk(app)
    conversation = await app.store.get(ConversationId("c1"))
    source = Source(title="T", article_id="t", version=1, url="javascript:alert(1)")
    good = replace(source, url="https://shop.test/t")
    message = Message(
        id=MessageId("m"),
        speaker=Speaker.BOT,
        text="x",
        sent_at=app.now(),
        sources=(source, good),
    )
    await app.store.commit(Change(before=conversation, after=conversation, messages=(message,)))
    page = (await client.get(f"/desk/handoffs/{handoff}")).text
    assert "javascript:" not in page
    assert 'href="https://shop.test/t"' in page


# -- headers and files ------------------------------------------------------------


async def test_pages_allow_nothing_inline_and_no_frame(client: httpx.AsyncClient) -> None:
    headers = (await client.get("/desk/login")).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"


async def test_no_page_has_inline_script_or_style(client: httpx.AsyncClient, app: DeskApp) -> None:
    await enter(client)
    handoff = await open_talk(app)
    for path in ("/desk", f"/desk/handoffs/{handoff}"):
        page = (await client.get(path)).text
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=|hx-on", page)
        assert not re.search(r'(?:src|href)="(?:https?:)?//', page)


async def test_files_are_kept_for_ever_under_their_present_address(
    client: httpx.AsyncClient,
) -> None:
    page = (await client.get("/desk/login")).text
    addresses = re.findall(r'"(/desk/static/[^"]+)"', page)
    assert len(addresses) == 5
    for address in addresses:
        answer = await client.get(address)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
        assert answer.headers["content-encoding"] == "gzip"
    plain = await client.get("/desk/static/desk.css")
    assert plain.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("name", ["nothing.js", "..%2fpages.py", "%2e%2e/pages.py"])
async def test_nothing_else_is_a_file(client: httpx.AsyncClient, name: str) -> None:
    assert (await client.get(f"/desk/static/{name}")).status_code == 404


async def test_it_shows_what_became_of_each_reply(
    sqlite_url: str, tmp_path: Path, clock: Clock
) -> None:
    push = frozenset({"telegram"})
    async with (
        desk_app(sqlite_url, tmp_path, now=clock, push=push) as app,
        browser(served(app)) as client,
    ):
        await enter(client)
        handoff = await open_talk(app, channel="telegram")
        path = f"/desk/handoffs/{handoff}"
        assert (await client.get(path)).text.count("Sending") == 3
        outbox = SqlOutbox(app.engine, now=clock)
        (parcel,) = await outbox.claim(holder="test", now=clock())
        await outbox.failed(parcel, error="blocked by the shopper", retry_at=None)
        assert "Not delivered" in (await client.get(path)).text
        await post(client, handoff, "accept")
        await outbox.claim(holder="test", now=clock())
        assert "Held back, a person was there first" in (await client.get(path)).text


async def test_long_talks_are_shown_whole(client: httpx.AsyncClient, app: DeskApp) -> None:
    await enter(client)
    handoff = await open_talk(app)
    console = Console(
        store=app.store, live=app.live, words=app.words, now=app.now, new_id=app.new_id
    )
    conversation = await app.store.get(ConversationId("c1"))
    line = Message(id=MessageId("m"), speaker=Speaker.SHOPPER, text="line", sent_at=app.now())
    many = tuple(replace(line, id=MessageId(f"m{n}")) for n in range(600))
    await app.store.commit(Change(before=conversation, after=conversation, messages=many))
    await console.note(HandoffId(handoff), ANN, "the very last line")
    assert "the very last line" in (await client.get(f"/desk/handoffs/{handoff}")).text
