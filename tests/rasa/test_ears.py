"""Rasa's own classifier on our phrases, and a Shopbell that asks it what messages mean."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from tests.apps import running_server
from tests.rasa.conftest import ANSWER, Rasa, RasaServer, export

pytestmark = [pytest.mark.rasa, pytest.mark.slow, pytest.mark.model]

SAMPLE = ("order_status", "invoice_request", "warranty_repair", "thanks")
PIPELINE = [
    {"name": "WhitespaceTokenizer"},
    # Pieces of words, because nothing cuts Chinese into words here.
    {"name": "CountVectorsFeaturizer", "analyzer": "char_wb", "min_ngram": 1, "max_ngram": 3},
    {
        "name": "DIETClassifier",
        "epochs": 12,
        "random_seed": 1,
        "constrain_similarities": True,
        "number_of_transformer_layers": 0,
        # Compiling that part takes minutes on a busy machine; the CRF finds entities here.
        "entity_recognition": False,
    },
    {"name": "CRFEntityExtractor"},
]
PHRASES = 60
"""Of an intent in each language."""
UNSEEN = [
    ("where has my parcel got to, i ordered it last week", "order_status"),
    ("thank you so much for your help", "thanks"),
    ("could you send me an invoice for my company", "invoice_request"),
    ("the lamp broke, is it still under warranty", "warranty_repair"),
    ("我的快递到哪里了，怎么还没到", "order_status"),
    ("太谢谢你了", "thanks"),
    ("可以给我开一张公司抬头的发票吗", "invoice_request"),
    ("灯坏了，还在保修期内吗，可以修吗", "warranty_repair"),
]
ENOUGH = 7
"""Of the eight unseen messages; by chance two would be right."""


@pytest.fixture(scope="module")
def ears(rasa: Rasa, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RasaServer]:
    """A plain Rasa, trained on some intents of the exported phrases."""
    folder = tmp_path_factory.mktemp("ears") / "assistant"
    export(folder)
    for file in folder.glob("data/*/nlu.yml"):
        data = yaml.safe_load(file.read_text(encoding="utf-8"))
        data["nlu"] = [
            group | {"examples": "".join(group["examples"].splitlines(keepends=True)[:PHRASES])}
            for group in data["nlu"]
            if group["intent"] in SAMPLE
        ]
        _write(file, data)
    config = {"recipe": "default.v1", "assistant_id": "ears", "language": "en"}
    _write(folder / "config.yml", config | {"pipeline": PIPELINE})
    rasa(folder, "train", "nlu", "--nlu", "data", "--domain", "domain.yml")
    with rasa.serve(folder, "--enable-api") as server:
        yield server


def _write(file: Path, data: dict[str, Any]) -> None:
    file.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")


def test_rasas_own_classifier_learns_from_our_phrases(ears: RasaServer) -> None:
    heard = {text: ears.parse(text)["intent"]["name"] for text, _ in UNSEEN}

    wrong = {text: heard[text] for text, intent in UNSEEN if heard[text] != intent}
    assert len(UNSEEN) - len(wrong) >= ENOUGH, wrong


def test_rasa_finds_the_entities_that_our_phrases_mark(ears: RasaServer) -> None:
    found = ears.parse("where is order SB-20417")["entities"]

    assert [(one["entity"], one["value"]) for one in found] == [("order_number", "SB-20417")]


def test_a_shopbell_that_asks_rasa_takes_its_word(ears: RasaServer, tmp_path: Path) -> None:
    text = UNSEEN[2][0]
    expected = ears.parse(text)["intent"]
    with (
        running_server(
            tmp_path, SHOPBELL_RASA_URL=ears.url, SHOPBELL_RASA_TIMEOUT=str(ANSWER)
        ) as shopbell,
        httpx.Client(base_url=shopbell.url, timeout=ANSWER) as client,
    ):
        heard = say(client, text)["understanding"]
        metrics = client.get("/metrics").text

    assert heard["intent"] == expected["name"]
    assert heard["confidence"] == pytest.approx(expected["confidence"], abs=1e-4)
    assert {guess["intent"] for guess in heard["ranking"]} <= set(SAMPLE)
    assert 'shopbell_rasa_parses_total{outcome="answered"} 1.0' in metrics


def test_a_shopbell_whose_rasa_is_gone_understands_by_itself(tmp_path: Path) -> None:
    with (
        running_server(tmp_path, SHOPBELL_RASA_URL="http://127.0.0.1:9") as shopbell,
        httpx.Client(base_url=shopbell.url, timeout=ANSWER) as client,
    ):
        heard = say(client, UNSEEN[0][0])["understanding"]
        metrics = client.get("/metrics").text

    assert heard["intent"] == UNSEEN[0][1]
    assert len(heard["ranking"]) > len(SAMPLE)
    assert 'shopbell_rasa_parses_total{outcome="unreachable"} 1.0' in metrics


def say(client: httpx.Client, text: str) -> dict[str, Any]:
    """Send one message in a new conversation, and return the turn."""
    started = client.post("/api/v1/conversations", json={}).json()
    response = client.post(
        f"/api/v1/conversations/{started['id']}/messages",
        json={"client_id": "1", "text": text},
        headers={"Authorization": f"Bearer {started['token']}"},
    )
    assert response.status_code == 200, response.text
    turn: dict[str, Any] = response.json()
    return turn
