"""`shopbell search` and `shopbell articles`: the approved answers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import click

from bot.bootstrap import now, open_articles, open_detector, open_knowledge
from bot.cli.console import fail, progress_bars, put_json, run_async
from bot.dialogue.search import topic_of
from bot.ports import Articles
from bot.search import results_json
from bot.settings import read_rules, read_settings
from knowledge_base.articles import read_articles
from knowledge_base.model import Hit, Kind, KnowledgeError, SearchResult

_JSON = click.option("--json", "as_json", is_flag=True, help="Write JSON.")


@click.command()
@click.argument("query")
@click.option("--language", help="The question's language; its articles come first.")
@click.option("--top", default=5, show_default=True, type=click.IntRange(1, 100))
@click.option("--articles-only", is_flag=True, help="Leave products out.")
@_JSON
@run_async
async def search(
    query: str, language: str | None, top: int, *, articles_only: bool, as_json: bool
) -> None:
    """Search the articles and the catalogue for QUERY, as the bot does."""
    settings = read_settings()
    kinds = (Kind.ARTICLE,) if articles_only else (Kind.ARTICLE, Kind.PRODUCT)
    with progress_bars() as progress:
        async with open_knowledge(settings, progress) as knowledge:
            heard = await knowledge.recognizer.recognize(query)
            result = await knowledge.retriever.search(
                query,
                language=language or heard.understanding.language,
                vector=heard.vector,
                top=top,
                kinds=kinds,
                topic=topic_of(heard.understanding),
            )
    if as_json:
        put_json(results_json(result))
    else:
        _show(result)


def _show(result: SearchResult) -> None:
    if not result.hits:
        click.echo("Nothing found. Add articles with: shopbell articles add PATH", err=True)
    for hit in result.hits:
        click.secho(f"{hit.score:.3f}  {hit.title}", bold=True, nl=False)
        click.echo(_details(hit))
        click.echo(f"       {' '.join(hit.text.split())[:200]}")
    if result.hits and not result.sure:
        click.echo("Not sure: the bot would not answer with this.", err=True)


def _details(hit: Hit) -> str:
    return f"  ({hit.kind.value} {hit.id}, {hit.language}, version {hit.version})"


@click.group()
def articles() -> None:
    """Add, list and remove the shop's articles (Markdown)."""


@articles.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@_JSON
@run_async
async def add(paths: tuple[Path, ...], *, as_json: bool) -> None:
    """Publish Markdown files or folders of them, all or nothing; a running server follows."""
    detector = open_detector(read_rules(read_settings().home))
    try:
        documents = read_articles(paths, detector.detect)
    except KnowledgeError as error:
        fail(str(error), code=2)
    async with _articles() as kept:
        published = await kept.put(documents, now())
    rows = [{"id": d.id, "language": d.language, "version": d.version} for d in published]
    if as_json:
        put_json({"articles": rows})
    else:
        for row in rows:
            click.echo(f"{row['id']}  {row['language']}  version {row['version']}")


@articles.command("list")
@_JSON
@run_async
async def list_(*, as_json: bool) -> None:
    """List the published articles."""
    async with _articles() as kept:
        documents = await kept.published()
    if as_json:
        fields = ("id", "language", "title", "version", "source")
        put_json({"articles": [{f: getattr(d, f) for f in fields} for d in documents]})
        return
    for document in documents:
        version = f"version {document.version}"
        click.echo(f"{document.id}  {document.language}  {version}  {document.title}")


@articles.command()
@click.argument("article")
@_JSON
@run_async
async def remove(article: str, *, as_json: bool) -> None:
    """Take the article with the id ARTICLE out, in all its languages."""
    async with _articles() as kept:
        if not await kept.remove(article, now()):
            fail(f"Expected the id of an article (see: shopbell articles list), got {article!r}")
    if as_json:
        put_json({"removed": article})
    else:
        click.echo(f"Removed {article}")


@asynccontextmanager
async def _articles() -> AsyncIterator[Articles]:
    settings = read_settings()
    async with open_articles(settings) as kept:
        yield kept
