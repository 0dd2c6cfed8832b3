"""The pages "add an intent" and "add a language" are followed, and what they promise is tried.

Both change Shopbell's own data, so that the pages are followed in a copy of it, which Python
finds before the installed one. The copy keeps some of the phrases only: training takes seconds.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

pytestmark = [pytest.mark.e2e, pytest.mark.model, pytest.mark.slow]

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "how-to" / "add-an-intent.md").read_text("utf-8")
GERMAN: Mapping[str, Any] = yaml.safe_load(
    (Path(__file__).parent / "german.yml").read_text("utf-8")
)
KEPT = 14
"""Phrases of an intent, in the copy."""
GIFTS = {
    "en": ["can you gift wrap it", "wrap it as a present please", "do you have gift paper",
           "put a bow and a card on it", "is gift wrapping free", "I'd like it wrapped nicely"],
    "zh": ["可以包装成礼物吗", "帮我用礼品纸包一下", "有礼盒包装吗",
           "加个蝴蝶结和贺卡", "礼品包装收费吗", "麻烦包得漂亮点送人"],
}  # fmt: skip
FREE = {"en": "Gift wrapping is free.", "zh": "礼品包装免费。"}


def _yaml(file: Path, data: object) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(yaml.safe_dump(data, allow_unicode=True, sort_keys=False), "utf-8")


def _phrases(file: Path, intent: str, texts: Sequence[str], **more: object) -> None:
    _yaml(file, {"nlu": [{"intent": intent, "examples": list(texts), **more}]})


def _shortened(file: Path) -> None:
    """Keep the first phrases of a shipped file: they stand one a line."""
    kept, count = [], 0
    for line in file.read_text("utf-8").splitlines():
        is_phrase = line.startswith("      - ")
        count = count + 1 if is_phrase else 0 if "intent:" in line else count
        if not is_phrase or count <= KEPT:
            kept.append(line)
    file.write_text("\n".join(kept) + "\n", "utf-8")


def _say(folder: Path, words: Mapping[str, str]) -> None:
    """Put words in place of those that a language has, and new ones into its talk.yml."""
    left = dict(words)
    for file in sorted((folder / "replies").glob("*.yml")):
        responses = yaml.safe_load(file.read_text("utf-8"))["responses"]
        mine = left if file.name == "talk.yml" else left.keys() & responses.keys()
        responses |= {key: [{"text": words[key]}] for key in mine if key in responses}
        _yaml(file, {"responses": responses})
        left = {key: text for key, text in left.items() if key not in responses}
    talk = folder / "replies" / "talk.yml"
    responses = yaml.safe_load(talk.read_text("utf-8"))["responses"]
    _yaml(talk, {"responses": responses | {key: [{"text": left[key]}] for key in left}})


def _add_the_intent(intents: Path) -> None:
    """Follow "Add an intent to Shopbell": boundary, phrases, words."""
    catalog = yaml.safe_load((intents / "catalog.yml").read_text("utf-8"))
    catalog["intents"]["gift_wrapping"] = {
        "about": "Wrapping as a gift: whether, how, what it costs.",
        "answered_by": "reply",
    }
    _yaml(intents / "catalog.yml", catalog)
    for language, texts in GIFTS.items():
        _phrases(intents / language / "gift_wrapping.yml", "gift_wrapping", texts)
        _say(intents / language, {"topic.gift_wrapping": "*", "gift_wrapping": FREE[language]})


def _add_the_language(packages: Path) -> None:
    """Follow "Add a language": copy one that is known, and rewrite it."""
    folder = packages / "intents" / "de"
    shutil.copytree(packages / "intents" / "en", folder)
    _yaml(folder / "language.yml", GERMAN["language"])
    for intent, texts in GERMAN["intents"].items():
        _phrases(folder / f"{intent}.yml", intent, texts)
    for place, (emotion, texts) in enumerate(GERMAN["emotions"].items()):
        strength = {"metadata": {"intensity": 0.6 if place else 0.0}}
        _phrases(folder / "emotions" / f"{emotion}.yml", emotion, texts, **strength)
    _yaml(folder / "commands.yml", GERMAN["commands"])
    _say(folder, GERMAN["replies"])
    background = packages / "knowledge_base" / "background" / "de.txt"
    background.write_text("\n".join(GERMAN["background"]) + "\n", "utf-8")


def _teach_at_home(home: Path) -> None:
    """Follow "Teach your own phrases": the page's own files."""
    for block in re.findall(r"```yaml\n(# .*?)```", PAGE, re.DOTALL):
        file = home / "intents" / block.partition("\n")[0].removeprefix("# ")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(block, "utf-8")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with changed packages and a home."""
    folder = tmp_path_factory.mktemp("followed")
    for package in ("intents", "knowledge_base"):
        no_caches = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / package, folder / package, ignore=no_caches)
    for file in (folder / "intents").glob("??/**/*.yml"):
        if "replies" not in file.parts:
            _shortened(file)
    _add_the_intent(folder / "intents")
    _add_the_language(folder)
    _teach_at_home(folder / "home")
    return folder


def _shopbell(place: Path, *words: str, given: Iterable[str] = ()) -> str:
    kept = ("SHOPBELL_CACHE", "SHOPBELL_ENCODER")
    own = {k: v for k, v in os.environ.items() if k in kept or not k.startswith("SHOPBELL_")}
    places = {"PYTHONPATH": str(place), "SHOPBELL_HOME": str(place / "home")}
    ended = subprocess.run(
        [sys.executable, "-m", "bot.cli.main", *words],
        input="".join(line + "\n" for line in given),
        env=own | places, cwd=place, capture_output=True, encoding="utf-8", timeout=300,
        check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_the_checks_find_nothing_missing(place: Path) -> None:
    assert _shopbell(place, "validate") == "All data is in order\n"


MESSAGES = {
    "could the parcel stay at the bakery?": ("en", "delivery_options"),
    "放在面包店可以吗": ("zh", "delivery_options"),
    "please wrap this one as a gift": ("en", "gift_wrapping"),
    "能包成礼物送人吗": ("zh", "gift_wrapping"),
    "Wo ist denn meine Bestellung geblieben?": ("de", "order_status"),
    "Ich möchte die Schuhe zurückschicken": ("de", "return_request"),
    "Bitte meine Bestellung stornieren": ("de", "cancel_order"),
    "Könnt ihr das als Geschenk einpacken?": ("de", "gift_wrapping"),
    "Mitarbeiter": ("de", "contact_human"),
    "where is my order": ("en", "order_status"),
}


def test_new_phrases_a_new_intent_and_a_new_language_are_understood(place: Path) -> None:
    given = [json.dumps({"text": text}) for text in MESSAGES]
    lines = [json.loads(line) for line in _shopbell(place, "understand", given=given).splitlines()]

    found = {line["text"]: (line["language"], line["intent"]) for line in lines}
    assert found == MESSAGES
    assert all(line["in_scope"] for line in lines)


def test_the_bot_answers_in_the_new_language_and_with_the_new_words(place: Path) -> None:
    said = [
        "Guten Tag",
        "Könnt ihr das als Geschenk einpacken?",
        "Wo ist denn meine Bestellung geblieben?",
    ]
    turns = _shopbell(place, "chat", "--language", "de", "--json", given=said).splitlines()

    replies = [json.loads(turn)["replies"][-1] for turn in turns]
    assert [reply["text"] for reply in replies] == [
        GERMAN["replies"]["greeting"],
        GERMAN["replies"]["gift_wrapping"],
        GERMAN["replies"]["order_status.ask_number"],
    ]
    assert {json.loads(turn)["language"] for turn in turns} == {"de"}
