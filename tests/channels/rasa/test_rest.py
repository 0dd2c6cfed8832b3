"""The REST channel: what Rasa's clients send, what they get."""

import asyncio
import json

import httpx
import pytest

from bot.model import Audience, Change, Message, MessageId, Speaker
from bot.server.app import create_app
from tests.channels.rasa.conftest import TOKEN, RasaClient
from tests.unit.server.parts import Parts, asking, start

WEBHOOK = "/webhooks/rest/webhook"


async def test_a_message_and_its_reply(rasa: RasaClient) -> None:
    assert await rasa.say("ann", "Where is my order?") == [
        {
            "recipient_id": "ann",
            "text": "You said: Where is my order?",
            "buttons": [{"title": "Yes", "payload": "/affirm"}],
        }
    ]


async def test_a_text_without_buttons_is_cut_at_empty_lines(rasa: RasaClient) -> None:
    rasa.parts.assistant.choices = ()

    assert await rasa.say("ann", "one\n\ntwo\n\n\n\nthree\nfour") == [
        {"recipient_id": "ann", "text": "You said: one"},
        {"recipient_id": "ann", "text": "two"},
        {"recipient_id": "ann", "text": "three\nfour"},
    ]


async def test_streamed_replies_are_one_json_object_a_line(rasa: RasaClient) -> None:
    rasa.parts.assistant.choices = ()
    body = {"sender": "ann", "message": "eins\n\n二"}

    response = await rasa.post(WEBHOOK, body, stream="true")

    assert response.headers["content-type"].startswith("text/event-stream")
    lines = response.text.splitlines()
    assert response.text.endswith("\n")
    assert [json.loads(line)["text"] for line in lines] == ["You said: eins", "二"]
    for other in ("false", "1", ""):
        plain = await rasa.post(WEBHOOK, body, stream=other)
        assert plain.headers["content-type"] == "application/json"


async def test_rasa_answers_for_its_channel(rasa: RasaClient) -> None:
    assert (await rasa.http.get("/webhooks/rest/")).json() == {"status": "ok"}
    version = (await rasa.http.get("/version")).json()
    assert version["version"] == version["minimum_compatible_version"] == "3.6.21"


async def test_one_conversation_per_sender(rasa: RasaClient) -> None:
    await rasa.say("ann", "one")
    await rasa.say("ben", "two")
    await rasa.say("ann", "three")

    addresses = await rasa.conversations()
    talks = [await rasa.parts.store.find(address) for address in addresses]
    rows = [await rasa.parts.store.messages(talk.id) for talk in talks if talk is not None]
    said = [[row.text for row in some if row.speaker is Speaker.SHOPPER] for some in rows]
    assert sorted(said) == [["one", "three"], ["two"]]


async def test_a_sender_is_kept_as_a_hash(rasa: RasaClient) -> None:
    await rasa.say("+44 20 7946 0958", "hello")

    (address,) = await rasa.conversations()
    assert address.channel == "rasa"
    assert "7946" not in address.user


async def test_a_conversation_starts_in_the_language_that_the_client_names(
    rasa: RasaClient,
) -> None:
    for sender, language in (("ann", "zh"), ("ben", "tlh"), ("cleo", ["zh"])):
        await rasa.say(sender, "hello", metadata={"language": language})

    talks = [await rasa.parts.store.find(one) for one in await rasa.conversations()]
    assert sorted(talk.language for talk in talks if talk) == ["en", "en", "zh"]


async def test_custom_messages_come_to_those_who_ask(rasa: RasaClient) -> None:
    *_, custom = await rasa.say("ann", "hello", metadata={"custom": True})

    assert custom == {
        "recipient_id": "ann",
        "custom": {
            "owner": "bot",
            "language": "en",
            "handoff": None,
            "speakers": ["bot"],
            "cards": [],
            "sources": [{"title": "Returns", "article_id": "returns", "version": 3, "url": None}],
        },
    }


# -- what was said since ------------------------------------------------------------


async def test_what_an_agent_said_comes_first_with_the_next_answer(rasa: RasaClient) -> None:
    await rasa.say("ann", "hello")
    await rasa.agent_says("Hello, this is Mia.")
    await rasa.agent_says("How may I help?")

    assert await rasa.texts("ann", "my order") == ["Hello, this is Mia.", "How may I help?"]
    assert await rasa.texts("ann", "are you there?") == []


async def test_an_empty_message_only_asks_what_was_said_since(rasa: RasaClient) -> None:
    assert await rasa.texts("ann", None) == []
    assert await rasa.conversations() == []
    await rasa.say("ann", "hello")
    assert await rasa.texts("ann", "") == []
    await rasa.agent_says("Hello, this is Mia.")

    assert await rasa.texts("ann", " \n") == ["Hello, this is Mia."]
    assert await rasa.texts("ann", None) == []
    assert await rasa.texts("ann", "thanks") == []
    assert rasa.parts.assistant.handled == ["hello", "thanks"]


async def test_a_restart_loses_nothing_of_what_was_said(rasa: RasaClient) -> None:
    await rasa.say("ann", "hello")
    await rasa.agent_says("first")
    await rasa.say("ann", "go on")
    await rasa.agent_says("second")

    async with asking(create_app(rasa.parts)) as restarted:
        body = {"sender": "ann", "message": "and?"}
        response = await restarted.post(WEBHOOK, json=body)
        assert [reply["text"] for reply in response.json()] == ["second"]


async def test_a_long_talk_is_read_to_its_end(rasa: RasaClient) -> None:
    await rasa.say("ann", "hello")
    for number in range(501):
        await rasa.agent_says(str(number))

    assert await rasa.texts("ann", None) == [str(number) for number in range(501)]


async def test_messages_sent_at_once_each_get_their_own_replies(rasa: RasaClient) -> None:
    await rasa.say("ann", "hello")
    await rasa.agent_says("Hello, this is Mia.")
    rasa.parts.assistant.gate = asyncio.Event()
    calls = [asyncio.create_task(rasa.say("ann", str(number))) for number in range(8)]
    await rasa.parts.assistant.started.wait()
    rasa.parts.assistant.gate.set()

    told = [reply["text"] for replies in await asyncio.gather(*calls) for reply in replies]

    assert told == ["Hello, this is Mia."]
    assert sorted(rasa.parts.assistant.handled[1:]) == [str(number) for number in range(8)]


async def test_senders_at_once_do_not_mix(rasa: RasaClient) -> None:
    names = [f"sender {number}" for number in range(10)]
    replies = await asyncio.gather(*(rasa.texts(name, name) for name in names for _ in range(2)))

    assert replies == [[f"You said: {name}"] for name in names for _ in range(2)]
    assert len(await rasa.conversations()) == len(names)


async def test_notes_among_agents_are_told_to_nobody(rasa: RasaClient) -> None:
    await rasa.say("ann", "hello")
    await rasa.agent_says("for you")
    (address,) = await rasa.conversations()
    store = rasa.parts.store
    before = await store.find(address)
    assert before is not None
    note = Message(
        id=MessageId("n"),
        speaker=Speaker.AGENT,
        text="for us",
        sent_at=rasa.parts.now(),
        audience=Audience.STAFF,
    )
    await store.commit(Change(before=before, after=before, messages=(note,)))

    assert await rasa.texts("ann", None) == ["for you"]


# -- who may speak ------------------------------------------------------------


async def test_who_gives_no_name_shares_a_conversation_with_nobody(rasa: RasaClient) -> None:
    for sender in (None, "", None):
        (reply,) = await rasa.say(sender, "hello")
        assert reply["recipient_id"] == "default"

    response = await rasa.post(WEBHOOK, {"message": "hello"})
    assert response.json()[0]["recipient_id"] == "default"
    assert len(await rasa.conversations()) == 4


async def test_a_name_belongs_to_the_network_address_that_gives_it(parts: Parts) -> None:
    api = create_app(parts)
    for host in ("203.0.113.7", "198.51.100.9"):
        transport = httpx.ASGITransport(app=api, client=(host, 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://s.test") as client:
            await client.post(WEBHOOK, json={"sender": "ann", "message": host})

    async with asking(api) as elsewhere:
        body = {"sender": "ann", "message": None}
        assert (await elsewhere.post(WEBHOOK, json=body)).json() == []
    assert parts.assistant.handled == ["203.0.113.7", "198.51.100.9"]
    assert len(await RasaClient(elsewhere, parts).conversations()) == 2


@pytest.mark.parametrize("settings", [{"rasa_auth_token": TOKEN}])
async def test_with_the_token_a_name_is_believed(parts: Parts) -> None:
    api = create_app(parts)
    for host in ("203.0.113.7", "198.51.100.9"):
        transport = httpx.ASGITransport(app=api, client=(host, 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://s.test") as client:
            body = {"sender": "ann", "message": host}
            response = await client.post(WEBHOOK, json=body, params={"token": TOKEN})
            assert response.status_code == 200
            assert len(await RasaClient(client, parts).conversations()) == 1


@pytest.mark.parametrize("settings", [{"rasa_auth_token": TOKEN}])
@pytest.mark.parametrize("path", [WEBHOOK, "/model/parse", "/rasa/actions/webhook"])
@pytest.mark.parametrize("params", [{}, {"token": ""}, {"token": TOKEN + "x"}, {"token": "秘密"}])
async def test_without_the_token_of_the_settings_nothing_gets_in(
    rasa: RasaClient, path: str, params: dict[str, str]
) -> None:
    body = {"sender": "ann", "message": "hello", "text": "hello", "token": None}
    response = await rasa.post(path, body, **params)

    assert response.status_code == 401
    assert rasa.parts.assistant.handled == []


@pytest.mark.parametrize("settings", [{"rasa_auth_token": TOKEN}])
async def test_a_refusal_has_the_shape_of_rasas(rasa: RasaClient) -> None:
    response = await rasa.post(WEBHOOK, {})

    assert response.json() == {
        "version": "3.6.21",
        "status": "failure",
        "message": "User is not authenticated.",
        "reason": "NotAuthenticated",
        "details": {"expected": "the token as ?token="},
        "help": None,
        "code": 401,
    }


async def test_a_conversation_of_the_web_is_out_of_reach(rasa: RasaClient) -> None:
    path, headers = await start(rasa.http)
    id_ = path.rsplit("/", 1)[1]
    body = {"client_id": "1", "text": "only for the web"}
    await rasa.http.post(f"{path}/messages", json=body, headers=headers)

    for sender in (id_, f"web:{id_}", f"rasa:{id_}"):
        await rasa.say(sender, "hello")
        assert await rasa.texts(sender, None) == []

    messages = (await rasa.http.get(f"{path}/messages", headers=headers)).json()["messages"]
    assert [message["text"] for message in messages] == [
        "only for the web",
        "You said: only for the web",
    ]
    assert len(await rasa.conversations()) == 4


async def test_nobody_signs_in_here(rasa: RasaClient) -> None:
    metadata = {"identity": "eyJhbGciOiJub25lIn0.eyJzdWIiOiJDLTEwMDEifQ.", "customer": "C-1001"}
    await rasa.say("ann", "hello", metadata=metadata)

    (address,) = await rasa.conversations()
    talk = await rasa.parts.store.find(address)
    assert talk is not None
    assert talk.customer is None


@pytest.mark.parametrize("settings", [{"start_limit": "2/minute", "rate_limit": "3/minute"}])
async def test_limits_are_those_of_the_web(rasa: RasaClient) -> None:
    for sender in ("ann", "ben"):
        await rasa.say(sender, "hello")
    refused = await rasa.post(WEBHOOK, {"sender": "cleo", "message": "hello"})
    assert (refused.status_code, refused.json()["reason"]) == (429, "TooManyRequests")
    assert int(refused.headers["retry-after"]) > 0

    await rasa.say("ann", "two")
    await rasa.say("ann", "three")
    assert (await rasa.post(WEBHOOK, {"sender": "ann", "message": "4"})).status_code == 429
    assert (await rasa.post(WEBHOOK, {"sender": "ann"})).status_code == 429


@pytest.mark.parametrize("settings", [{"start_limit": "1/minute", "rasa_auth_token": TOKEN}])
async def test_a_program_of_the_shop_may_bring_many_shoppers(rasa: RasaClient) -> None:
    for number in range(4):
        body = {"sender": str(number), "message": "hello"}
        assert (await rasa.post(WEBHOOK, body, token=TOKEN)).status_code == 200


async def test_pages_of_other_origins_may_talk_here(rasa: RasaClient) -> None:
    asked = await rasa.http.options(
        WEBHOOK,
        headers={
            "Origin": "https://shop.example",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "content-type",
        },
    )
    assert asked.headers["access-control-allow-origin"] == "*"
