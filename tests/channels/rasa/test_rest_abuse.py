"""What the REST channel refuses, and what it puts up with."""

import json
from typing import Any

import pytest

from bot.model import WordedChoice
from bot.ports import StoreUnavailableError
from tests.channels.rasa.conftest import RasaClient

WEBHOOK = "/webhooks/rest/webhook"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"text"',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"sender": "ann", "message": 5}',
        b'{"sender": "ann", "message": ["hello"]}',
        b'{"sender": {"id": 1}, "message": "hello"}',
        b'{"sender": true, "message": "hello"}',
    ],
)
@pytest.mark.parametrize("kind", ["application/json", "text/plain", "multipart/form-data"])
async def test_what_is_no_message_is_refused(rasa: RasaClient, body: bytes, kind: str) -> None:
    response = await rasa.http.post(WEBHOOK, content=body, headers={"Content-Type": kind})

    assert response.status_code == 400
    refusal = response.json()
    assert (refusal["status"], refusal["reason"]) == ("failure", "BadRequest")
    assert refusal["details"]["expected"]
    assert await rasa.conversations() == []


async def test_too_much_is_refused(rasa: RasaClient) -> None:
    for body, status in (
        ({"sender": "ann", "message": "x" * 100_000}, 413),
        ({"sender": "ann", "message": "x" * 10_001}, 413),
        ({"sender": "a" * 257, "message": "hello"}, 400),
        ({"sender": "ann", "message": "x" * 2_000_000}, 413),
    ):
        assert (await rasa.post(WEBHOOK, body)).status_code == status
    assert rasa.parts.assistant.handled == []
    await rasa.say("ann", "x" * 10_000)


@pytest.mark.parametrize(
    "sender", ["\x00", "ann\ud800", "安", "a" * 256, "'; DROP TABLE", "../", 7, 1.5]
)
async def test_any_name_will_do(rasa: RasaClient, sender: Any) -> None:
    body = json.dumps({"sender": sender, "message": "hello\x00\x1b[31m"})
    first = await rasa.http.post(WEBHOOK, content=body)
    await rasa.http.post(WEBHOOK, content=body)

    assert first.status_code == 200
    assert first.json()[0]["recipient_id"] == str(sender)
    assert rasa.parts.assistant.handled == ["hello[31m"] * 2
    assert len(await rasa.conversations()) == 1


@pytest.mark.parametrize("metadata", [None, [], "x", {"custom": 1}, {"language": {}}, 3])
async def test_odd_metadata_is_passed_over(rasa: RasaClient, metadata: object) -> None:
    (reply,) = await rasa.say("ann", "hello", metadata=metadata)
    assert reply["text"] == "You said: hello"


async def test_when_nothing_could_be_written_the_client_hears_so(rasa: RasaClient) -> None:
    rasa.parts.assistant.faults.append(StoreUnavailableError("The database is locked"))

    failed = await rasa.post(WEBHOOK, {"sender": "ann", "message": "hello"})

    assert (failed.status_code, failed.json()["reason"]) == (503, "ServiceUnavailable")
    assert failed.headers["retry-after"]
    assert await rasa.texts("ann", "hello") == ["You said: hello"]


async def test_a_turn_that_breaks_calls_a_person(rasa: RasaClient) -> None:
    rasa.parts.assistant.faults.append(RuntimeError("the model is gone"))

    replies = await rasa.say("ann", "hello", metadata={"custom": True})

    assert replies[-1]["custom"]["handoff"]["reason"] == "internal_error"


async def test_payloads_of_buttons_reach_the_turn_as_they_are(rasa: RasaClient) -> None:
    rasa.parts.assistant.choices = (WordedChoice(label="订单", value='/order_status{"a": "b"}'),)
    (reply,) = await rasa.say("ann", "hello")
    payload = reply["buttons"][0]["payload"]
    await rasa.say("ann", payload)

    assert rasa.parts.assistant.handled[-1] == '/order_status{"a": "b"}'
