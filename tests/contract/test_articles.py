"""The promises of the `Articles` port."""

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.ports import Articles
from bot.store.articles import SqlArticles
from knowledge_base.model import Document, Kind
from tests.contract.store_values import START


@pytest.fixture
def articles(engine: AsyncEngine) -> Articles:
    return SqlArticles(engine)


def _article(name: str = "returns", language: str = "zh", text: str = "30天内可退") -> Document:
    return Document(
        id=name,
        kind=Kind.ARTICLE,
        language=language,
        title=f"Title of {name}",
        text=text,
        source=f"{name}.md",
        topics=("return_request", "refund_policy"),
        url="https://shop.example/returns",
    )


async def test_a_new_shop_has_no_articles(articles: Articles) -> None:
    assert list(await articles.published()) == []
    assert await articles.generation() == 0
    assert await articles.remove("returns", START) is False
    assert await articles.generation() == 0


async def test_articles_come_back_as_they_were_put(articles: Articles) -> None:
    both = [_article(language="en", text="Thirty days.\n\n\u2028| a | b |"), _article()]
    assert await articles.put(both, START) == both
    assert list(await articles.published()) == both


async def test_a_changed_article_gets_the_next_version(articles: Articles) -> None:
    await articles.put([_article(), _article("delivery")], START)
    changed = _article(text="七天内可退。")
    (kept,) = await articles.put([changed], START)
    assert kept == replace(changed, version=2)
    assert list(await articles.published()) == [_article("delivery"), kept]


async def test_an_unchanged_article_keeps_version_and_generation(articles: Articles) -> None:
    await articles.put([_article()], START)
    generation = await articles.generation()
    assert await articles.put([replace(_article(), version=7)], START) == [_article()]
    assert await articles.generation() == generation


async def test_the_generation_grows_with_every_change(articles: Articles) -> None:
    seen = [await articles.generation()]
    for step in (
        articles.put([_article()], START),
        articles.put([_article(text="七天。")], START),
        articles.remove("returns", START),
        articles.put([_article(text="七天。")], START),
    ):
        await step
        seen.append(await articles.generation())
    assert seen == sorted(set(seen))


async def test_a_removed_article_is_gone_in_all_languages(articles: Articles) -> None:
    await articles.put([_article(), _article(language="en"), _article("delivery")], START)
    assert await articles.remove("returns", START) is True
    assert [document.id for document in await articles.published()] == ["delivery"]
    assert await articles.remove("returns", START) is False


async def test_a_removed_article_comes_back_with_its_versions(articles: Articles) -> None:
    await articles.put([_article()], START)
    await articles.remove("returns", START)
    assert await articles.put([_article()], START) == [_article()]
    await articles.remove("returns", START)
    (changed,) = await articles.put([_article(text="七天。")], START)
    assert changed.version == 2
    assert list(await articles.published()) == [changed]


async def test_all_are_published_or_none(articles: Articles) -> None:
    product = replace(_article("p1"), kind=Kind.PRODUCT)
    with pytest.raises(ValueError, match="p1"):
        await articles.put([_article(), product], START)
    with pytest.raises(ValueError, match="twice"):
        await articles.put([_article(), _article(text="anders")], START)
    assert list(await articles.published()) == []


async def test_two_who_publish_at_once_both_get_a_version(articles: Articles) -> None:
    puts = (articles.put([_article(text=f"text {n}")], START) for n in range(6))
    kept = [documents[0] for documents in await asyncio.gather(*puts)]
    assert sorted(document.version for document in kept) == [1, 2, 3, 4, 5, 6]
    (newest,) = await articles.published()
    assert newest in kept
    assert newest.version == 6
