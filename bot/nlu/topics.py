"""Find what articles are about, for those whose front matter doesn't say: their headings tell."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.nlu.heads import Head
from bot.ports import Articles, Encoder
from intents.model import Catalog
from knowledge_base.model import Document
from knowledge_base.passages import split

MOST = 2
"""Topics of one article."""
LEAST_SHARE = 0.15
"""Share of an article's headings that makes a topic. On the demo's articles, 74 of 76 get one of
the topics that their writers gave them."""
_TITLE_COUNTS = 2.0
_SEARCHED = {"articles", "products"}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TopicFinder:
    """Reads the intent head the other way round: which intents would ask for this article."""

    encoder: Encoder
    head: Head
    catalog: Catalog

    def with_topics(self, documents: Sequence[Document]) -> list[Document]:
        """Return the documents, each with topics; blocking. The encoder should cache."""
        return [d if d.topics else replace(d, topics=self._topics(d)) for d in documents]

    def _topics(self, document: Document) -> tuple[str, ...]:
        headings = [passage.heading for passage in split(document) if passage.heading]
        texts = list(dict.fromkeys([document.title, *headings]))
        weights: defaultdict[str, float] = defaultdict(float)
        for number, vector in enumerate(self.encoder.encode(texts, "query")):
            likely = self.head.read(vector, texts[number]).likely
            for label, share in zip(self.head.labels, likely, strict=True):
                if self._is_asked_for(label):
                    weights[label] += float(share) * (1.0 if number else _TITLE_COUNTS)
        least = LEAST_SHARE * sum(weights.values())
        best = sorted(weights, key=lambda label: -weights[label])[:MOST]
        return tuple(label for label in best if weights[label] >= least)

    def _is_asked_for(self, label: str) -> bool:
        intent = self.catalog.intents.get(label)
        return intent is not None and (
            intent.answered_by in _SEARCHED or intent.answered_by.startswith("skill:")
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TopicalArticles:
    """The port `Articles`, with topics on what it publishes."""

    articles: Articles
    finder: TopicFinder

    async def published(self) -> Sequence[Document]:
        """Return the newest published versions, each with topics."""
        documents = await self.articles.published()
        return await asyncio.to_thread(self.finder.with_topics, documents)

    async def generation(self) -> int:
        """Return a number that grows with every change of the published articles."""
        return await self.articles.generation()

    async def put(self, documents: Sequence[Document], at: datetime) -> Sequence[Document]:
        """Publish documents all together; an unchanged one keeps its version."""
        return await self.articles.put(documents, at)

    async def remove(self, article: str, at: datetime) -> bool:
        """Take an article out in all its languages; False when there is none."""
        return await self.articles.remove(article, at)
