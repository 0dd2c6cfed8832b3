"""Recorded updates through the real endpoint: what the pipeline gets, what Telegram is told."""

from collections.abc import Sequence
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from bot.model import Address, Conversation, Message, WordedChoice
from bot.ports import StoreUnavailableError
from bot.server.app import create_app
from tests.channels.telegram.conftest import SECRET, payload
from tests.channels.telegram.fake import FakeTelegram
from tests.unit.server.parts import Parts, asking

ANN = Address(channel="telegram", user="1111111")


async def deliver(client: httpx.AsyncClient, update: object) -> None:
    response = await client.post("/webhooks/telegram", json=update)
    assert (response.status_code, response.text) == (200, "")


async def history(parts: Parts, address: Address = ANN) -> tuple[Conversation, Sequence[Message]]:
    conversation = await parts.store.find(address)
    assert conversation is not None
    return conversation, await parts.store.messages(conversation.id)


async def test_message_text(
    client: httpx.AsyncClient, parts: Parts, telegram: FakeTelegram
) -> None:
    await deliver(client, payload("message_text"))

    conversation, rows = await history(parts)
    assert conversation.language == "en"
    assert [row.text for row in rows] == [
        "Where is my order A100?",
        "You said: Where is my order A100?",
    ]
    assert await telegram.wait_for("sendMessage") == [
        {
            "chat_id": 1111111,
            "text": "You said: Where is my order A100?",
            "link_preview_options": {"is_disabled": True},
            "reply_markup": {"inline_keyboard": [[{"text": "Yes", "callback_data": "/affirm"}]]},
        }
    ]


async def test_the_turn_is_committed_before_telegram_gets_its_answer(
    client: httpx.AsyncClient, parts: Parts, telegram: FakeTelegram
) -> None:
    telegram.answers += [(500, {"description": "down"})] * 100

    await deliver(client, payload("message_text"))

    _, rows = await history(parts)
    assert len(rows) == 2
    assert await parts.outbox.waiting() == 1


async def test_message_text__chinese(client: httpx.AsyncClient, parts: Parts) -> None:
    await deliver(client, payload("message_text__chinese"))

    conversation, rows = await history(parts, Address(channel="telegram", user="2222222"))
    assert conversation.language == "zh"
    assert rows[0].text == "我的订单到哪里了？"


async def test_message_text__start_command(client: httpx.AsyncClient, parts: Parts) -> None:
    await deliver(client, payload("message_text__start_command"))

    conversation, rows = await history(parts, Address(channel="telegram", user="3333333"))
    assert conversation.language == parts.rules.language
    assert rows[0].text == "/greeting"


async def test_message_photo(
    client: httpx.AsyncClient, parts: Parts, telegram: FakeTelegram
) -> None:
    await deliver(client, payload("message_photo"))
    await deliver(client, payload("message_photo"))

    _, rows = await history(parts)
    assert [(row.speaker, row.key) for row in rows] == [("system", "telegram.only_text")]
    await telegram.wait_for("sendMessage")
    assert telegram.texts() == [rows[0].text]


async def test_message_photo__caption(client: httpx.AsyncClient, parts: Parts) -> None:
    await deliver(client, payload("message_photo__caption"))

    _, rows = await history(parts)
    assert rows[0].text == "It arrived like this"


async def test_callback_query(
    client: httpx.AsyncClient, parts: Parts, telegram: FakeTelegram
) -> None:
    await deliver(client, payload("callback_query"))

    _, rows = await history(parts)
    assert rows[0].text == "/affirm"
    assert await telegram.wait_for("answerCallbackQuery") == [
        {"callback_query_id": "4772185554136543111"}
    ]


@pytest.mark.parametrize(
    "name", ["message_text__group", "edited_message", "my_chat_member__blocked"]
)
async def test_what_no_shopper_said_is_passed_over(
    client: httpx.AsyncClient, parts: Parts, name: str
) -> None:
    await deliver(client, payload(name))

    assert parts.assistant.handled == []
    assert await parts.store.find(ANN) is None


async def test_an_update_that_comes_twice_is_one_turn(
    client: httpx.AsyncClient, parts: Parts, telegram: FakeTelegram
) -> None:
    for _ in range(3):
        await deliver(client, payload("message_text"))

    _, rows = await history(parts)
    assert len(rows) == 2
    assert len(await telegram.wait_for("sendMessage")) == 1


async def test_a_number_names_a_choice_that_was_no_button(
    client: httpx.AsyncClient, parts: Parts, telegram: FakeTelegram
) -> None:
    parts.assistant.choices = (
        WordedChoice(label="Yes", value="/affirm"),
        WordedChoice(label="The long one", value="I would like " + "very " * 20 + "much"),
    )
    first = payload("message_text")
    await deliver(client, first)
    (sent,) = await telegram.wait_for("sendMessage")
    assert sent["text"].endswith("\n1. Yes\n2. The long one")
    assert "reply_markup" not in sent

    for number, (update, text) in enumerate([(2, "2"), (3, "7")], 1):
        message = {**first["message"], "text": text}
        await deliver(client, {"update_id": first["update_id"] + update, "message": message})
        _, rows = await history(parts)
        said = rows[2 * number].text
        assert said == (parts.assistant.choices[1].value if text == "2" else text)


@pytest.mark.parametrize("secret", [None, "", "wrong", SECRET + "x", "秘密".encode()])
async def test_without_the_secret_nothing_gets_in(
    client: httpx.AsyncClient, parts: Parts, secret: str | bytes | None
) -> None:
    name = "X-Telegram-Bot-Api-Secret-Token"
    del client.headers[name]
    headers: dict[str, Any] = {} if secret is None else {name: secret}

    response = await client.post("/webhooks/telegram", content=b"{", headers=headers)

    assert response.status_code == 403
    assert response.json()["error"]["code"] == "forbidden"
    assert parts.assistant.handled == []


async def test_without_a_secret_in_the_settings_every_update_is_refused(parts: Parts) -> None:
    parts.settings = parts.settings.model_copy(update={"telegram_secret": None})
    api: FastAPI = create_app(parts)
    async with asking(api) as client:
        for headers in ({}, {"X-Telegram-Bot-Api-Secret-Token": ""}):
            response = await client.post(
                "/webhooks/telegram", json=payload("message_text"), headers=headers
            )
            assert response.status_code == 403


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"update_id": "x"}', b'{"message": {}}'])
async def test_what_is_no_update_is_refused(client: httpx.AsyncClient, body: bytes) -> None:
    response = await client.post("/webhooks/telegram", content=body)

    assert response.status_code == 400
    assert response.json()["error"]["expected"]


async def test_when_nothing_could_be_written_telegram_is_asked_to_deliver_again(
    client: httpx.AsyncClient, parts: Parts
) -> None:
    parts.assistant.faults.append(StoreUnavailableError("The database is locked"))

    failed = await client.post("/webhooks/telegram", json=payload("message_text"))
    await deliver(client, payload("message_text"))

    assert failed.status_code == 503
    _, rows = await history(parts)
    assert len(rows) == 2
