"""Intents of anybody's own, in any number of languages, with what is none of them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.nlu.encoder import open_encoder
from bot.nlu.recognizer import NluRecognizer, open_recognizer
from bot.nlu.training import train
from bot.ports import Encoder
from bot.settings import ShopRules
from intents.loader import load_phrases
from tests.unit.nlu.tiny_encoder import write_tiny_packed

TEN_LANGUAGES = """\
nlu:
- intent: faq/hours
  examples: |
    - when do you open
    - 你们几点开门
    - wann öffnet ihr
    - à quelle heure ouvrez-vous
    - ¿a qué hora abren?
    - 何時に開きますか
    - во сколько вы открываетесь
    - متى تفتحون
    - a che ora aprite
    - 몇 시에 열어요
- intent: faq/price
  examples: |
    - how much is it
    - 这个多少钱
    - wie viel kostet das
    - combien ça coûte
    - ¿cuánto cuesta?
    - いくらですか
    - сколько это стоит
    - كم السعر
    - quanto costa
    - 얼마예요
    - how much is it
    - how much is it
"""
WITH_NOTHING = """\
nlu:
- intent: order
  examples: |
    - where is my order
    - order status
    - track my order
- intent: out_of_scope
  examples: |
    - tell a joke
    - sing a song
    - who won
"""


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Encoder]:
    folder = write_tiny_packed(tmp_path_factory.mktemp("tiny") / "encoder")
    opened = open_encoder(str(folder), Path())
    yield opened
    opened.close()


def _trained(encoder: Encoder, folder: Path, text: str) -> NluRecognizer:
    (folder / "nlu.yml").write_text(text, encoding="utf-8")
    model = train(encoder, load_phrases(folder), [], reject=0.05, out=folder / "model")
    return open_recognizer(encoder, model, rules=ShopRules())


def test_ten_languages_in_one_file_are_taken(encoder: Encoder, tmp_path: Path) -> None:
    recognizer = _trained(encoder, tmp_path, TEN_LANGUAGES)

    for line in TEN_LANGUAGES.splitlines():
        seen = recognizer.understand(line.removeprefix("    - "))
        assert {guess.intent for guess in seen.ranking} == {"faq/hours", "faq/price"}
    button = recognizer.understand("/faq/price")
    assert (button.intent, button.exact) == ("faq/price", "faq/price")


@pytest.mark.parametrize(
    "text", ["tell a joke", "sing a song", "where is my order", "/out_of_scope", "?", ""]
)
def test_what_is_out_of_scope_is_never_an_answer(
    encoder: Encoder, tmp_path: Path, text: str
) -> None:
    seen = _trained(encoder, tmp_path, WITH_NOTHING).understand(text)

    assert [guess.intent for guess in seen.ranking] == ["order"]
    assert seen.exact is None
