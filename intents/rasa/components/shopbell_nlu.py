"""Asks Shopbell what a message means, in the place of a classifier and extractors of Rasa's own.

This file runs inside Rasa 3.6 with Python 3.10, never in Shopbell: it knows Shopbell by its HTTP
interface only. Rasa handles one message at a time while `process` runs, so waiting is kept short,
and no failure gets out: without an answer a message means `nlu_fallback`.
"""

from __future__ import annotations

import logging
import os
import time
from typing import Any

import requests
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.constants import DEFAULT_NLU_FALLBACK_INTENT_NAME
from rasa.shared.exceptions import InvalidConfigException
from rasa.shared.nlu.constants import ENTITIES, INTENT, INTENT_RANKING_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message

logger = logging.getLogger(__name__)

OUT_OF_SCOPE = "out_of_scope"
"""Shopbell's "I am not sure", which Rasa calls nlu_fallback: here that one means "no answer"."""
LONGEST_CONNECT = 0.3
"""Seconds to reach the machine. A server that is there takes a connection in a moment."""


@DefaultV1Recipe.register(
    [
        DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER,
        DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR,
    ],
    is_trainable=False,
)
class ShopbellNLU(IntentClassifier, GraphComponent):
    """Fills in intent, ranking and entities; language and emotion come as entities, too.

    An entity fills the slot of its name, so that rules can ask for `shopbell_emotion`.
    """

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Return what config.yml may set."""
        return {"url": "http://127.0.0.1:8000", "timeout": 1.0, "pause": 5.0}

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,  # noqa: ARG003 - Rasa's signature
        resource: Resource,  # noqa: ARG003
        execution_context: ExecutionContext,  # noqa: ARG003
    ) -> ShopbellNLU:
        """Make the component as Rasa asks for it; raises InvalidConfigException."""
        url = config["url"]
        if not str(url).startswith(("http://", "https://")):
            raise InvalidConfigException(
                f"config.yml: ShopbellNLU: url: expected http://HOST:PORT of Shopbell, got {url!r}"
            )
        return cls(config)

    def __init__(self, config: dict[str, Any]) -> None:
        self._url = config["url"].rstrip("/") + "/model/parse"
        self._timeout = (min(LONGEST_CONNECT, config["timeout"]), config["timeout"])
        self._pause = config["pause"]
        # Not from config.yml: what stands there is kept in the trained model, too.
        token = os.environ.get("SHOPBELL_RASA_AUTH_TOKEN")
        self._params = {"token": token} if token else {}
        self._session = requests.Session()
        self._quiet_until = 0.0

    def process(self, messages: list[Message]) -> list[Message]:
        """Say what each message means, in place."""
        for message in messages:
            if text := message.get(TEXT):
                self._fill(message, text)
        return messages

    def _fill(self, message: Message, text: str) -> None:
        try:
            found = _properties(self._ask(text), text)
        except (requests.RequestException, LookupError, TypeError, ValueError) as error:
            # The name alone: the message of an error may hold the shopper's words.
            logger.warning("Shopbell gave no answer (%s)", type(error).__name__)
            guess = {"name": DEFAULT_NLU_FALLBACK_INTENT_NAME, "confidence": 1.0}
            found = {INTENT: guess, INTENT_RANKING_KEY: [guess]}
            # A button's "/intent" without the slash: Rasa's RegexMessageHandler, which comes
            # last, would make the intent of it again, and an action nobody can run.
            message.set(TEXT, text.lstrip("/ "), add_to_output=True)
        for name, value in found.items():
            message.set(name, value, add_to_output=True)

    def _ask(self, text: str) -> dict[str, Any]:
        if time.monotonic() < self._quiet_until:
            raise requests.Timeout
        try:
            response = self._session.post(
                self._url, json={"text": text}, params=self._params, timeout=self._timeout
            )
        except requests.Timeout:
            self._quiet_until = time.monotonic() + self._pause
            raise
        response.raise_for_status()
        parsed: dict[str, Any] = response.json()
        return parsed


def _properties(parsed: dict[str, Any], text: str) -> dict[str, Any]:
    """Return what Rasa keeps of Shopbell's answer; raises an error if it isn't one."""
    ranking = [_guess(one) for one in parsed.get("intent_ranking") or [parsed["intent"]]]
    entities = [*parsed.get("entities", ()), *_about(parsed, text)]
    return {INTENT: _guess(parsed["intent"]), INTENT_RANKING_KEY: ranking, ENTITIES: entities}


def _guess(one: dict[str, Any]) -> dict[str, Any]:
    known = one["name"] not in (None, DEFAULT_NLU_FALLBACK_INTENT_NAME)
    return {"name": one["name"] if known else OUT_OF_SCOPE, "confidence": one["confidence"]}


def _about(parsed: dict[str, Any], text: str) -> list[dict[str, Any]]:
    """Return what is true of the whole message as entities that span it."""
    emotion = parsed.get("emotion")
    values = {
        "shopbell_language": parsed.get("language"),
        "shopbell_emotion": emotion.get("name") if isinstance(emotion, dict) else emotion,
    }
    return [
        {"entity": name, "value": value, "start": 0, "end": len(text), "extractor": "ShopbellNLU"}
        for name, value in values.items()
        if value
    ]
