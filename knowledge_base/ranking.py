"""Hybrid ranking: vectors and words together, each document once, the asker's language first."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from knowledge_base.background import Background, Reading
from knowledge_base.lexical import Lexicon
from knowledge_base.model import Document, Hit, Kind, SearchResult, Vector
from knowledge_base.passages import Passage
from knowledge_base.sureness import Evidence, Sureness
from knowledge_base.terms import codes, terms, whole
from knowledge_base.vectors import Vectors

# Chosen on the intents' training phrases against the demo articles (benchmarks/search.py).
_WORDS = 3.0
"""What a passage gains that says every word of the question, in deviations of the background."""
_TOPIC = 1.5
"""What an article gains that is on the question's topic."""
_CODE = 6.0
"""What a document gains whose own number the question names."""
_NEARLY = 1.0
"""How far behind the best passage of the first document its next one may be, to be told too."""
_CANDIDATES = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked; `vector` is the text's embedding as a query."""

    text: str
    vector: Vector
    language: str
    topic: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Neighbouring passages of one language and kind: numbers from `start` up to `end`."""

    language: str
    kind: Kind
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scored:
    passage: Passage
    score: float
    similarity: float
    shared: float
    reading: Reading


_Key: TypeAlias = tuple[Kind, str]


def _key(document: Document) -> _Key:
    """Return what all translations of a document share."""
    return document.kind, document.id


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Pool:
    """Passages of one group, each with its scores."""

    numbers: NDArray[np.int64]
    scores: NDArray[np.float32]
    similarity: NDArray[np.float32]
    shared: NDArray[np.float32]
    reading: Reading


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Bonus:
    """For each passage, the share of the question that it says, and all that it gains."""

    shared: NDArray[np.float32]
    total: NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ranker:
    """Passages with everything that ranks them; `passages` are in the order of `groups`."""

    passages: Sequence[Passage]
    groups: Sequence[Group]
    vectors: Vectors
    lexicon: Lexicon
    background: Background
    pull: NDArray[np.float32]
    """How much nearer than others a passage is to any question, whatever it asks."""
    topics: Mapping[str | None, NDArray[np.bool_]]
    """For each topic, which passages are on it."""
    codes: Mapping[str, NDArray[np.int64]]
    """For each product number, the passages of its document."""
    sureness: Sureness

    @classmethod
    def over(
        cls,
        passages: Sequence[Passage],
        *,
        vectors: Vectors,
        lexicon: Lexicon,
        background: Background,
        pull: NDArray[np.float32],
    ) -> Self:
        """Join the parts of an index."""
        return cls(
            passages=passages,
            groups=tuple(_groups(passages)),
            vectors=vectors,
            lexicon=lexicon,
            background=background,
            pull=pull,
            topics=_topics(passages),
            codes=_codes(passages),
            sureness=Sureness.shipped(),
        )

    def rank(self, question: Question, *, top: int, kinds: Sequence[Kind]) -> SearchResult:
        """Return the best documents, and whether the first one answers."""
        best, next_ones = self._best(question, top=max(top, 2), kinds=kinds)
        if not best:
            return SearchResult(hits=(), sure=False)
        sure = self.sureness.is_sure(_evidence(question, best), question.language)
        hits = [
            _hit(question, one, next_ones.get(_key(one.passage.document))) for one in best[:top]
        ]
        return SearchResult(hits=tuple(hits), sure=sure)

    def evidence(
        self, question: Question, *, kinds: Sequence[Kind]
    ) -> tuple[Evidence, Document] | None:
        """Return what `sure` is decided on and the first document, for calibration."""
        best, _ = self._best(question, top=2, kinds=kinds)
        return (_evidence(question, best), best[0].passage.document) if best else None

    def _best(
        self, question: Question, *, top: int, kinds: Sequence[Kind]
    ) -> tuple[list[_Scored], dict[_Key, _Scored]]:
        """Rank documents by their best passage, those in the question's language first.

        Returns with them the second passages that were met on the way.
        """
        bonus = self._bonus(question)
        wanted = [group for group in self.groups if group.kind in kinds]
        best: dict[_Key, _Scored] = {}
        next_ones: dict[_Key, _Scored] = {}
        for foreign in (False, True):
            pools = [
                self._pool(question, group, bonus, count=max(_CANDIDATES, 8 * top))
                for group in wanted
                if (group.language != question.language) is foreign
            ]
            self._add(best, next_ones, pools, top)
            if len(best) == top:
                break
        return list(best.values()), next_ones

    def _bonus(self, question: Question) -> _Bonus:
        """Say what each passage gains by the question's words, numbers and topic."""
        shared = self.lexicon.scores(terms(question.text))
        total = _WORDS * shared
        for code in codes(question.text) & self.codes.keys():
            total[self.codes[code]] += _CODE
        if question.topic in self.topics:
            total += _TOPIC * self.topics[question.topic]
        return _Bonus(shared=shared, total=total)

    def _add(
        self,
        best: dict[_Key, _Scored],
        next_ones: dict[_Key, _Scored],
        pools: Sequence[_Pool],
        top: int,
    ) -> None:
        """Add documents by their best passages, until there are enough."""
        for pool, row in _ranked(pools):
            one = self._scored(pool, row)
            key = _key(one.passage.document)
            if key not in best:
                best[key] = one
            elif best[key].passage.document == one.passage.document:
                next_ones.setdefault(key, one)
            if len(best) == top:
                return

    def _scored(self, pool: _Pool, row: int) -> _Scored:
        return _Scored(
            passage=self.passages[pool.numbers[row]],
            score=float(pool.scores[row]),
            similarity=float(pool.similarity[row]),
            shared=float(pool.shared[row]),
            reading=pool.reading,
        )

    def _pool(self, question: Question, group: Group, bonus: _Bonus, *, count: int) -> _Pool:
        """Score the passages of a group that are near by vector or by words."""
        numbers = self._candidates(question, group, bonus, count)
        reading = self.background.read(question.vector, group.language)
        similarity = self.vectors.take(numbers) @ question.vector
        distance = (similarity - self.pull[numbers] - reading.mean) / reading.deviation
        return _Pool(
            numbers=numbers,
            scores=distance + bonus.total[numbers],
            similarity=similarity,
            shared=bonus.shared[numbers],
            reading=reading,
        )

    def _candidates(
        self, question: Question, group: Group, bonus: _Bonus, count: int
    ) -> NDArray[np.int64]:
        near = self.vectors.nearest(question.vector, start=group.start, end=group.end, count=count)
        gains = bonus.total[group.start : group.end]
        if len(gains) > count:
            gaining = np.argpartition(gains, -count)[-count:]
        else:
            gaining = np.arange(len(gains))
        return np.union1d(near, gaining[gains[gaining] > 0] + group.start)


def _ranked(pools: Sequence[_Pool]) -> Iterator[tuple[_Pool, int]]:
    """Go through the rows of all pools, best first."""
    if not pools:
        return
    sizes = [len(pool.numbers) for pool in pools]
    owners = np.repeat(np.arange(len(pools)), sizes)
    rows = np.concatenate([np.arange(size) for size in sizes])
    scores = np.concatenate([pool.scores for pool in pools])
    for place in np.argsort(-scores, kind="stable").tolist():
        yield pools[owners[place]], int(rows[place])


def _topics(passages: Sequence[Passage]) -> dict[str | None, NDArray[np.bool_]]:
    """Say for each topic which passages are on it."""
    found: dict[str | None, NDArray[np.bool_]] = {}
    for number, passage in enumerate(passages):
        for topic in passage.document.topics:
            if topic not in found:
                found[topic] = np.zeros(len(passages), dtype=np.bool_)
            found[topic][number] = True
    return found


def _codes(passages: Sequence[Passage]) -> dict[str, NDArray[np.int64]]:
    """Find the passages of each document's numbers."""
    found: dict[str, list[int]] = {}
    for number, passage in enumerate(passages):
        document = passage.document
        for name in {code for text in (document.id, *document.codes) for code in whole(text)}:
            found.setdefault(name, []).append(number)
    return {code: np.array(numbers, dtype=np.int64) for code, numbers in found.items()}


def _groups(passages: Sequence[Passage]) -> Iterator[Group]:
    start = 0
    for (language, kind), group in groupby(passages, key=lambda passage: order(passage)[:2]):
        end = start + len(list(group))
        yield Group(language=language, kind=Kind(kind), start=start, end=end)
        start = end


def order(passage: Passage) -> tuple[str, str, str]:
    """Return the key by which passages are numbered."""
    document = passage.document
    return document.language, document.kind.value, document.id


def _is_foreign(question: Question, one: _Scored) -> bool:
    return one.passage.document.language != question.language


def _evidence(question: Question, best: Sequence[_Scored]) -> Evidence:
    first = best[0]
    document, reading = first.passage.document, first.reading
    same = (one for one in best[1:] if one.passage.document.language == document.language)
    second = next(same, None)
    return Evidence(
        nearer=(first.similarity - reading.nearest) / reading.deviation,
        everyday=(reading.nearest - reading.mean) / reading.deviation,
        shared=first.shared,
        lead=0.0 if second is None else first.score - second.score,
        alone=float(second is None),
        agrees=_agreement(question.topic, document),
        foreign=float(_is_foreign(question, first)),
        product=float(document.kind is Kind.PRODUCT),
    )


def _agreement(topic: str | None, document: Document) -> float:
    if topic is None or not document.topics:
        return 0.0
    return 1.0 if topic in document.topics else -1.0


def _hit(question: Question, one: _Scored, following: _Scored | None) -> Hit:
    document = one.passage.document
    near = following is not None and one.score - following.score <= _NEARLY
    return Hit(
        id=document.id,
        kind=document.kind,
        language=document.language,
        title=document.title,
        text=one.passage.text,
        score=_shown(one.score, foreign=_is_foreign(question, one)),
        source=document.source,
        version=document.version,
        heading=one.passage.heading,
        more=following.passage.text if following is not None and near else "",
        on_topic=question.topic is not None and question.topic in document.topics,
        url=document.url,
    )


def _shown(score: float, *, foreign: bool) -> float:
    """Return a score in 0-1 that falls along the ranking, across languages too."""
    half = 0.5 / (1 + math.exp(-score / 3))
    return half if foreign else 0.5 + half
