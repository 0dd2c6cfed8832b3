"""Articles without topics get those that would ask for them, by the real heads."""

import pytest

from bot.bootstrap import App
from bot.nlu.recognizer import NluRecognizer
from bot.nlu.topics import MOST, TopicFinder
from intents.loader import load_catalog
from knowledge_base.articles import demo_articles
from knowledge_base.model import Document, Kind

pytestmark = [pytest.mark.model, pytest.mark.asyncio(loop_scope="session")]


def finder(app: App) -> TopicFinder:
    recognizer = app.recognizer
    assert isinstance(recognizer, NluRecognizer)
    return TopicFinder(
        encoder=recognizer.encoder, head=recognizer.intents.head, catalog=load_catalog()
    )


async def test_given_topics_stay(demo_app: App) -> None:
    articles = demo_articles()
    assert finder(demo_app).with_topics(articles) == articles


async def test_a_strangers_article_gets_its_topic(demo_app: App) -> None:
    article = Document(
        id="x1",
        kind=Kind.ARTICLE,
        language="en",
        title="Sending goods back",
        text="## Can I return shoes that I wore outside?\n\nNo, only unworn ones.\n",
    )
    [found] = finder(demo_app).with_topics([article])
    assert {"return_request", "refund_policy"} & set(found.topics)
    assert len(found.topics) <= MOST
