"""Fit when a search is sure, and report how often that is right.

    python -m benchmarks.calibrate_search [--write]

With --write the weights go to knowledge_base/sureness.json.

Asks the intents' training phrases, questions to products and everyday questions of indexes made
of random parts of the demo shop, 1 to all articles, with and without products, as other shops
have less and lack some topics. A phrase is answered when the first hit is an article on its
topic, a question to a product when it is that product. The held-out questions of tests/nlu/ play
no part. Needs scikit-learn.
"""

import argparse
import json
import random
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any, Literal

import numpy as np
import yaml
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from bot.nlu.encoder import open_encoder
from knowledge_base.articles import demo_articles
from knowledge_base.index import Index, build
from knowledge_base.model import Document, Encode, Kind
from knowledge_base.ranking import Question
from knowledge_base.sureness import Evidence

ROOT = Path(__file__).parents[1]
SIZES = (1, 2, 3, 5, 8, 12, 20, 30, None, None, None)
"""How many articles an index has, with half of the products and without; None is all."""
ABOUT_PRODUCTS = {
    "en": ("{}", "how big is the {}", "what is the {} made of", "any other colour of the {}?"),
    "zh": ("{}", "{}多大", "{}是什么材料的", "{}有别的颜色吗"),
}
PHRASES = 400
"""Phrases asked of each index."""
PRECISION = 0.8
"""Share of sure answers that must be right. More of them are: a phrase's topic names one or two
articles, where a third may answer too."""
EVERYDAY = 0.08
"""Share of everyday questions that may be answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One question, with its topic, or None when nothing answers it."""

    text: str
    language: str
    topic: str | None = None
    product: str | None = None

    def answered_by(self, document: Document) -> bool:
        """Say whether a document answers."""
        if self.product is not None:
            return document.id == self.product
        return self.topic in document.topics


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """What a search found, and whether that was right."""

    evidence: Evidence
    right: bool
    weight: float
    whole: bool
    """Whether the index had all articles."""
    language: str
    everyday: bool
    """Whether nothing could answer."""


def main() -> None:
    """Fit, report, and write the weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="keep the weights")
    parser.add_argument("--cache", type=Path, default=Path("~/.cache/shopbell").expanduser())
    options = parser.parse_args()
    encode = remembering(open_encoder(None, options.cache).encode)
    examples = list(all_examples(encode))
    fitted = fit(examples)
    report(examples, fitted)
    if options.write:
        text = json.dumps(fitted, indent=2) + "\n"
        (ROOT / "knowledge_base" / "sureness.json").write_text(text, encoding="utf-8")


def remembering(encode: Encode) -> Encode:
    """Encode each text once only."""

    @cache
    def one(text: str, kind: Literal["query", "passage"]) -> NDArray[np.float32]:
        vector: NDArray[np.float32] = encode([text], kind)[0]
        return vector

    def every(texts: Sequence[str], kind: Literal["query", "passage"]) -> NDArray[np.float32]:
        return np.stack([one(text, kind) for text in texts])

    return every


def all_examples(encode: Encode) -> Iterator[Example]:
    """Search indexes of every size with phrases and with everyday questions."""
    dice = random.Random(7)
    articles, products = demo_articles(), list(read_products())
    phrases, nothing = list(read_phrases()), list(read_off_topic())
    for size, some in product(SIZES, (0.0, 0.5)):
        chosen = dice.sample(sorted({a.id for a in articles}), size) if size else None
        part = [a for a in articles if chosen is None or a.id in chosen]
        sold = dice.sample(products, int(some * len(products)))
        with tempfile.TemporaryDirectory() as folder:
            index = build([*part, *sold], encode, encoder_name="calibration", folder=Path(folder))
            about = list(ask_about(dice.sample(sold, len(sold) // 2), dice))
            about += ask_about(dice.sample(products, len(sold) // 4), dice)
            asked = [*pick(phrases, part, dice), *about, *nothing]
            yield from examples_of(index, asked, encode, dice, whole=size is None)


def ask_about(products: Sequence[Document], dice: random.Random) -> Iterator[Asked]:
    """Ask of products by their titles."""
    for one in products:
        text = dice.choice(ABOUT_PRODUCTS[one.language]).format(one.title)
        yield Asked(text=text, language=one.language, product=one.id, topic=one.topics[0])


def read_products() -> Iterator[Document]:
    """Read the demo catalogue's texts."""
    path = ROOT / "bot" / "shop" / "demo" / "products.jsonl"
    for line in path.read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        for language in ABOUT_PRODUCTS:
            facts = [
                f"{name}: {value[language] if isinstance(value, dict) else value}"
                for name, value in record["attributes"].items()
            ]
            yield Document(
                id=record["id"],
                kind=Kind.PRODUCT,
                language=language,
                title=record["title"][language],
                text="\n".join([record["description"][language], *facts]),
                topics=("product_question", "recommendation"),
            )


def pick(phrases: Sequence[Asked], part: Sequence[Document], dice: random.Random) -> list[Asked]:
    """Choose phrases, half of them on topics that the index has, as far as there are any."""
    topics = {topic for article in part for topic in article.topics}
    inside = [phrase for phrase in phrases if phrase.topic in topics]
    outside = [phrase for phrase in phrases if phrase.topic not in topics]
    return [
        *dice.sample(inside, min(PHRASES, len(inside))),
        *dice.sample(outside, min(PHRASES // 4, len(outside))),
    ]


def examples_of(
    index: Index, asked: Sequence[Asked], encode: Encode, dice: random.Random, *, whole: bool
) -> Iterator[Example]:
    """Search; the topic is given as a recognizer would: mostly not, rightly, seldom wrongly."""
    topics = sorted({one.topic for one in asked if one.topic})
    for one in asked:
        chance = dice.random()
        told = None if chance < 0.5 else one.topic if chance < 0.9 else dice.choice(topics)
        vector = encode([one.text], "query")[0]
        question = Question(text=one.text, vector=vector, language=one.language, topic=told)
        found = index.ranker.evidence(question, kinds=(Kind.ARTICLE, Kind.PRODUCT))
        if found is None:
            continue
        evidence, document = found
        yield Example(
            evidence=evidence,
            right=one.answered_by(document),
            weight=1.0 if one.topic else 3.0,
            whole=whole,
            language=one.language,
            everyday=one.topic is None,
        )


def read_phrases() -> Iterator[Asked]:
    """Read the training phrases of the intents that articles answer."""
    catalog = yaml.safe_load((ROOT / "intents" / "catalog.yml").read_text(encoding="utf-8"))
    for intent, facts in catalog["intents"].items():
        if facts["answered_by"] != "articles":
            continue
        for language in ("en", "zh"):
            path = ROOT / "intents" / language / f"{intent}.yml"
            for text in _examples(yaml.safe_load(path.read_text(encoding="utf-8"))):
                yield Asked(text=text, language=language, topic=intent)


def _examples(data: dict[str, Any]) -> Iterator[str]:
    for block in data["nlu"]:
        for line in block["examples"].splitlines():
            yield _without_marks(line.removeprefix("- "))


def _without_marks(line: str) -> str:
    """Take the entities' marks off: `[tomorrow](date)`."""
    parts = line.split("[")
    return parts[0] + "".join(
        part.split("]")[0] + part.partition("]")[2].partition(")")[2] for part in parts[1:]
    )


def read_off_topic() -> Iterator[Asked]:
    """Read the everyday questions."""
    path = ROOT / "benchmarks" / "search_off_topic.yml"
    for language, lines in yaml.safe_load(path.read_text(encoding="utf-8")).items():
        yield from (Asked(text=line, language=language) for line in lines)


def fit(examples: Sequence[Example]) -> dict[str, Any]:
    """Fit the logistic model, and the threshold at which enough of the sure ones are right."""
    features = np.array([example.evidence.bounded() for example in examples])
    right = np.array([example.right for example in examples])
    weights = np.array([example.weight for example in examples])
    model = LogisticRegression(C=1.0, max_iter=1000)
    model.fit(features, right, sample_weight=weights)
    names = [field.name for field in fields(Evidence)]
    return {
        "weights": {
            name: round(float(weight), 4)
            for name, weight in zip(names, model.coef_[0], strict=True)
        },
        "bias": round(float(model.intercept_[0]), 4),
        "thresholds": {
            language: threshold(model, [e for e in examples if e.language == language])
            for language in ABOUT_PRODUCTS
        },
    }


def threshold(model: LogisticRegression, examples: Sequence[Example]) -> float:
    """Return the lowest threshold at which enough answers are right and few are to nothing."""
    chance = model.predict_proba([example.evidence.bounded() for example in examples])[:, 1]
    right = np.array([example.right for example in examples])
    everyday = np.array([example.everyday for example in examples])
    for limit in np.arange(0.2, 0.9, 0.01):
        sure = chance >= limit
        if right[sure].mean() >= PRECISION and sure[everyday].mean() <= EVERYDAY:
            return round(float(limit), 2)
    return 0.9


def report(examples: Sequence[Example], fitted: dict[str, Any]) -> None:
    """Print how well the model parts right from wrong, on whole and on part indexes."""
    print(json.dumps(fitted))
    weights = np.array(list(fitted["weights"].values()))
    for name, part in (
        ("all articles", [e for e in examples if e.whole]),
        ("some articles", [e for e in examples if not e.whole]),
    ):
        right = np.array([e.right for e in part])
        logits = np.array([e.evidence.bounded() for e in part]) @ weights + fitted["bias"]
        chance = 1 / (1 + np.exp(-logits))
        print(f"{name}: {len(part)} searches, AUROC {roc_auc_score(right, chance):.3f}")
        for limit in (0.3, 0.4, 0.5, 0.6, 0.7):
            sure = chance >= limit
            print(
                f"  sure at {limit}: right {right[sure].mean():.3f} of {sure.mean():.3f}, "
                f"found {(right & sure).sum() / max(1, right.sum()):.3f} of the right ones"
            )


if __name__ == "__main__":
    main()
