"""The shipped model on messages that were never used in training: intents, scope, emotions."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.bootstrap import open_cached_encoder, open_nlu
from bot.model import Language, Understanding
from bot.nlu.recognizer import NluRecognizer
from bot.settings import ShopRules, read_settings

HERE = Path(__file__).parent
HELD_OUT = ("en", "zh", "chat_en", "chat_zh")

pytestmark = [pytest.mark.model, pytest.mark.slow]


@pytest.fixture(scope="module")
def recognizer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NluRecognizer]:
    """The real encoder and the real heads, from the cache or trained now."""
    settings = read_settings(home=tmp_path_factory.mktemp("home"))
    encoder = open_cached_encoder(settings)
    yield open_nlu(settings, ShopRules(), encoder)
    encoder.close()


def _held_out(name: str) -> Any:
    return yaml.safe_load((HERE / f"{name}.yml").read_text("utf-8"))


def _required(name: str) -> dict[str, float]:
    data: dict[str, dict[str, float]] = yaml.safe_load(
        (HERE / "thresholds.yml").read_text("utf-8")
    )
    return data[name]


def _understood(
    recognizer: NluRecognizer, name: str, groups: dict[str, list[str]]
) -> list[tuple[str, Understanding]]:
    hint = Language(name.rpartition("_")[2])
    return [
        (label, recognizer.understand(text, hint))
        for label, texts in groups.items()
        for text in texts
    ]


@pytest.mark.parametrize("name", HELD_OUT)
def test_intents_are_found_and_kept_in_scope(recognizer: NluRecognizer, name: str) -> None:
    held, required = _held_out(name), _required(name)
    seen = _understood(recognizer, name, held["intents"])
    also = held.get("also", {})
    wrong = [f"{u.text}: {u.intent}, not {label}" for label, u in seen if u.intent != label]
    near = [u.intent in {label, *also.get(u.text, ())} for label, u in seen]
    kept = [u.in_scope for _, u in seen]
    sure = [u.intent == label for label, u in seen if u.sure and u.in_scope]

    assert 1 - len(wrong) / len(seen) >= required["intent_accuracy"], "\n".join(wrong)
    assert sum(near) / len(seen) >= required["intent_accuracy_with_neighbours"]
    assert sum(kept) / len(seen) >= required["in_scope_kept"]
    assert len(sure) / len(seen) >= required["sure"]
    assert sum(sure) / len(sure) >= required["right_where_sure"]


@pytest.mark.parametrize("name", HELD_OUT)
def test_strange_messages_are_out_of_scope(recognizer: NluRecognizer, name: str) -> None:
    seen = _understood(recognizer, name, {"": _held_out(name)["out_of_scope"]})
    missed = [f"{u.text}: {u.intent} {u.confidence:.2f}" for _, u in seen if u.in_scope]

    found = 1 - len(missed) / len(seen)
    assert found >= _required(name)["out_of_scope_found"], "\n".join(missed)


@pytest.mark.parametrize("name", HELD_OUT)
def test_emotions_are_felt(recognizer: NluRecognizer, name: str) -> None:
    seen = _understood(recognizer, name, _held_out(name)["emotions"])
    wrong = [
        f"{u.text}: {u.emotion.name}, not {label}" for label, u in seen if u.emotion.name != label
    ]

    accuracy = 1 - len(wrong) / len(seen)
    assert accuracy >= _required(name)["emotion_accuracy"], "\n".join(wrong)


def test_stronger_words_are_stronger_feelings(recognizer: NluRecognizer) -> None:
    mild = recognizer.understand("this is a bit annoying, could you look into it")
    strong = recognizer.understand("I AM FURIOUS!!! you are the worst shop I have ever dealt with")

    assert mild.emotion.intensity < strong.emotion.intensity
    assert strong.emotion.name == "angry"


@pytest.mark.parametrize(
    "text",
    ["", "   ", "\x00\x07\x1b[31m", "\ud83d", "😀" * 50, "x" * 100_000, "订" * 100_000,
     "<script>alert(1)</script>", "'; DROP TABLE orders; --", '{"text": "half', "\u202e\u200b"],
)  # fmt: skip
def test_any_text_is_survived(recognizer: NluRecognizer, text: str) -> None:
    seen = recognizer.understand(text)

    assert len(seen.text) == len(text)
    assert len(seen.ranking) == 34
    assert 0 <= seen.confidence <= 1
    assert 0 <= seen.emotion.intensity <= 1
    seen.text.encode()
    if not text.strip():
        assert not seen.in_scope


@pytest.mark.parametrize(
    ("text", "exact", "intent"),
    [
        ("Human!", "contact_human", "contact_human"),
        ("转人工。", "contact_human", "contact_human"),
        ("/order_status", "order_status", "order_status"),
        ("Yes", "affirm", "affirm"),
        ("不用了", "deny", "deny"),
    ],
)
def test_reserved_messages_are_exact(
    recognizer: NluRecognizer, text: str, exact: str, intent: str
) -> None:
    seen = recognizer.understand(text)

    assert (seen.exact, seen.intent, seen.confidence, seen.in_scope) == (exact, intent, 1.0, True)


def test_other_messages_are_not_exact(recognizer: NluRecognizer) -> None:
    assert recognizer.understand("/back_to_bot").exact == "back_to_bot"
    assert recognizer.understand("/etc/passwd").exact is None
    assert recognizer.understand("a human broke my vase").exact is None


async def test_the_talks_language_decides_what_tells_none(recognizer: NluRecognizer) -> None:
    seen = await recognizer.recognize("SB-20417", hint=Language("zh"))

    assert seen.understanding.language == "zh"
    assert seen.understanding.entities[0].type == "order_number"
    assert seen.vector is not None
    assert seen.vector.shape == (384,)
