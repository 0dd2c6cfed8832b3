"""Several wishes in one message: those that are there are found, stories have one."""

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.bootstrap import open_cached_encoder, open_nlu
from bot.model import Language
from bot.nlu.recognizer import NluRecognizer
from bot.settings import ShopRules, read_settings
from intents.loader import load_catalog

HERE = Path(__file__).parent
LANGUAGES = ("en", "zh")
PAIRS = 150
JOINTS: Mapping[str, Sequence[str]] = {
    "en": (" and also ", ". By the way, ", ". Also, ", ", and another thing: ", ". ", "\n"),
    "zh": ("，另外", "，还有", "。顺便问一下，", "。对了，", "。", "\n"),
}
"""Two of six without a joining word."""

pytestmark = [pytest.mark.model, pytest.mark.slow]


@pytest.fixture(scope="module")
def recognizer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NluRecognizer]:
    """The real encoder and the real heads, from the cache or trained now."""
    settings = read_settings(home=tmp_path_factory.mktemp("home"))
    encoder = open_cached_encoder(settings)
    yield open_nlu(settings, ShopRules(), encoder)
    encoder.close()


def _load(name: str) -> Any:
    return yaml.safe_load((HERE / name).read_text("utf-8"))


def _required(language: str) -> Mapping[str, float]:
    required: Mapping[str, float] = _load("thresholds_requests.yml")[language]
    return required


def _wishes(language: str) -> dict[str, list[str]]:
    talk = {*load_catalog().talk, "contact_human"}
    held: dict[str, list[str]] = _load(f"{language}.yml")["intents"]
    return {name: texts for name, texts in held.items() if name not in talk}


def joined_pairs(language: str) -> Iterator[tuple[str, set[str]]]:
    """Make messages of two wishes out of held-out ones of one wish each; always the same."""
    wishes, choose = _wishes(language), random.Random(7)
    for number in range(PAIRS):
        pair = choose.sample(sorted(wishes), 2)
        one, other = (choose.choice(wishes[name]) for name in pair)
        joint = JOINTS[language][number % len(JOINTS[language])]
        if one[-1] in "?？!！":  # it has its sign already
            joint = joint.lstrip("，。,.")
        yield one.rstrip(".。") + joint + other, set(pair)


def of_several_clauses(language: str) -> list[tuple[str, str]]:
    """Return messages of one wish that have more than one clause, with that wish."""
    clauses = re.compile(r"[.!?。！？,，;；\n]\s*\w")
    told: dict[str, list[str]] = _load(f"requests_{language}.yml")["single"]
    held = _load(f"{language}.yml")["intents"]
    texts = [(name, text) for group in (told, held) for name in group for text in group[name]]
    return [(name, text) for name, text in texts if clauses.search(text)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_two_wishes_are_found(recognizer: NluRecognizer, language: str) -> None:
    missed = []
    for text, pair in joined_pairs(language):
        found = recognizer.understand(text, Language(language)).requests
        if {request.intent for request in found} != pair:
            missed.append(f"{text!r}: {[(r.intent, r.confidence) for r in found]}, not {pair}")

    assert 1 - len(missed) / PAIRS >= _required(language)["found"], "\n".join(missed)


@pytest.mark.parametrize("language", LANGUAGES)
def test_two_wishes_are_found_as_shoppers_write_them(
    recognizer: NluRecognizer, language: str
) -> None:
    talk, missed = load_catalog().talk, []
    two = _load(f"requests_{language}.yml")["two"]
    pairs = [(one["text"], set(one["intents"])) for one in two if not talk & {*one["intents"]}]
    for text, pair in pairs:
        found = recognizer.understand(text, Language(language)).requests
        if {request.intent for request in found} != pair:
            missed.append(f"{text!r}: {[(r.intent, r.confidence) for r in found]}, not {pair}")

    assert 1 - len(missed) / len(pairs) >= _required(language)["written"], "\n".join(missed)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_story_has_one_wish(recognizer: NluRecognizer, language: str) -> None:
    texts, wrong = of_several_clauses(language), []
    for name, text in texts:
        found = recognizer.understand(text, Language(language)).requests
        if found:
            wrong.append(f"{text!r} ({name}): {[(r.intent, r.confidence) for r in found]}")

    assert len(texts) >= 60
    assert len(wrong) / len(texts) <= _required(language)["invented"], "\n".join(wrong)
