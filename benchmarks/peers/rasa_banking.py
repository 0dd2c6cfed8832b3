"""Trains Rasa and asks it: python rasa_banking.py IN.json OUT.json (see outcome.py).

Runs in Rasa's own environment, Python 3.10. The pipeline is the one that Rasa trains with where
a project names none, as after `rasa init`; only the epochs and the seed are set.
"""

import asyncio
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

os.environ |= {"RASA_TELEMETRY_ENABLED": "false", "TF_CPP_MIN_LOG_LEVEL": "3"}

import rasa
import yaml
from rasa.core.agent import Agent
from rasa.model_training import train_nlu

DEFAULTS = Path(rasa.__file__).parent / "engine/recipes/config_files/default_config.yml"
NO_ANSWER = "nlu_fallback"


def main(asked: Path, answered: Path) -> None:
    """Train, ask, and write the answers."""
    question = json.loads(asked.read_text(encoding="utf-8"))
    folder = asked.parent
    _write_project(question, folder)
    began = time.perf_counter()
    model = train_nlu(str(folder / "config.yml"), str(folder / "nlu.yml"), str(folder / "models"))
    seconds = time.perf_counter() - began
    labels, test_seconds = asyncio.run(_ask(str(model), question["test"]))
    answer = {
        "labels": labels,
        "train_seconds": seconds,
        "test_seconds": test_seconds,
        "notes": {"version": rasa.__version__, "epochs": question["epochs"]},
    }
    answered.write_text(json.dumps(answer), encoding="utf-8")


def _write_project(question: dict[str, Any], folder: Path) -> None:
    config = yaml.safe_load(DEFAULTS.read_text(encoding="utf-8"))
    for component in config["pipeline"]:
        if "epochs" in component:
            component |= {"epochs": question["epochs"], "random_seed": question["seed"]}
    del config["policies"]
    (folder / "config.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
    of_class: dict[str, list[str]] = {}
    for one in question["train"]:
        of_class.setdefault(one["label"], []).append(one["text"])
    blocks = [
        {"intent": label, "examples": "".join(f"- {text}\n" for text in texts)}
        for label, texts in of_class.items()
    ]
    nlu = yaml.safe_dump({"version": "3.1", "nlu": blocks}, allow_unicode=True)
    (folder / "nlu.yml").write_text(nlu, encoding="utf-8")


async def _ask(model: str, texts: list[str]) -> tuple[list[str], float]:
    agent = Agent.load(model)
    await agent.parse_message(texts[0])
    began = time.perf_counter()
    answers = [await agent.parse_message(text) for text in texts]
    seconds = time.perf_counter() - began
    return [_likeliest(answer) for answer in answers], seconds


def _likeliest(answer: dict[str, Any]) -> str:
    """Return the likeliest class even where Rasa would fall back: nothing is out of scope."""
    ranking = [one["name"] for one in answer["intent_ranking"]]
    return next((name for name in ranking if name != NO_ANSWER), NO_ANSWER)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
