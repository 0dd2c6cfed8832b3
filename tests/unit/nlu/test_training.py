"""A model folder: whole or not at all, checked when opened, trained again when it doesn't fit."""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bot.nlu.encoder import open_encoder
from bot.nlu.model_folder import ModelError, is_sound, read_model
from bot.nlu.recognizer import open_recognizer
from bot.nlu.training import _own_model, ensure_model, fingerprint, train, train_folder
from bot.ports import Encoder
from bot.settings import ShopRules, read_settings
from intents.loader import load_phrases
from intents.model import BadPhrasesError, Example
from tests.unit.nlu.tiny_encoder import write_tiny_packed

RULES = ShopRules()


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Encoder]:
    folder = write_tiny_packed(tmp_path_factory.mktemp("tiny") / "encoder")
    opened = open_encoder(str(folder), Path())
    yield opened
    opened.close()


def _examples(texts: dict[str, Sequence[str]], language: str | None = "en") -> list[Example]:
    return [
        Example(text=text, intent=name, file=Path("x.yml"), line=1, language=language)
        for name, some in texts.items()
        for text in some
    ]


SOME = _examples(
    {
        "order": ["where is my order", "order status", "my order please", "track an order"],
        "money": ["give money back", "money refund", "my money", "refund the money"],
        "lone": ["something else entirely"],
    }
)
MOODS = [
    replace(example, intensity=0.0 if example.intent == "calm" else 0.8)
    for example in _examples({"calm": ["a parcel", "the box"], "angry": ["no!!!", "bad!!"]})
]


@pytest.fixture(scope="module")
def model(encoder: Encoder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train(encoder, SOME, MOODS, reject=0.05, out=tmp_path_factory.mktemp("m") / "model")


def test_a_trained_folder_understands(encoder: Encoder, model: Path) -> None:
    recognizer = open_recognizer(encoder, model, rules=RULES)

    seen = recognizer.understand("where is my order my order status 20417")

    assert seen.intent == "order"
    assert {guess.intent for guess in seen.ranking} == {"order", "money", "lone"}
    assert sum(guess.confidence for guess in seen.ranking) == pytest.approx(1, abs=1e-4)
    assert [e.type for e in seen.entities] == ["order_number"]
    assert recognizer.understand("no!!").emotion.name == "angry"
    assert recognizer.understand("the box").emotion.intensity < 0.5


def test_the_same_training_gives_the_same_model(
    encoder: Encoder, model: Path, tmp_path: Path
) -> None:
    again = train(encoder, SOME, MOODS, reject=0.05, out=tmp_path / "again")

    one, two = read_model(model), read_model(again)
    np.testing.assert_array_equal(one.intents.head.dense, two.intents.head.dense)
    assert (one.fingerprint, one.intents.scope.thresholds) == (
        two.fingerprint,
        two.intents.scope.thresholds,
    )


@pytest.mark.parametrize(
    "texts",
    [{"only": ["one phrase"]}, {"a": ["x"], "b": ["y"]}, {"a": ["x y", "x y", "x"], "b": ["z"]}],
)
def test_few_examples_still_train(
    encoder: Encoder, tmp_path: Path, texts: dict[str, Sequence[str]]
) -> None:
    out = train(encoder, _examples(texts, None), [], reject=0.05, out=tmp_path / "few")

    seen = open_recognizer(encoder, out, rules=RULES).understand("x y")

    assert {guess.intent for guess in seen.ranking} == set(texts)
    assert seen.emotion.name == "neutral"


def test_emotions_come_from_another_folder(encoder: Encoder, model: Path, tmp_path: Path) -> None:
    bare = train(encoder, SOME, [], reject=0.05, out=tmp_path / "bare")

    recognizer = open_recognizer(encoder, bare, rules=RULES, default_emotions=model)

    assert recognizer.understand("no!!").emotion.name == "angry"


def test_nothing_to_learn_is_an_error(encoder: Encoder, tmp_path: Path) -> None:
    with pytest.raises(BadPhrasesError, match="none"):
        train(encoder, [], [], reject=0.05, out=tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_training_replaces_a_model_but_no_other_folder(encoder: Encoder, tmp_path: Path) -> None:
    out = train(encoder, SOME, [], reject=0.05, out=tmp_path / "out")
    train(encoder, SOME[:4], [], reject=0.05, out=out)
    assert read_model(out).intents.head.labels == ("order",)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]

    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.jpg").write_bytes(b"cat")
    with pytest.raises(ModelError, match="holds others"):
        train(encoder, SOME, [], reject=0.05, out=tmp_path / "photos")
    assert (tmp_path / "photos" / "cat.jpg").read_bytes() == b"cat"


def test_a_damaged_model_is_refused(encoder: Encoder, tmp_path: Path) -> None:
    out = train(encoder, SOME, [], reject=0.05, out=tmp_path / "out")
    whole = (out / "intents.npz").read_bytes()

    (out / "intents.npz").write_bytes(whole[:-1] + b"?")
    assert not is_sound(out)
    with pytest.raises(ModelError, match="damaged"):
        open_recognizer(encoder, out, rules=RULES)

    (out / "intents.npz").unlink()
    assert not is_sound(out)
    with pytest.raises(ModelError, match="missing"):
        read_model(out)
    with pytest.raises(ModelError, match="shopbell train"):
        read_model(tmp_path / "nowhere")


def test_a_model_of_another_encoder_is_refused(
    encoder: Encoder, model: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    for file in model.iterdir():
        (other / file.name).write_bytes(file.read_bytes())
    facts = json.loads((other / "model.json").read_text("utf-8"))
    (other / "model.json").write_text(json.dumps({**facts, "encoder": "elsewhere"}), "utf-8")

    with pytest.raises(ModelError, match="elsewhere"):
        open_recognizer(encoder, other, rules=RULES)


def test_the_fingerprint_follows_data_settings_and_encoder() -> None:
    base = fingerprint("e", SOME, MOODS, reject=0.05)

    assert base == fingerprint("e", list(SOME), list(MOODS), reject=0.05)
    others = {
        fingerprint("other", SOME, MOODS, reject=0.05),
        fingerprint("e", SOME[1:], MOODS, reject=0.05),
        fingerprint("e", SOME, MOODS[1:], reject=0.05),
        fingerprint("e", SOME, MOODS, reject=0.1),
        fingerprint("e", [replace(SOME[0], intent="money"), *SOME[1:]], MOODS, reject=0.05),
    }
    assert len({base, *others}) == 6


def test_the_shops_model_is_made_once_and_again_when_damaged(
    encoder: Encoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = read_settings(home=tmp_path / "home", cache=tmp_path / "cache")
    by_intent = {example.intent: example for example in load_phrases()}
    monkeypatch.setattr("bot.nlu.training.load_phrases", lambda **_: tuple(by_intent.values()))
    monkeypatch.setattr("bot.nlu.training.load_emotions", lambda: tuple(MOODS))

    first = ensure_model(encoder, settings, RULES)
    made = (first / "model.json").stat().st_mtime_ns
    assert ensure_model(encoder, settings, RULES) == first
    assert (first / "model.json").stat().st_mtime_ns == made

    (first / "intents.npz").write_bytes(b"")
    assert ensure_model(encoder, settings, RULES) == first
    assert is_sound(first)


def test_a_shops_phrase_of_an_unknown_intent_is_named(encoder: Encoder, tmp_path: Path) -> None:
    own = tmp_path / "home" / "intents" / "en"
    own.mkdir(parents=True)
    (own / "own.yml").write_text("nlu:\n- intent: dance\n  examples: |\n    - dance\n", "utf-8")

    with pytest.raises(BadPhrasesError, match=r"own\.yml:4: .*dance"):
        ensure_model(encoder, read_settings(home=tmp_path / "home", cache=tmp_path), RULES)


def test_serving_imports_neither_torch_nor_what_trains() -> None:
    code = (
        "import sys; import bot.nlu.recognizer, bot.nlu.training\n"
        "print([m for m in ('torch', 'sklearn', 'scipy', 'phonenumbers') if m in sys.modules])"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_own_intents_share_the_feelings_of_the_shop_s_model(
    encoder: Encoder, tmp_path: Path
) -> None:
    settings = read_settings(home=tmp_path / "home", cache=tmp_path / "cache")
    shops = _own_model(encoder, settings, RULES).folder
    train(encoder, SOME, MOODS, reject=0.05, out=shops)
    phrases = tmp_path / "phrases" / "nlu.yml"
    phrases.parent.mkdir()
    phrases.write_text(
        'version: "3.1"\nnlu:\n- intent: order\n  examples: |\n    - where is it\n    - my order\n'
        "- intent: money\n  examples: |\n    - give it back\n    - refund\n"
    )

    out = train_folder(settings, RULES, encoder, phrases.parent, tmp_path / "model")

    made, known = read_model(out), read_model(shops)
    assert made.intents.head.labels == ("money", "order")
    assert made.emotions is not None
    assert known.emotions is not None
    assert made.emotions.head.labels == ("angry", "calm")
    assert made.emotions.intensity.tobytes() == known.emotions.intensity.tobytes()
