"""The adapter of the port `Recognizer`: one encoding, and everything that is read from it."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bot.model import Emotion, Entity, Guess, Language, Recognition, Request, Understanding
from bot.nlu.clauses import Clause, ClauseSplitter, clause_splitter
from bot.nlu.entities import EntityExtractor, open_extractor
from bot.nlu.heads import Emotions, Intents
from bot.nlu.language import LanguageDetector
from bot.nlu.model_folder import ModelError, TrainedModel, read_model
from bot.nlu.requests import Reading, RequestFinder, find_requests
from bot.payloads import read_payload
from bot.ports import Encoder, Now
from bot.settings import ShopRules
from intents.loader import load_catalog, load_commands, load_languages
from intents.model import OUT_OF_SCOPE, Catalog, command_key

_NO_EMOTION = Emotion(name="neutral", confidence=0.0, intensity=0.0)
_LONGEST_COMMAND = 60


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NluRecognizer:
    """Understands texts; safe to share between threads and tasks."""

    encoder: Encoder
    intents: Intents
    emotions: Emotions | None
    entities: EntityExtractor
    languages: LanguageDetector
    commands: Mapping[str, Mapping[str, str]]
    payloads: frozenset[str]
    """What may follow the slash of a button's payload."""
    sure_from: Mapping[str, float]
    """The least confidence that is acted on, by language; "" for those without their own."""
    splitter: ClauseSplitter
    finder: RequestFinder
    """Finds several wishes in one message."""
    now: Now | None = None
    """The clock that words such as "yesterday" are read by."""

    async def recognize(self, text: str, *, hint: Language | None = None) -> Recognition:
        """Understand any text; `hint` is the talk's language, for texts that tell none."""
        return await self._recognize(text, None, hint)

    async def understand_in(self, text: str, language: Language | None) -> Understanding:
        """Understand one text, in a language that is known or found by its words alone."""
        return (await self._recognize(text, language, None)).understanding

    def understand(self, text: str, language: Language | None = None) -> Understanding:
        """Understand one text, blocking, outside of an event loop; `language` if it is known."""
        return asyncio.run(self.understand_in(text, language))

    async def _recognize(
        self, said: str, known: Language | None, hint: Language | None
    ) -> Recognition:
        """Read the whole message, and its clauses where it may hold several wishes."""
        text = _readable(said)
        payload = read_payload(text, self.payloads)
        # What a button sends is in the language of its talk.
        told = known or (hint if payload else None)
        language = told or self.languages.detect(text, hint)
        exact = payload.name if payload else self._exact(text, language)
        entities = payload.entities if payload else self._entities(text, language)
        clauses = self.splitter.split(text, entities) if exact is None else ()
        vector, *parts = await self._encoded(text, clauses)
        whole = self._read(text, language, vector, entities, exact)
        if payload:  # a button has no feelings
            whole = replace(whole, emotion=_NO_EMOTION)
        readings = self._readings(text, language, clauses, parts)
        if segments := self.finder.segments(whole.ranking, readings):
            alone = await self.read_alone(text, language, segments)
            requests = self.finder.requests(whole.ranking, alone)
            whole = replace(whole, requests=tuple(_around(one, entities) for one in requests))
        return Recognition(understanding=whole, vector=vector)

    async def read_clauses(
        self, text: str, language: Language
    ) -> tuple[Sequence[Guess], Sequence[Reading]]:
        """Return what the heads say of a message, and of its clauses amid the others."""
        clauses = self.splitter.split(text, self._entities(text, language))
        vector, *parts = await self._encoded(text, clauses)
        ranking, _ = self._intents(text, language, vector, None)
        return ranking, self._readings(text, language, clauses, parts)

    async def read_alone(
        self, text: str, language: Language, clauses: Sequence[Clause]
    ) -> Sequence[Reading]:
        """Return what the heads say of stretches of a message, each encoded by itself."""
        parts = [text[clause.start : clause.end] for clause in clauses]
        vectors = await asyncio.gather(*map(self.encoder.encode_query, parts))
        return self._readings(text, language, clauses, vectors)

    async def _encoded(
        self, text: str, clauses: Sequence[Clause]
    ) -> Sequence[NDArray[np.float32]]:
        """Return the vectors of a text and of its clauses."""
        if not clauses:
            return [await self.encoder.encode_query(text)]
        places = [(clause.start, clause.end) for clause in clauses]
        return list(await self.encoder.encode_parts(text, places))

    def _readings(
        self,
        text: str,
        language: Language,
        clauses: Sequence[Clause],
        vectors: Sequence[NDArray[np.float32]],
    ) -> Sequence[Reading]:
        readings = []
        for clause, vector in zip(clauses, vectors, strict=True):
            said = text[clause.start : clause.end]
            ranking, in_scope = self._intents(said, language, vector, None)
            readings.append(Reading(clause=clause, guess=ranking[0], in_scope=in_scope))
        return readings

    def _read(
        self,
        text: str,
        language: Language,
        vector: NDArray[np.float32],
        entities: tuple[Entity, ...],
        exact: str | None,
    ) -> Understanding:
        ranking, in_scope = self._intents(text, language, vector, exact)
        return Understanding(
            text=text,
            language=language,
            ranking=ranking,
            in_scope=in_scope,
            emotion=self._emotion(text, vector),
            entities=entities,
            exact=exact,
            sure=exact is not None
            or (in_scope and ranking[0].confidence >= self._least_sure(language)),
        )

    def _least_sure(self, language: Language) -> float:
        return self.sure_from.get(language, self.sure_from[""])

    def _exact(self, text: str, language: Language) -> str | None:
        """Return what a reserved message names, its own language asked first."""
        if len(text) > _LONGEST_COMMAND:
            return None
        key = command_key(text)
        ordered = sorted(self.commands, key=lambda other: other != language)
        return next(
            (self.commands[one][key] for one in ordered if key in self.commands[one]), None
        )

    def _intents(
        self, text: str, language: Language, vector: NDArray[np.float32], exact: str | None
    ) -> tuple[tuple[Guess, ...], bool]:
        head, scope = self.intents.head, self.intents.scope
        read = head.read(vector, text)
        likely = read.likely
        known = exact in head.labels
        if known:
            likely = np.array([float(label == exact) for label in head.labels], np.float32)
        ranking = tuple(
            Guess(intent=label, confidence=round(share, 6))
            for label, share in head.ranking(likely)
        )
        valid = scope.holds(scope.score(read), language)
        return ranking, known or (valid and any(map(str.isalnum, text)))

    def _emotion(self, text: str, vector: NDArray[np.float32]) -> Emotion:
        if self.emotions is None:
            return _NO_EMOTION
        name, confidence, intensity = self.emotions.read(vector, text)
        return Emotion(name=name, confidence=round(confidence, 6), intensity=round(intensity, 6))

    def _entities(self, text: str, language: Language) -> tuple[Entity, ...]:
        moment: datetime | None = self.now() if self.now else None
        return self.entities.extract(text, language, now=moment)


def _around(request: Request, entities: Sequence[Entity]) -> Request:
    """Return a wish with every entity whole that it has a part of: "#" before a number is one."""
    own = [one for one in entities if one.start < request.end and request.start < one.end]
    return replace(
        request,
        start=min([request.start, *(one.start for one in own)]),
        end=max([request.end, *(one.end for one in own)]),
    )


def open_recognizer(
    encoder: Encoder,
    model_folder: Path,
    *,
    rules: ShopRules,
    commands: Mapping[str, Mapping[str, str]] | None = None,
    catalog: Catalog | None = None,
    default_emotions: Path | None = None,
    now: Now | None = None,
) -> NluRecognizer:
    """Open a model folder for serving.

    Args:
        encoder: The encoder that the model was trained with.
        model_folder: What `train` wrote.
        rules: The shop's pattern of order numbers, and its language.
        commands: Reserved whole messages by language; by default the shipped ones.
        catalog: What else payloads may name; by default the shipped one.
        default_emotions: A model folder to take emotions from where this one has none.
        now: The clock; without it, words such as "yesterday" are no dates.

    Raises:
        ModelError: the folder is no model, is damaged, or was trained with another encoder.
    """
    model = _read_for(encoder, model_folder)
    emotions = model.emotions
    if emotions is None and default_emotions is not None:
        emotions = _read_for(encoder, default_emotions).emotions
    named = load_catalog() if catalog is None else catalog
    labels = {*model.intents.head.labels} - {OUT_OF_SCOPE}
    return NluRecognizer(
        encoder=encoder,
        intents=model.intents,
        emotions=emotions,
        entities=open_extractor(rules),
        languages=LanguageDetector(default=rules.language),
        commands=load_commands() if commands is None else commands,
        sure_from=model.intents.doubt.thresholds(rules.understand.accepted_error),
        payloads=frozenset({*labels, *named.intents, *named.commands}),
        splitter=clause_splitter(load_languages()),
        finder=find_requests(named.talk),
        now=now,
    )


def _read_for(encoder: Encoder, folder: Path) -> TrainedModel:
    model = read_model(folder)
    if model.encoder != encoder.name:
        raise ModelError(
            f"{folder}: expected a model for the encoder {encoder.name}, but it was trained with "
            f"{model.encoder}; train it again"
        )
    return model


def _readable(text: str) -> str:
    """Put a replacement character for each lone surrogate, which has no UTF-8; spans stay."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
