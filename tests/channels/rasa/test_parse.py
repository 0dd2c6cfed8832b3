"""`POST /model/parse`: the shape that Rasa's clients read."""

import pytest

from bot.channels.rasa.payloads import parsed
from bot.model import Emotion, Entity, Guess, Language, Understanding
from tests.channels.rasa.conftest import TOKEN, RasaClient


def understanding(**more: object) -> Understanding:
    values: dict[str, object] = {
        "text": "hi",
        "language": Language("en"),
        "ranking": tuple(Guess(intent=f"i{n}", confidence=(20 - n) / 40) for n in range(20)),
        "in_scope": True,
        "emotion": Emotion(name="happy", confidence=0.75, intensity=0.5),
    }
    return Understanding(**(values | more))  # type: ignore[arg-type]


async def test_a_text_and_what_it_means(rasa: RasaClient) -> None:
    response = await rasa.post("/model/parse", {"text": " Where is it? ", "message_id": "1"})

    assert response.json() == {
        "text": "Where is it?",
        "intent": {"name": "order_status", "confidence": 0.9},
        "entities": [
            {
                "entity": "order_number",
                "start": 0,
                "end": 1,
                "confidence_entity": 1.0,
                "value": "A100",
                "extractor": "Shopbell",
            }
        ],
        "intent_ranking": [
            {"name": "order_status", "confidence": 0.9},
            {"name": "greeting", "confidence": 0.1},
        ],
        "language": "en",
        "emotion": {"name": "neutral", "confidence": 0.8, "intensity": 0.2},
    }


def test_a_ranking_has_ten_intents_as_rasas_has() -> None:
    ranking = parsed(understanding())["intent_ranking"]
    assert [one["name"] for one in ranking] == [f"i{n}" for n in range(10)]


@pytest.mark.parametrize(("confidence", "sure"), [(0.2, 0.8), (0.5, 0.5), (0.9, 0.9)])
def test_out_of_scope_has_the_fallback_on_top(confidence: float, sure: float) -> None:
    """As FallbackClassifier does it; a client that sorts the ranking keeps it on top."""
    best = Guess(intent="greeting", confidence=confidence)
    answer = parsed(understanding(ranking=(best,), in_scope=False))

    assert answer["intent"] == {"name": "nlu_fallback", "confidence": sure}
    assert [one["name"] for one in answer["intent_ranking"]] == ["nlu_fallback", "greeting"]
    confidences = [one["confidence"] for one in answer["intent_ranking"]]
    assert confidences == sorted(confidences, reverse=True)


def test_a_payload_means_what_it_names_and_nothing_else() -> None:
    number = Entity(type="order_number", value="1", text="1", start=3, end=4)
    answer = parsed(understanding(exact="back_to_bot", in_scope=False, entities=(number,)))

    assert answer["intent"] == {"name": "back_to_bot", "confidence": 1.0}
    assert answer["intent_ranking"] == [answer["intent"]]
    assert answer["entities"][0]["value"] == "1"


@pytest.mark.parametrize("body", [{"text": ""}, {"text": " \n"}, {"text": None}, {}])
async def test_an_empty_text_means_nothing(rasa: RasaClient, body: object) -> None:
    response = await rasa.post("/model/parse", body)

    nothing = {"name": None, "confidence": 0.0}
    assert response.json() == {"text": "", "intent": nothing, "entities": []}


async def test_a_list_of_texts_is_its_first(rasa: RasaClient) -> None:
    response = await rasa.post("/model/parse", {"text": ["one", "two"]})
    assert response.json()["text"] == "one"


@pytest.mark.parametrize("settings", [{"rasa_auth_token": TOKEN}])
async def test_the_token_may_stand_in_the_body(rasa: RasaClient) -> None:
    """Rasa's own client of an NLU server, RasaNLUHttpInterpreter, sends it there."""
    body = {"text": "hello", "message_id": "U1"}
    assert (await rasa.post("/model/parse", {**body, "token": TOKEN})).status_code == 200
    assert (await rasa.post("/model/parse", body, token=TOKEN)).status_code == 200
    for wrong in ("x", None, 5, [TOKEN]):
        refused = await rasa.post("/model/parse", {**body, "token": wrong})
        assert refused.status_code == 401


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"", 400),
        (b'["text"]', 400),
        (b'{"text": 5}', 400),
        (b'{"text": {"a": 1}}', 400),
        (b'{"text": []}', 400),
        (b'{"text": "' + b"x" * 100_000 + b'"}', 413),
    ],
)
async def test_what_is_no_text_is_refused(rasa: RasaClient, body: bytes, status: int) -> None:
    response = await rasa.http.post("/model/parse", content=body)

    assert response.status_code == status
    assert response.json()["status"] == "failure"


async def test_parsing_keeps_nothing(rasa: RasaClient) -> None:
    await rasa.post("/model/parse", {"text": "hello"})
    assert await rasa.conversations() == []
