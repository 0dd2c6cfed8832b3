"""The web application: joins channels, desk, outbox and state pages around one `App`."""

import asyncio
import importlib.metadata
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, TypeAlias
from uuid import uuid4

import structlog
from fastapi import APIRouter, FastAPI

from bot.channels.rasa import routes as rasa
from bot.channels.rasa.talks import Talks
from bot.channels.telegram import routes as telegram
from bot.channels.telegram.channel import NAME as TELEGRAM
from bot.channels.telegram.channel import TelegramChannel
from bot.channels.web import routes as web
from bot.channels.web import words_routes
from bot.channels.web.access import Access
from bot.channels.web.identity import read_identities
from bot.contract import Limiter
from bot.desk import routes as desk
from bot.model import Language
from bot.nlu.rasa_server import RasaRecognizer
from bot.ports import Live, LiveClosedError
from bot.server import demo
from bot.server.edge import Edge
from bot.server.errors import add_error_handlers
from bot.server.health import Readiness
from bot.server.limits import read_limit
from bot.server.metrics import Metrics
from bot.server.middleware import Gate, WidgetCors
from bot.server.outbox import OutboxWorker
from bot.server.pages import state_router, static_router
from bot.server.parts import App
from intents.replies import load_replies

OpenApp: TypeAlias = Callable[[], Awaitable[App]]

OUTBOX_TOPIC = "outbox"
"""Whoever commits a message to a push channel may publish here to have it sent at once."""

log = structlog.get_logger(__name__)


def create_app(source: App | OpenApp) -> FastAPI:
    """Return the application; with a factory the parts are opened when the server starts.

    Either way the application closes the parts when the server stops.
    """
    metrics = Metrics()
    opened: list[App] = []

    @asynccontextmanager
    async def lifespan(api: FastAPI) -> AsyncIterator[None]:
        service = api.state.service if opened else _mount(api, await _open(source), metrics)
        async with service.running():
            yield

    api = _bare(lifespan, metrics, lambda: opened[0].rules.widget_origins if opened else ())

    def _mount(api: FastAPI, app: App, metrics: Metrics) -> "Service":
        opened.append(app)
        api.state.service = service = _join(app, metrics)
        for router in service.routers():
            api.include_router(router)
        return service

    if not callable(source):
        _mount(api, source, metrics)
    return api


async def _open(source: App | OpenApp) -> App:
    return await source() if callable(source) else source


def _bare(lifespan: Any, metrics: Metrics, origins: Callable[[], tuple[str, ...]]) -> FastAPI:
    api = FastAPI(
        title="Shopbell",
        version=importlib.metadata.version("shopbell"),
        lifespan=lifespan,
        openapi_url="/api/v1/openapi.json",
        docs_url=None,  # FastAPI's pages load their scripts from elsewhere
        redoc_url=None,
    )
    api.add_middleware(WidgetCors, origins=origins)
    api.add_middleware(Gate, metrics=metrics, new_id=lambda: uuid4().hex)
    add_error_handlers(api)
    return api


def _join(app: App, metrics: Metrics) -> "Service":
    worker = OutboxWorker(
        outbox=app.outbox,
        channels=app.channels,
        now=app.now,
        jitter=random.random,
        count=metrics.sent,
    )
    edge = Edge(app.assistant, metrics, worker.wake)
    if isinstance(app.recognizer, RasaRecognizer):
        metrics.watch_rasa(app.recognizer.outcomes)
    return Service(
        app=app,
        metrics=metrics,
        worker=worker,
        edge=edge,
        message_limit=_limit(app, app.settings.rate_limit, "SHOPBELL_RATE_LIMIT"),
        start_limit=_limit(app, app.settings.start_limit, "SHOPBELL_START_LIMIT"),
    )


def _limit(app: App, text: str, setting: str) -> Limiter:
    return read_limit(text, setting=setting, redis_url=app.settings.redis_url)


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One running server: its parts, and the order in which they start and stop."""

    app: App
    metrics: Metrics
    worker: OutboxWorker
    edge: Edge
    message_limit: Limiter
    start_limit: Limiter

    def routers(self) -> list[APIRouter]:
        """Return everything that is served; one line per channel."""
        routers = [self._web(), self._rasa(), self._words(), self._state(), static_router()]
        channel = self.app.channels.get(TELEGRAM)
        if isinstance(channel, TelegramChannel):
            routers.append(self._telegram(channel))
        if self.app.demo and demo.can_sign(self.app.settings):
            routers.insert(0, demo.router(self.app.settings))
        return [*routers, desk.router(self.app)]

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run the outbox while the server serves; then let everything come to its end."""
        sending = asyncio.create_task(self._send())
        listening = asyncio.create_task(_wake_on(self.app.live, self.worker))
        try:
            yield
        finally:
            await self.edge.drain()
            self.worker.stop()
            await sending
            listening.cancel()
            with suppress(asyncio.CancelledError):
                await listening
            await self.app.live.close()
            await self.message_limit.close()
            await self.start_limit.close()
            await self._close_channels()
            await self.app.close()
            log.info("stopped")

    async def _send(self) -> None:
        if self.app.channels:  # without any, nothing is ever waiting
            await self.worker.run()

    async def _close_channels(self) -> None:
        for channel in self.app.channels.values():
            if isinstance(channel, TelegramChannel):
                await channel.close()

    def _web(self) -> APIRouter:
        app, settings = self.app, self.app.settings
        return web.router(
            web.WebChannel(
                handle=self.edge.handle,
                store=app.store,
                access=Access(tokens=app.tokens, store=app.store, now=app.now),
                live=app.live,
                identities=read_identities(settings),
                message_limit=self.message_limit,
                start_limit=self.start_limit,
                languages=app.languages,
                default_language=app.rules.language,
                origins=app.rules.widget_origins,
                now=app.now,
                new_id=app.new_id,
            )
        )

    def _words(self) -> APIRouter:
        languages = [Language(language) for language in self.app.languages]
        return words_routes.router(self.app.words, languages, load_replies(languages[0]))

    def _telegram(self, channel: TelegramChannel) -> APIRouter:
        app, secret = self.app, self.app.settings.telegram_secret
        if secret is None:
            log.warning("telegram.no_secret", expected="SHOPBELL_TELEGRAM_SECRET")
        return telegram.router(
            telegram.Webhook(
                handle=self.edge.handle,
                store=app.store,
                channel=channel,
                secret=secret.get_secret_value() if secret else None,
                words=app.words,
                languages=app.languages,
                default_language=app.rules.language,
                now=app.now,
                new_id=app.new_id,
                wake_outbox=self.worker.wake,
            )
        )

    def _rasa(self) -> APIRouter:
        app, token = self.app, self.app.settings.rasa_auth_token
        talks = Talks(
            handle=self.edge.handle,
            store=app.store,
            message_limit=self.message_limit,
            start_limit=self.start_limit,
            languages=app.languages,
            default_language=app.rules.language,
            now=app.now,
            new_id=app.new_id,
        )
        return rasa.router(
            rasa.RasaChannel(
                talks=talks,
                recognizer=app.recognizer,
                token=token.get_secret_value() if token else None,
                version=importlib.metadata.version("shopbell"),
                new_id=app.new_id,
            )
        )

    def _state(self) -> APIRouter:
        app = self.app
        readiness = Readiness(
            store=app.store,
            recognizer=app.recognizer,
            retriever=app.retriever,
            language=app.rules.language,
        )
        return state_router(readiness=readiness, metrics=self.metrics, outbox=app.outbox)


async def _wake_on(live: Live, worker: OutboxWorker) -> None:
    with suppress(LiveClosedError):
        async with live.listen(OUTBOX_TOPIC) as listener:
            while True:
                await listener.next()
                worker.wake()
