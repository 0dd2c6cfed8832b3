"""A whole evaluation, with a real recogniser of a tiny encoder."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from bot.model import Language
from bot.nlu.encoder import open_encoder
from bot.nlu.evaluation.data import Labelled
from bot.nlu.evaluation.evaluate import Task, evaluate
from bot.nlu.recognizer import NluRecognizer, open_recognizer
from bot.nlu.training import train
from bot.settings import ShopRules
from intents.model import BadPhrasesError, Example
from tests.unit.nlu.tiny_encoder import write_tiny_packed


def _examples(texts: dict[str, Sequence[str]], language: str | None = "en") -> list[Example]:
    return [
        Example(text=text, intent=name, file=Path("x.yml"), line=3, language=language)
        for name, some in texts.items()
        for text in some
    ]


SOME = _examples(
    {
        "order": ["where is my order", "order status", "my order please", "track an order"],
        "money": ["give money back", "money refund", "my money", "refund the money"],
    }
)
MOODS = _examples({"calm": ["a parcel", "the box"], "angry": ["no!!!", "bad!!"]})


@pytest.fixture(scope="module")
def recognizer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NluRecognizer]:
    folder = tmp_path_factory.mktemp("tiny")
    encoder = open_encoder(str(write_tiny_packed(folder / "encoder")), Path())
    moods = [replace(one, intensity=0.8) for one in MOODS]
    model = train(encoder, SOME, moods, reject=0.05, out=folder / "model")
    yield open_recognizer(encoder, model, rules=ShopRules())
    encoder.close()


def _silent(_what: str, _done: int, _total: int) -> None: ...


def _task(intents: Sequence[Example], emotions: Sequence[Example] = ()) -> Task:
    labelled = Labelled(intents=tuple(intents), emotions=tuple(emotions))
    return Task(labelled=labelled, model="models/x", sources=("x.yml",), accepted_error=0.05)


def test_every_phrase_is_asked_about_and_counted(recognizer: NluRecognizer) -> None:
    fresh = _examples({"order": ["the order!"], "out_of_scope": ["我的"]})
    steps: list[tuple[int, int]] = []

    report = evaluate(
        recognizer,
        _task([*SOME, *fresh], MOODS),
        lambda _what, done, total: steps.append((done, total)),
    )

    assert report.overall.phrases == 14
    assert list(report.languages) == ["en"]
    assert steps[-1] == (14, 14)
    assert report.overall.intents is not None
    assert report.overall.intents.strict.of == 9
    assert report.overall.intents.strict.hits >= 8
    assert report.overall.scope is not None
    assert report.overall.scope.refused.of == 1
    assert report.overall.emotions is not None
    assert report.overall.emotions.strict.of == 4
    assert report.overall.latency.p95 >= report.overall.latency.p50 > 0
    assert report.overall.doubt is not None
    assert report.overall.doubt.dial.threshold == recognizer.sure_from[""]


def test_phrases_that_the_model_was_trained_on_are_told(recognizer: NluRecognizer) -> None:
    fresh = _examples({"order": ["an order that nobody knows"]})

    report = evaluate(recognizer, _task([*SOME[:3], *fresh]), _silent)

    assert report.subject.trained_on == 3


def test_the_language_is_found_where_the_data_names_none(recognizer: NluRecognizer) -> None:
    bare = _examples({"order": ["我的订单到哪里了", "where is my order"]}, None)

    found = evaluate(recognizer, _task(bare), _silent)
    told = evaluate(recognizer, replace(_task(bare), language=Language("zh")), _silent)

    assert {name: one.phrases for name, one in found.languages.items()} == {"en": 1, "zh": 1}
    assert {name: one.phrases for name, one in told.languages.items()} == {"zh": 2}


def test_labels_that_the_model_lacks_are_named_and_count_as_wrong(
    recognizer: NluRecognizer,
) -> None:
    strange = _examples({"gift": ["wrap it", "a ribbon"]})

    report = evaluate(recognizer, _task([*SOME, *strange]), _silent)

    (unknown,) = report.subject.unknown
    assert (unknown.label, unknown.count, unknown.place) == ("gift", 2, "x.yml:3")
    assert report.overall.intents is not None
    (gift,) = [one for one in report.overall.intents.labels if one.label == "gift"]
    assert (gift.recall, gift.support) == (0, 2)


def test_data_for_another_model_is_refused_with_its_place(recognizer: NluRecognizer) -> None:
    strange = _examples({"out_of_scope": ["hm"], "gift": ["wrap it"]})

    with pytest.raises(BadPhrasesError, match=r"x\.yml:3: .*'gift'.*--model"):
        evaluate(recognizer, _task(strange), _silent)


def test_a_model_without_emotions_is_not_asked_for_them(recognizer: NluRecognizer) -> None:
    report = evaluate(replace(recognizer, emotions=None), _task(SOME, MOODS), _silent)

    assert report.overall.emotions is None
    assert report.subject.without_emotions == 4
