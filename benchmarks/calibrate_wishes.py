"""Fit which clauses of a message are wishes of their own, and report how often that is right.

    python -m benchmarks.calibrate_wishes [--write]

With --write the weights go to bot/nlu/wishes.json.

Reads benchmarks/wishes_{en,zh}.yml: messages with two wishes, and messages of several clauses with
one. The held-out messages of tests/nlu/requests_{en,zh}.yml are asked too, and play no part in
the fit. Needs scikit-learn.
"""

import argparse
import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from bot.bootstrap import open_cached_encoder, open_nlu
from bot.model import Guess, Language
from bot.nlu.recognizer import NluRecognizer
from bot.nlu.requests import Reading, RequestFinder, Weights, signs
from bot.settings import ShopRules, read_settings
from intents.loader import load_catalog

ROOT = Path(__file__).parents[1]
LANGUAGES = ("en", "zh")
SEEMS = 0.12
"""Share of the messages with one wish that may be cut and encoded in parts."""
SPLIT = 0.025
"""Share of the messages with one wish that may be taken for several."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A message and the wishes in it, as the heads read its clauses."""

    text: str
    language: str
    wishes: frozenset[str]
    ranking: Sequence[Guess]
    readings: Sequence[Reading]


def main() -> None:
    """Fit, report, and write the weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="keep the weights")
    options = parser.parse_args()
    settings = read_settings()
    encoder = open_cached_encoder(settings)
    recognizer = open_nlu(settings, ShopRules(), encoder)
    seen = list(read(recognizer, ROOT / "benchmarks", "wishes"))
    unseen = list(read(recognizer, ROOT / "tests" / "nlu", "requests"))
    finder = recognizer.finder
    finder = replace(finder, seems=fit(seen, finder, SEEMS))
    recognizer = replace(recognizer, finder=finder)
    alone = list(in_segments(recognizer, seen))
    finder = replace(finder, counts=fit(alone, finder, SPLIT))
    for name, told in (("fitted on", alone), ("held out", list(in_segments(recognizer, unseen)))):
        for language in LANGUAGES:
            report(name, [one for one in told if one.language == language], language, finder)
    encoder.close()
    if options.write:
        content = {"seems": asdict(finder.seems), "counts": asdict(finder.counts)}
        path = ROOT / "bot" / "nlu" / "wishes.json"
        path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def read(recognizer: NluRecognizer, folder: Path, name: str) -> Iterator[Told]:
    """Have every message of several clauses read; small talk is no wish."""
    talk = load_catalog().talk
    for language in LANGUAGES:
        data = yaml.safe_load((folder / f"{name}_{language}.yml").read_text("utf-8"))
        for text, wishes in messages(data):
            wanted = frozenset(wishes) - talk
            ranking, readings = asyncio.run(recognizer.read_clauses(text, Language(language)))
            if len(wanted) == len(wishes):
                yield Told(
                    text=text, language=language, wishes=wanted, ranking=ranking, readings=readings
                )


def messages(data: Mapping[str, Any]) -> Iterator[tuple[str, Sequence[str]]]:
    """Give the messages of a file, with their wishes."""
    for one in data["two"]:
        yield one["text"], one["intents"]
    for intent, texts in data["single"].items():
        yield from ((text, [intent]) for text in texts)


def in_segments(recognizer: NluRecognizer, told: Sequence[Told]) -> Iterator[Told]:
    """Give the messages with the readings of their segments; without any where they are whole."""
    for one in told:
        segments = recognizer.finder.segments(one.ranking, one.readings)
        language = Language(one.language)
        readings = asyncio.run(recognizer.read_alone(one.text, language, segments))
        yield replace(one, readings=readings)


def singles(told: Sequence[Told]) -> list[Told]:
    """Return the messages with one wish."""
    return [one for one in told if len(one.wishes) == 1]


def fit(told: Sequence[Told], finder: RequestFinder, share: float) -> Weights:
    """Weigh the signs by logistic regression, and choose from where they are enough."""
    rows = []
    for number, one in enumerate(told):
        main = one.ranking[0].intent
        for reading in finder.candidates(one.readings):
            if reading.guess.intent not in {main, finder.person}:
                is_wish = len(one.wishes) > 1 and reading.guess.intent in one.wishes
                rows.append((signs(reading, one.ranking, one.readings), is_wish, number))
    names = sorted(rows[0][0])
    values = np.array([[row[name] for name in names] for row, _, _ in rows])
    right = np.array([is_right for _, is_right, _ in rows])
    spread = values.std(0) + 1e-9
    model = LogisticRegression(C=0.3, max_iter=5000).fit(values / spread, right)
    weights = dict(zip(names, (model.coef_[0] / spread).round(4).tolist(), strict=True))
    scores = values @ np.array([weights[name] for name in names])
    least = threshold(scores, right, [number for _, _, number in rows], told, share)
    return Weights(signs=weights, least=round(least, 4))


def threshold(
    scores: NDArray[np.float64],
    right: NDArray[np.bool_],
    numbers: Sequence[int],
    told: Sequence[Told],
    share: float,
) -> float:
    """Return the least score that is reached by no more of the messages with one wish."""
    single = len(singles(told))
    worst: dict[int, float] = {}
    for score, is_right, number in zip(scores.tolist(), right, numbers, strict=True):
        if not is_right and len(told[number].wishes) == 1:
            worst[number] = max(score, worst.get(number, score))
    ordered = sorted(worst.values(), reverse=True)
    return ordered[min(int(share * single), len(ordered) - 1)] + 1e-3


def report(name: str, told: Sequence[Told], language: str, finder: RequestFinder) -> None:
    """Print how many pairs are found whole, and how many messages with one wish are split."""
    found: dict[bool, list[bool]] = {True: [], False: []}
    for one in told:
        wishes = {request.intent for request in finder.requests(one.ranking, one.readings)}
        several = len(one.wishes) > 1
        found[several].append(wishes == one.wishes if several else bool(wishes))
    pairs, single = found[True], found[False]
    cut = np.mean([bool(one.readings) for one in singles(told)])
    print(
        f"{name}, {language}: {np.mean(pairs):.3f} of {len(pairs)} pairs found whole, "
        f"{np.mean(single):.3f} of {len(single)} messages with one wish split ({cut:.3f} cut)"
    )


if __name__ == "__main__":
    main()
