"""Questions about one product and suggestions of several, from the live catalogue."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
import pytest_asyncio

from bot.model import Task
from bot.payloads import read_payload
from bot.ports import Done
from bot.shop.access import GuardedShop
from bot.shop.demo.load import load_demo
from bot.shop.sql import SqlShop
from bot.skills.product_question import ProductQuestionSkill
from bot.skills.recommendation import RecommendationSkill
from bot.skills.terms import glossary
from bot.store.engine import open_engine
from bot.store.tries import SqlProofTries
from intents.replies import languages, load_replies

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
TERMS = glossary({language: load_replies(language) for language in languages()})


@pytest_asyncio.fixture
async def shop(sqlite_url: str) -> AsyncIterator[GuardedShop]:
    engine = open_engine(sqlite_url)
    await load_demo(engine, NOW)
    tries = SqlProofTries(engine, tries=5, delay_seconds=30, longest=3600, now=lambda: NOW)
    yield GuardedShop(SqlShop(engine), tries, None, frozenset())
    await engine.dispose()


@pytest.mark.parametrize(
    ("product", "text", "key"),
    [
        ("LL-1016", "what is it made of?", "product.details"),
        ("LL-1016", "in terracotta please", "product.available"),
        ("LL-1016", "有天蓝色吗", "product.available"),
        ("LL-1044", "the celadon pair", "product.sold_out"),
        ("LL-1044", "青瓷色的", "product.sold_out"),
        ("LL-0000", "anything", "product.gone"),
    ],
)
async def test_a_question_is_answered_from_live_stock(
    shop: GuardedShop, product: str, text: str, key: str
) -> None:
    task = Task(skill="product_question", slots={"product": product, "text": text})
    done = await ProductQuestionSkill(TERMS).step(task, shop, NOW)
    assert isinstance(done, Done)
    assert done.reply.key == key


@pytest.mark.parametrize(
    ("product", "looks", "key"),
    [
        ("LL-1016", {"text": "in purple?", "color": "purple"}, "product.not_in"),
        ("LL-1016", {"text": "有紫色的吗", "color": "紫色"}, "product.not_in"),
        ("LL-1016", {"text": "in terracotta", "color": "terracotta"}, "product.available"),
        ("LL-1016", {"text": "is the clay part in sky too", "color": "sky"}, "product.details"),
        ("LL-1049", {"text": "in purple?", "color": "purple"}, "product.details"),
    ],
    ids=["other", "other in Chinese", "offered", "a part of an offered one", "no such option"],
)
async def test_a_color_that_is_not_offered_is_said(
    shop: GuardedShop, product: str, looks: dict[str, str], key: str
) -> None:
    task = Task(skill="product_question", slots={"product": product, **looks})
    done = await ProductQuestionSkill(TERMS).step(task, shop, NOW)
    assert isinstance(done, Done)
    assert done.reply.key == key


async def test_suggestions_are_choices_that_ask_for_one(shop: GuardedShop) -> None:
    task = Task(skill="recommendation", slots={"product": "LL-1067,LL-1071", "text": "tea"})
    done = await RecommendationSkill(TERMS).step(task, shop, NOW)
    assert isinstance(done, Done)
    sent = [read_payload(choice.value) for choice in done.reply.choices]
    assert [(p.name, p.entities[0].type, p.entities[0].value) for p in sent if p] == [
        ("product_question", "product", "LL-1067"),
        ("product_question", "product", "LL-1071"),
    ]


async def test_suggestions_leave_out_what_is_sold_out(shop: GuardedShop) -> None:
    slots = {"product": "LL-1065,LL-1067,LL-1071", "text": "tea"}
    task = Task(skill="recommendation", slots=slots)
    done = await RecommendationSkill(TERMS).step(task, shop, NOW)
    assert isinstance(done, Done)
    assert [card.data["id"] for card in done.reply.cards] == ["LL-1067", "LL-1071"]


async def test_nothing_in_stock_is_said(shop: GuardedShop) -> None:
    task = Task(skill="recommendation", slots={"product": "LL-1065", "text": "tea"})
    done = await RecommendationSkill(TERMS).step(task, shop, NOW)
    assert isinstance(done, Done)
    assert done.reply.key == "recommendation.nothing"
