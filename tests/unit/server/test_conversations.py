"""The shopper's routes: what they answer, field by field."""

import asyncio
from dataclasses import replace

import httpx
import pytest

from bot.model import Change, ConversationId
from escalation.model import AgentId
from tests.unit.server.parts import START, Parts, new_handoff, start


async def test_a_new_conversation_has_an_id_and_a_token(client: httpx.AsyncClient) -> None:
    response = await client.post("/api/v1/conversations", json={})

    assert response.status_code == 201
    assert set(response.json()) == {"id", "token"}


async def test_a_conversation_starts_without_any_body(client: httpx.AsyncClient) -> None:
    assert (await client.post("/api/v1/conversations")).status_code == 201


async def test_a_conversation_keeps_the_language_it_was_started_in(
    client: httpx.AsyncClient, parts: Parts
) -> None:
    path, _ = await start(client, language="zh")

    kept = await parts.store.get(ConversationId(path.rpartition("/")[2]))

    assert kept.language == "zh"


async def test_an_unknown_language_is_refused_and_the_known_ones_are_named(
    client: httpx.AsyncClient,
) -> None:
    response = await client.post("/api/v1/conversations", json={"language": "tlh"})

    assert response.status_code == 422
    assert response.json()["error"]["expected"] == "en or zh"


async def test_a_message_gets_the_whole_turn(client: httpx.AsyncClient) -> None:
    path, headers = await start(client)

    response = await client.post(
        f"{path}/messages", json={"client_id": "c1", "text": "Where is it?"}, headers=headers
    )

    turn = response.json()
    assert response.status_code == 200
    reply = turn["replies"][0]
    assert turn == {
        "message_id": turn["message_id"],
        "owner": "bot",
        "language": "en",
        "understanding": {
            "text": "Where is it?",
            "language": "en",
            "intent": "order_status",
            "confidence": 0.9,
            "ranking": [
                {"intent": "order_status", "confidence": 0.9},
                {"intent": "greeting", "confidence": 0.1},
            ],
            "in_scope": True,
            "sure": True,
            "requests": [],
            "emotion": "neutral",
            "emotion_confidence": 0.8,
            "emotion_intensity": 0.2,
            "entities": [
                {"type": "order_number", "value": "A100", "text": "W", "start": 0, "end": 1}
            ],
        },
        "decision": {"type": "say", "skill": "order_status"},
        "replies": [
            {
                "id": reply["id"],
                "seq": 2,
                "speaker": "bot",
                "key": "order_status.shipped",
                "text": "You said: Where is it?",
                "choices": [{"label": "Yes", "value": "/affirm"}],
                "cards": [],
                "sources": [
                    {"title": "Returns", "article_id": "returns", "version": 3, "url": None}
                ],
            }
        ],
        "handoff": None,
    }


async def test_a_decision_without_a_skill_names_none(
    client: httpx.AsyncClient, parts: Parts
) -> None:
    parts.assistant.faults.append(RuntimeError("broken"))
    path, headers = await start(client)

    response = await client.post(
        f"{path}/messages", json={"client_id": "c1", "text": "hello"}, headers=headers
    )

    assert response.json()["decision"] == {"type": "hand_over"}


@pytest.mark.parametrize("client_id", ["m 1", "消息-1", "x" * 128])
async def test_a_client_id_is_any_line_of_text(client: httpx.AsyncClient, client_id: str) -> None:
    path, headers = await start(client)
    body = {"client_id": client_id, "text": "a"}

    first = await client.post(f"{path}/messages", json=body, headers=headers)
    again = await client.post(f"{path}/messages", json=body, headers=headers)

    assert first.status_code == 200
    assert again.json() == first.json()


async def test_the_same_client_id_gets_the_same_answer_and_no_second_turn(
    client: httpx.AsyncClient,
) -> None:
    path, headers = await start(client)
    body = {"client_id": "c1", "text": "hello"}

    first = await client.post(f"{path}/messages", json=body, headers=headers)
    again = await client.post(f"{path}/messages", json=body, headers=headers)
    changed = await client.post(
        f"{path}/messages", json={**body, "text": "something else"}, headers=headers
    )

    assert first.json() == again.json() == changed.json()
    history = await client.get(f"{path}/messages", headers=headers)
    assert len(history.json()["messages"]) == 2


async def test_twenty_messages_at_once_get_twenty_turns_in_one_order(
    client: httpx.AsyncClient,
) -> None:
    path, headers = await start(client)

    answers = await asyncio.gather(
        *(
            client.post(
                f"{path}/messages",
                json={"client_id": f"c{number}", "text": f"message {number}"},
                headers=headers,
            )
            for number in range(20)
        )
    )

    assert {answer.status_code for answer in answers} == {200}
    history = (await client.get(f"{path}/messages", headers=headers)).json()["messages"]
    assert [row["seq"] for row in history] == list(range(1, 41))
    for asked, answered in zip(history[::2], history[1::2], strict=True):
        assert answered["text"] == f"You said: {asked['text']}"


async def test_the_history_starts_after_a_seq_and_names_the_owner(
    client: httpx.AsyncClient,
) -> None:
    path, headers = await start(client)
    await client.post(f"{path}/messages", json={"client_id": "c1", "text": "a"}, headers=headers)

    everything = (await client.get(f"{path}/messages", headers=headers)).json()
    rest = (await client.get(f"{path}/messages?after=1", headers=headers)).json()

    first = everything["messages"][0]
    assert first == {
        "id": first["id"],
        "seq": 1,
        "speaker": "shopper",
        "key": None,
        "text": "a",
        "choices": [],
        "cards": [],
        "sources": [],
        "sent_at": START.isoformat(),
        "client_id": "c1",
    }
    assert [row["seq"] for row in rest["messages"]] == [2]
    assert (rest["owner"], rest["handoff"]) == ("bot", None)


async def test_while_an_agent_owns_the_talk_the_bot_is_silent_and_the_handoff_is_told(
    client: httpx.AsyncClient, parts: Parts
) -> None:
    path, headers = await start(client)
    before = await parts.store.get(ConversationId(path.rpartition("/")[2]))
    handoff = new_handoff("h1", START).accept(AgentId("anna"), START)
    await parts.store.commit(Change(before=before, after=replace(before, handoff=handoff)))

    turn = (
        await client.post(
            f"{path}/messages", json={"client_id": "c1", "text": "hello?"}, headers=headers
        )
    ).json()

    assert turn["owner"] == "agent"
    assert turn["replies"] == []
    assert turn["decision"] == {"type": "silent"}
    assert turn["understanding"]["text"] == "hello?"
    assert turn["handoff"] == {"id": "h1", "reason": "internal_error", "position": 1}


async def test_the_history_tells_of_an_open_handoff_and_its_place(
    client: httpx.AsyncClient, parts: Parts
) -> None:
    parts.assistant.faults.append(RuntimeError("broken"))
    path, headers = await start(client)
    await client.post(f"{path}/messages", json={"client_id": "c1", "text": "a"}, headers=headers)

    history = (await client.get(f"{path}/messages", headers=headers)).json()

    assert history["owner"] == "queue"
    assert history["handoff"]["position"] == 1


async def test_a_rating_is_kept_and_a_second_one_replaces_it(client: httpx.AsyncClient) -> None:
    path, headers = await start(client)

    first = await client.post(f"{path}/rating", json={"score": 2}, headers=headers)
    second = await client.post(
        f"{path}/rating", json={"score": 5, "comment": "better now"}, headers=headers
    )

    assert (first.status_code, second.status_code) == (200, 200)
