"""Search against its parts alone: plain vectors, BM25, and both as Shopbell ranks them.

    python -m benchmarks.search

Over the demo shop's articles. "phrases" are the intents' training phrases, right when the first
article is on their topic (one or two of 38, so that even people would not reach 1); "held-out"
are the questions of tests/nlu/search_*.yml. The last table is the time of one search, encoding
left out, over made-up articles.
"""

import random
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import yaml

from benchmarks.calibrate_search import Asked, read_phrases, remembering
from bot.nlu.encoder import open_encoder
from bot.settings import read_settings
from knowledge_base.articles import demo_articles
from knowledge_base.index import Index, build
from knowledge_base.model import Document, Encode, Kind
from knowledge_base.passages import Passage
from knowledge_base.terms import terms

ROOT = Path(__file__).parents[1]
SIZES = (100, 1_000, 10_000)
Find = Callable[[Asked], Sequence[Document]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question and which documents are right."""

    asked: Asked
    right: Callable[[Document], bool]


def main() -> None:
    """Print both tables."""
    encode = remembering(open_encoder(read_settings().encoder, read_settings().cache).encode)
    with tempfile.TemporaryDirectory() as folder:
        index = build(demo_articles(), encode, encoder_name="bench", folder=Path(folder))
        ways = {
            "vectors alone": vectors_alone(index.ranker.passages, encode),
            "BM25 alone": words_alone(index),
            "Shopbell": shopbell(index, encode),
        }
        print_found(ways, {"phrases": list(phrases()), "held-out": list(held_out())})
        print_held_out_with_topic(shopbell(index, encode))
    print_times(encode)


def print_found(ways: Mapping[str, Find], sets: Mapping[str, Sequence[Question]]) -> None:
    """Print how often the right article is first, or among three."""
    print(f"{'':<16}{'questions':<12}{'language':<10}{'first':>7}{'of three':>10}")
    for name, questions in sets.items():
        for language in ("en", "zh"):
            some = [q for q in questions if q.asked.language == language]
            for way, find in ways.items():
                first, three = shares(find, some)
                print(f"{way:<16}{name:<12}{language:<10}{first:>7.3f}{three:>10.3f}")


def print_held_out_with_topic(find: Find) -> None:
    """Print the same when the recognizer says the topic rightly."""
    topics = {article.id: article.topics[0] for article in demo_articles()}
    for language in ("en", "zh"):
        some = [
            replace(q, asked=replace(q.asked, topic=topics[q.asked.product or ""]))
            for q in held_out()
            if q.asked.language == language
        ]
        first, three = shares(find, some)
        print(f"{'… with topic':<16}{'held-out':<12}{language:<10}{first:>7.3f}{three:>10.3f}")


def shares(find: Find, questions: Sequence[Question]) -> tuple[float, float]:
    """Return how often the first document is right, and one of three."""
    places = [[q.right(document) for document in find(q.asked)] for q in questions]
    return float(np.mean([p[0] for p in places])), float(np.mean([any(p) for p in places]))


def phrases() -> Iterator[Question]:
    """Give the training phrases; the topic is what is looked for, so it isn't told."""
    for asked in read_phrases():
        yield Question(asked=replace(asked, topic=None), right=on_topic(asked.topic))


def on_topic(topic: str | None) -> Callable[[Document], bool]:
    """Say whether a document is on a topic."""
    return lambda document: topic in document.topics


def held_out() -> Iterator[Question]:
    """Give the held-out questions; `product` of each is the id of its article."""
    for language in ("en", "zh"):
        path = ROOT / "tests" / "nlu" / f"search_{language}.yml"
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
        for article, lines in data["questions"].items():
            for line in lines:
                text, also = (line, ()) if isinstance(line, str) else (line["text"], line["also"])
                asked = Asked(text=text, language=language, product=article)
                yield Question(asked=asked, right=one_of({article, *also}))


def one_of(ids: set[str]) -> Callable[[Document], bool]:
    """Say whether a document is one of these."""
    return lambda document: document.id in ids


def vectors_alone(passages: Sequence[Passage], encode: Encode) -> Find:
    """Rank by the cosine of the best passage."""
    vectors = encode([passage.searchable for passage in passages], "passage")
    return lambda asked: best(passages, vectors @ encode([asked.text], "query")[0], asked)


def words_alone(index: Index) -> Find:
    """Rank by BM25."""
    ranker = index.ranker
    return lambda asked: best(ranker.passages, ranker.lexicon.scores(terms(asked.text)), asked)


def shopbell(index: Index, encode: Encode) -> Find:
    """Rank as the bot does."""
    documents = {(p.document.id, p.document.language): p.document for p in index.ranker.passages}

    def find(asked: Asked) -> Sequence[Document]:
        vector = encode([asked.text], "query")[0]
        result = index.search(
            asked.text, vector, language=asked.language, top=3, topic=asked.topic
        )
        return [documents[hit.id, hit.language] for hit in result.hits]

    return find


def best(
    passages: Sequence[Passage], scores: np.ndarray[tuple[int], np.dtype[np.float32]], asked: Asked
) -> Sequence[Document]:
    """Return the three documents of the question's language with the best passages."""
    found: dict[str, Document] = {}
    for place in np.argsort(-scores, kind="stable").tolist():
        document = passages[place].document
        if document.language == asked.language:
            found.setdefault(document.id, document)
        if len(found) == 3:
            break
    return list(found.values())


def print_times(encode: Encode) -> None:
    """Print how long one search takes by the number of passages."""
    dice = random.Random(3)
    vocabulary = sorted({word for d in demo_articles() for word in terms(d.text)})
    question = "how long do I have to send the teapot back"
    vector = encode([question], "query")[0]
    noise = np.random.default_rng(3)

    def fast(
        texts: Sequence[str], _kind: str
    ) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
        made = vector + noise.standard_normal((len(texts), len(vector))).astype(np.float32) * 0.1
        found: np.ndarray[tuple[int, int], np.dtype[np.float32]] = made / np.linalg.norm(
            made, axis=1, keepdims=True
        )
        return found

    print(f"\n{'passages':<10}{'p50 ms':>8}{'p95 ms':>8}")
    for size in SIZES:
        articles = [
            Document(
                id=f"a{number}",
                kind=Kind.ARTICLE,
                language="en",
                title=" ".join(dice.sample(vocabulary, 3)),
                text=" ".join(dice.choices(vocabulary, k=50)),
            )
            for number in range(size)
        ]
        with tempfile.TemporaryDirectory() as folder:
            index = build(articles, fast, encoder_name="noise", folder=Path(folder))
            times = []
            for _ in range(300):
                started = time.perf_counter()
                index.search(question, vector, language="en")
                times.append(1000 * (time.perf_counter() - started))
        half, most = np.percentile(times, [50, 95])
        print(f"{len(index):<10}{half:>8.2f}{most:>8.2f}")


if __name__ == "__main__":
    main()
