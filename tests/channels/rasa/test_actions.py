"""The action server: what Rasa 3.6 sends it, what it does with the answer."""

import json
import zlib
from collections.abc import Callable
from typing import Any

import pytest

from bot.ports import StoreUnavailableError
from tests.channels.rasa.conftest import TOKEN, RasaClient, call

WEBHOOK = "/rasa/actions/webhook"
TURN = "action_shopbell_turn"
SLOTS = {
    "shopbell_answered": True,
    "shopbell_owner": "bot",
    "shopbell_handoff": None,
    "shopbell_language": "en",
    "shopbell_emotion": "neutral",
}


def slots(result: dict[str, Any]) -> dict[str, Any]:
    """Return the slots that events set; nothing else may be among them."""
    assert {event["event"] for event in result["events"]} <= {"slot"}
    return {event["name"]: event["value"] for event in result["events"]}


def texts(result: dict[str, Any]) -> list[str]:
    return [response["text"] for response in result["responses"]]


async def test_the_server_says_that_it_is_there_and_what_it_can(rasa: RasaClient) -> None:
    assert (await rasa.http.get("/rasa/actions/health")).json() == {"status": "ok"}
    assert (await rasa.http.get("/rasa/actions/actions")).json() == [{"name": TURN}]


async def test_a_turn(rasa: RasaClient) -> None:
    result = await rasa.act("U1", "Where is my order?")

    assert result == {
        "events": [
            {"event": "slot", "timestamp": None, "name": name, "value": value}
            for name, value in SLOTS.items()
        ],
        "responses": [
            {
                "text": "You said: Where is my order?",
                "buttons": [{"title": "Yes", "payload": "/affirm"}],
                "elements": [],
                "custom": {},
                "template": None,
                "response": None,
                "image": None,
                "attachment": None,
            }
        ],
    }


async def test_a_recorded_call(
    rasa: RasaClient, recorded: Callable[[str], dict[str, Any]]
) -> None:
    response = await rasa.post(WEBHOOK, recorded("action_call"))

    assert texts(response.json()) == ["You said: /request_human"]
    assert slots(response.json()) == {}  # its domain has none of ours


async def test_a_compressed_call(rasa: RasaClient) -> None:
    body = zlib.compress(json.dumps(call("U1", "hello")).encode())
    headers = {"Content-Encoding": "deflate", "Content-Type": "application/json"}

    response = await rasa.http.post(WEBHOOK, content=body, headers=headers)

    assert texts(response.json()) == ["You said: hello"]


async def test_slots_are_set_where_the_assistant_has_them(rasa: RasaClient) -> None:
    known = {"shopbell_owner": None, "city": "Utrecht"}
    assert slots(await rasa.act("U1", "hello", slots=known)) == {"shopbell_owner": "bot"}
    assert slots(await rasa.act("U1", "hello", slots={"city": None})) == {}
    assert slots(await rasa.act("U1", "hello", slots={})) == SLOTS


async def test_a_person_takes_over_without_a_pause(rasa: RasaClient) -> None:
    """Rasa's pause would repeat the handoff after its resume; the owner is told as a slot."""
    rasa.parts.assistant.faults.append(RuntimeError("broken"))
    handed_over = await rasa.act("U1", "hello")
    assert slots(handed_over)["shopbell_owner"] == "queue"
    assert slots(handed_over)["shopbell_handoff"] == "internal_error"


async def test_what_an_agent_said_comes_with_the_next_turn(rasa: RasaClient) -> None:
    await rasa.act("U1", "hello")
    await rasa.agent_says("Hello, this is Mia.")

    silent = await rasa.act("U1", "thanks")
    assert texts(silent) == ["Hello, this is Mia."]
    assert slots(silent)["shopbell_owner"] == "agent"
    assert texts(await rasa.act("U1", "bye")) == []


async def test_the_same_message_again_is_the_same_turn(rasa: RasaClient) -> None:
    latest = {"text": "hello", "message_id": "a1b2"}
    first = await rasa.act("U1", "hello", latest_message=latest)
    again = await rasa.act("U1", "hello", latest_message=latest)
    other = await rasa.act("U2", "hello", latest_message=latest)

    assert first == again == other
    talks = [await rasa.parts.store.find(address) for address in await rasa.conversations()]
    rows = [await rasa.parts.store.messages(talk.id) for talk in talks if talk is not None]
    assert [len(some) for some in rows] == [2, 2]


async def test_asked_again_it_repeats_what_an_agent_said_before(rasa: RasaClient) -> None:
    await rasa.act("U1", "hello")
    await rasa.agent_says("Hello, this is Mia.")
    latest = {"text": "yes?", "message_id": "a1b2"}

    first = await rasa.act("U1", "yes?", latest_message=latest)
    assert await rasa.act("U1", "yes?", latest_message=latest) == first


async def test_a_fallback_that_rasa_predicts_again_ends_in_listening(rasa: RasaClient) -> None:
    """RulePolicy runs a core fallback action up to ten times for one message."""
    events = [{"event": "user", "text": "hello"}, {"event": "action", "name": TURN}]
    again = await rasa.act("U1", "hello", events=events)

    followup = {"event": "followup", "timestamp": None, "name": "action_listen"}
    assert again == {"events": [followup], "responses": []}
    assert rasa.parts.assistant.handled == []
    next_message = [*events, {"event": "user", "text": "and?"}, {"event": "slot", "name": "x"}]
    assert texts(await rasa.act("U1", "and?", events=next_message)) == ["You said: and?"]


async def test_an_intent_that_a_program_triggered_is_a_payload(rasa: RasaClient) -> None:
    await rasa.act("U1", "EXTERNAL: order_status")
    assert rasa.parts.assistant.handled == ["/order_status"]


async def test_a_long_message_is_cut(rasa: RasaClient) -> None:
    await rasa.act("U1", "x" * 100_000)
    assert [len(text) for text in rasa.parts.assistant.handled] == [10_000]


async def test_a_long_conversation_fits(rasa: RasaClient) -> None:
    events = [{"event": "user", "text": "x" * 1000} for _ in range(2500)]
    assert texts(await rasa.act("U1", "hello", events=events)) == ["You said: hello"]


async def test_a_conversation_without_end_does_not(rasa: RasaClient) -> None:
    for size in (4 * 1024 * 1024 + 1, 40_000_000):
        response = await rasa.http.post(WEBHOOK, content=b" " * size)
        assert response.status_code == 413
    assert (await rasa.http.post("/model/parse", content=b" " * 2_000_000)).status_code == 413


async def test_the_same_name_at_the_rest_channel_is_somebody_else(rasa: RasaClient) -> None:
    await rasa.act("U1", "hello")
    await rasa.agent_says("for the action only")

    assert await rasa.texts("U1", None) == []
    await rasa.say("U1", "hello")
    assert len(await rasa.conversations()) == 2


@pytest.mark.parametrize("settings", [{"rasa_auth_token": TOKEN}])
async def test_rasa_gives_its_token_in_the_address(rasa: RasaClient) -> None:
    response = await rasa.post(WEBHOOK, call("U1", "hello"), token=TOKEN)
    assert texts(response.json()) == ["You said: hello"]
    refused = await rasa.post(WEBHOOK, call("U1", "hello"))
    assert refused.status_code == 401
    assert set(refused.json()) == {"error", "action_name"}


async def test_an_unknown_action(rasa: RasaClient) -> None:
    response = await rasa.post(WEBHOOK, {**call("U1", "hello"), "next_action": "action_x"})

    assert response.status_code == 404
    assert response.json() == {
        "error": "No registered action found for name 'action_x'.",
        "action_name": "action_x",
    }


@pytest.mark.parametrize(
    ("sender", "text"), [(None, "hello"), ("", "hello"), ("U1", None), ("U1", " "), ("U1", "\x00")]
)
async def test_with_nobody_or_nothing_to_answer_the_action_rejects(
    rasa: RasaClient, sender: str | None, text: str | None
) -> None:
    response = await rasa.post(WEBHOOK, call(sender, text))

    assert response.status_code == 400
    assert response.json()["action_name"] == TURN
    assert rasa.parts.assistant.handled == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[1]",
        b"null",
        b"{}",
        b'{"next_action": 5}',
        b'{"next_action": "action_shopbell_turn", "tracker": []}',
        b'{"next_action": "action_shopbell_turn", "tracker": {"events": "x"}}',
        b'{"next_action": "action_shopbell_turn", "tracker": {"latest_message": {"text": 1}}}',
    ],
)
async def test_what_is_no_call_is_refused(rasa: RasaClient, body: bytes) -> None:
    response = await rasa.http.post(WEBHOOK, content=body)

    assert response.status_code == 400
    assert response.json()["error"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (zlib.compress(b" " * 60_000_000), 413),
        (b"not compressed", 400),
        (zlib.compress(b"{}")[:-4], 400),
    ],
)
async def test_what_does_not_unpack_is_refused(rasa: RasaClient, body: bytes, status: int) -> None:
    headers = {"Content-Encoding": "deflate"}
    response = await rasa.http.post(WEBHOOK, content=body, headers=headers)

    assert response.status_code == status


async def test_when_nothing_could_be_written_rasa_hears_so(rasa: RasaClient) -> None:
    rasa.parts.assistant.faults.append(StoreUnavailableError("The database is locked"))

    assert (await rasa.post(WEBHOOK, call("U1", "hello"))).status_code == 503
