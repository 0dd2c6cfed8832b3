"""The one place where parts are chosen and joined: a new skill or channel is one line here."""

import asyncio
import tempfile
import uuid
import zoneinfo
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

from bot.channels.telegram.channel import TelegramChannel
from bot.commerce import CustomerId, OrderNumber
from bot.dialogue.answers import Answerer
from bot.dialogue.playbook import Playbook
from bot.dialogue.queue import Queue
from bot.dialogue.search import Searcher
from bot.dialogue.speech import Speech
from bot.dialogue.tasks import Tasks
from bot.model import Localized, Phrase
from bot.nlu.encoder import open_encoder
from bot.nlu.language import LanguageDetector
from bot.nlu.rasa_server import RasaRecognizer, with_rasa
from bot.nlu.recognizer import NluRecognizer, open_recognizer
from bot.nlu.topics import TopicalArticles, TopicFinder
from bot.nlu.training import ensure_model
from bot.nlu.vectors import CachedEncoder
from bot.ports import (
    Agents,
    Articles,
    Channel,
    Encoder,
    Live,
    Now,
    Outbox,
    Progress,
    Recognizer,
    Shop,
    ShopAccess,
    Skill,
    Store,
    Tokens,
)
from bot.search import IndexRetriever
from bot.settings import Settings, ShopRules, read_rules
from bot.shop.access import GuardedShop
from bot.shop.documents import product_documents
from bot.shop.sql import SqlShop
from bot.skills.order_status import OrderStatusSkill
from bot.skills.product_question import ProductQuestionSkill
from bot.skills.recommendation import RecommendationSkill
from bot.skills.terms import Terms, glossary
from bot.store.agents import SqlAgents
from bot.store.articles import SqlArticles
from bot.store.conversations import SqlStore
from bot.store.engine import migrate, open_engine
from bot.store.outbox import SqlOutbox
from bot.store.tokens import SqlTokens
from bot.store.tries import SqlProofTries
from bot.turn import Assistant
from bot.words import ReplyWords
from escalation import hours
from escalation.policy import Policy
from intents.answers import load_answers
from intents.loader import load_catalog, load_languages
from intents.replies import languages, load_replies
from knowledge_base.model import Document


def skills(terms: Terms) -> Mapping[str, Skill]:
    """Return what the bot can do, by name."""
    every: tuple[Skill, ...] = (
        OrderStatusSkill(terms),
        ProductQuestionSkill(terms),
        RecommendationSkill(terms),
    )
    return {skill.name: skill for skill in every}


def channels(settings: Settings) -> Mapping[str, Channel]:
    """Return the push channels that are set up, by name. The web is pulled and needs none."""
    every: list[Channel] = []
    if settings.telegram_token is not None:
        every.append(
            TelegramChannel(
                token=settings.telegram_token.get_secret_value(), api=settings.telegram_api
            )
        )
    return {channel.name: channel for channel in every}


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """The parts of one running Shopbell."""

    settings: Settings
    rules: ShopRules
    engine: AsyncEngine
    store: Store
    outbox: Outbox
    tokens: Tokens
    agents: Agents
    articles: Articles
    shop: Shop
    live: Live
    assistant: Assistant
    words: ReplyWords
    encoder: Encoder
    recognizer: Recognizer
    retriever: IndexRetriever
    channels: Mapping[str, Channel]
    now: Now
    new_id: Callable[[], str]
    languages: tuple[str, ...]
    demo: bool

    async def close(self) -> None:
        """Let go of threads, files and connections."""
        if isinstance(self.recognizer, RasaRecognizer):
            await self.recognizer.close()
        await self.retriever.close()
        self.encoder.close()
        await self.engine.dispose()


def now() -> datetime:
    """Return the present moment, aware, in UTC."""
    return datetime.now(UTC)


def new_id() -> str:
    """Return an id that was never used; 32 hex digits."""
    return uuid.uuid4().hex


def open_cached_encoder(settings: Settings, progress: Progress | None = None) -> Encoder:
    """Open the encoder, built if missing; vectors of many texts are kept in the cache."""
    encoder = open_encoder(settings.encoder, settings.cache, progress)
    return CachedEncoder(encoder, settings.cache / "vectors")


def open_nlu(
    settings: Settings, rules: ShopRules, encoder: Encoder, progress: Progress | None = None
) -> NluRecognizer:
    """Open the understanding, trained if its data, encoder or recipe changed."""
    model = ensure_model(encoder, settings, rules, progress)
    return open_recognizer(encoder, model, rules=rules, now=now)


async def open_app(
    settings: Settings,
    *,
    live: Live,
    demo: bool = False,
    rules: ShopRules | None = None,
    clock: Now = now,
    progress: Progress | None = None,
) -> App:
    """Open every part; what is missing (encoder, heads, tables, index) is made, with progress.

    Raises:
        SettingsError, EncoderError, StoreUnavailableError: with the next step in the message.
    """
    rules = rules or read_rules(settings.home)
    await asyncio.to_thread(migrate, settings.database)
    engine = open_engine(settings.database)
    if demo:
        await fill_demo(engine, clock())
    encoder = await asyncio.to_thread(open_cached_encoder, settings, progress)
    recognizer = await asyncio.to_thread(open_nlu, settings, rules, encoder, progress)
    shop, articles = SqlShop(engine, currency=rules.currency), SqlArticles(engine)
    words = open_words(rules)
    retriever = _retriever(settings, recognizer, engine, words)
    await retriever.ensure(progress)
    push = channels(settings)
    shared = not settings.database.startswith("sqlite")
    store = SqlStore(engine, push_channels=frozenset(push), shared=shared, now=clock)
    tries = SqlProofTries(
        engine,
        tries=rules.proof.tries,
        delay_seconds=rules.proof.delay_seconds,
        longest=rules.proof.longest_delay_seconds,
        now=clock,
    )

    def open_shop(customer: CustomerId | None, proven: frozenset[OrderNumber]) -> ShopAccess:
        return GuardedShop(shop, tries, customer, proven)

    ears = with_rasa(settings, recognizer)
    assistant = _assistant(
        rules=rules,
        store=store,
        recognizer=ears,
        retriever=retriever,
        shop=shop,
        open_shop=open_shop,
        words=words,
        terms=glossary(words.replies),
        live=live,
        clock=clock,
    )
    return App(
        settings=settings,
        rules=rules,
        engine=engine,
        store=store,
        outbox=SqlOutbox(engine, now=clock),
        tokens=SqlTokens(engine),
        agents=SqlAgents(engine),
        articles=articles,
        shop=shop,
        live=live,
        assistant=assistant,
        words=words,
        encoder=encoder,
        recognizer=ears,
        retriever=retriever,
        channels=push,
        now=clock,
        new_id=new_id,
        languages=languages(),
        demo=demo,
    )


def open_words(rules: ShopRules) -> ReplyWords:
    """Read the words of every language."""
    replies = {language: load_replies(language) for language in languages()}
    return ReplyWords(replies, zone=zoneinfo.ZoneInfo(rules.time_zone))


def open_detector(rules: ShopRules) -> LanguageDetector:
    """Return what tells the installed languages apart."""
    return LanguageDetector(load_languages(), rules.language)


@asynccontextmanager
async def open_articles(settings: Settings) -> AsyncIterator[Articles]:
    """Open the articles alone, for commands that work beside a server."""
    await asyncio.to_thread(migrate, settings.database)
    engine = open_engine(settings.database)
    try:
        yield SqlArticles(engine)
    finally:
        await engine.dispose()


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowledge:
    """Search alone, without a server around it."""

    retriever: IndexRetriever
    recognizer: NluRecognizer


@asynccontextmanager
async def open_knowledge(
    settings: Settings, progress: Progress | None = None
) -> AsyncIterator[Knowledge]:
    """Open search alone; the index is built if articles or products changed."""
    await asyncio.to_thread(migrate, settings.database)
    engine = open_engine(settings.database)
    rules = read_rules(settings.home)
    encoder = await asyncio.to_thread(open_cached_encoder, settings, progress)
    recognizer = await asyncio.to_thread(open_nlu, settings, rules, encoder, progress)
    retriever = _retriever(settings, recognizer, engine, open_words(rules))
    try:
        await retriever.ensure(progress)
        yield Knowledge(retriever=retriever, recognizer=recognizer)
    finally:
        await retriever.close()
        encoder.close()
        await engine.dispose()


async def encode_demo(
    settings: Settings, recognizer: NluRecognizer, progress: Progress | None = None
) -> None:
    """Put the vectors of the demo's articles and products into the cache."""
    with tempfile.TemporaryDirectory() as home:
        there = settings.model_copy(update={"home": Path(home), "database_url": None})
        await asyncio.to_thread(migrate, there.database)
        engine = open_engine(there.database)
        retriever = _retriever(there, recognizer, engine, open_words(ShopRules()))
        try:
            await fill_demo(engine, now())
            await retriever.ensure(progress)
        finally:
            await retriever.close()
            await engine.dispose()


def _assistant(
    *,
    rules: ShopRules,
    store: Store,
    recognizer: Recognizer,
    retriever: IndexRetriever,
    shop: Shop,
    open_shop: Callable[[CustomerId | None, frozenset[OrderNumber]], ShopAccess],
    words: ReplyWords,
    terms: Terms,
    live: Live,
    clock: Now,
) -> Assistant:
    """Join the parts of a turn."""
    able = skills(terms)
    playbook = _playbook(rules, able)
    tasks = Tasks(skills=able, open_shop=open_shop, now=clock, proof_tries=rules.proof.tries)
    zone = zoneinfo.ZoneInfo(rules.time_zone)
    days = rules.hours.days
    queue = Queue(
        store=store,
        now=clock,
        new_id=new_id,
        is_open=lambda at: hours.is_open(at, days, zone),
        next_opening=lambda at: hours.next_opening(at, days, zone),
    )
    searcher = Searcher(retriever=retriever, tasks=tasks, words=words, playbook=playbook)
    names = rules.name if isinstance(rules.name, dict) else {"": rules.name}
    disclosure = Phrase(key="disclosure", values={"shop": Localized(texts=names)})
    return Assistant(
        store=store,
        recognizer=recognizer,
        shop=shop,
        answerer=Answerer(tasks=tasks, searcher=searcher, queue=queue, playbook=playbook),
        speech=Speech(words=words, now=clock, new_id=new_id),
        playbook=playbook,
        live=live,
        new_id=new_id,
        disclosure=disclosure if rules.disclose_bot else None,
    )


def _playbook(rules: ShopRules, able: Mapping[str, Skill]) -> Playbook:
    policy = Policy(
        misses=rules.escalate.misses,
        anger=rules.escalate.anger,
        anger_trend=rules.escalate.anger_trend,
        sensitive=frozenset(rules.escalate.sensitive),
    )
    return Playbook(
        intents=load_catalog().intents,
        slots={name: skill.slots for name, skill in able.items()},
        policy=policy,
        for_entity={"order_number": OrderStatusSkill.name},
        words=load_answers(),
    )


def _retriever(
    settings: Settings, recognizer: NluRecognizer, engine: AsyncEngine, words: ReplyWords
) -> IndexRetriever:
    shop = SqlShop(engine)
    encoder = recognizer.encoder
    finder = TopicFinder(encoder=encoder, head=recognizer.intents.head, catalog=load_catalog())
    articles = TopicalArticles(articles=SqlArticles(engine), finder=finder)

    async def product_texts() -> list[Document]:
        products = await asyncio.to_thread(recognizer.entities.learn, await shop.products())
        return product_documents(products, languages(), words)

    folder: Path = settings.home / "index"
    return IndexRetriever(encoder, articles, product_texts, folder)


async def fill_demo(engine: AsyncEngine, at: datetime) -> None:
    """Load the demo shop, its dates moved to today, and its articles into a home without any."""
    from bot.shop.demo.load import load_demo  # noqa: PLC0415 - only --demo needs its data
    from knowledge_base.articles import demo_articles  # noqa: PLC0415

    await load_demo(engine, at)
    articles = SqlArticles(engine)
    if not await articles.published():
        await articles.put(demo_articles(), at)
