"""The webhook that Telegram calls: https://core.telegram.org/bots/api#setwebhook."""

import asyncio
import hmac
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from fastapi import APIRouter, Request, Response
from pydantic import ValidationError

from bot.channels.telegram.channel import NAME, TelegramChannel
from bot.channels.telegram.payloads import Received, Update, answer_to, last_asked, received
from bot.contract import ApiError
from bot.model import (
    Address,
    Change,
    Conversation,
    ConversationId,
    Inbound,
    Language,
    Message,
    MessageId,
    Phrase,
    Speaker,
)
from bot.ports import ConflictError, Handle, Now, SendError, Store, Words

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - a header's name

_ONLY_TEXT = Phrase(key="telegram.only_text")
_PAGE = 500
_REMEMBERED = 1_000
_TRIES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """What the route needs. The turn is committed before Telegram gets its 200."""

    handle: Handle
    store: Store
    channel: TelegramChannel
    secret: str | None
    """What Telegram sends along; without one every delivery is refused."""
    words: Words
    languages: Sequence[str]
    default_language: str
    now: Now
    new_id: Callable[[], str]
    wake_outbox: Callable[[], None]
    _noted: OrderedDict[str, None] = field(default_factory=OrderedDict)
    _running: set[asyncio.Task[None]] = field(default_factory=set)

    async def take(self, update: Received) -> None:
        """Bring one delivery through its turn; again for the same one changes nothing."""
        if update.callback is not None:
            self._acknowledge(update.callback)
        conversation = await self._conversation(update)
        if update.text is None:
            await self._say_only_text(conversation, update.delivery)
            return
        text = await self._meant(conversation.id, update.text)
        await self.handle(
            Inbound(
                conversation=conversation.id,
                client_id=update.delivery,
                text=text,
                received_at=self.now(),
            )
        )

    async def _conversation(self, update: Received) -> Conversation:
        address = Address(channel=NAME, user=update.chat)
        found = await self.store.find(address)
        if found is not None:
            return found
        new = Conversation(
            id=ConversationId(self.new_id()),
            address=address,
            language=self._language(update.language),
            started_at=self.now(),
        )
        return await self.store.start(new)

    def _language(self, code: str | None) -> Language:
        """Return the app's language if Shopbell speaks it ("zh-hans" is "zh")."""
        short = (code or "").lower().partition("-")[0]
        return Language(short if short in self.languages else self.default_language)

    async def _meant(self, conversation: ConversationId, text: str) -> str:
        if not text.isdecimal():
            return text
        return answer_to(text, last_asked(await self._history(conversation)))

    async def _history(self, conversation: ConversationId) -> Sequence[Message]:
        """Return the newest page of messages, read from the start: few talks have a second."""
        page: Sequence[Message] = ()
        after = 0
        while len(page) in {0, _PAGE}:
            following = await self.store.messages(conversation, after=after, limit=_PAGE)
            if not following:
                break
            page, after = following, following[-1].seq
        return page

    async def _say_only_text(self, conversation: Conversation, delivery: str) -> None:
        """Answer a photo or the like; there is no turn, because there is nothing to understand."""
        if delivery in self._noted:
            return
        note = Message(
            id=MessageId(self.new_id()),
            speaker=Speaker.SYSTEM,
            key=_ONLY_TEXT.key,
            text=self.words.say(_ONLY_TEXT, conversation.language),
            sent_at=self.now(),
        )
        await self._commit(conversation.id, note)
        self._noted[delivery] = None
        if len(self._noted) > _REMEMBERED:
            self._noted.popitem(last=False)
        self.wake_outbox()

    async def _commit(self, conversation: ConversationId, note: Message) -> None:
        for attempt in range(_TRIES):
            now = await self.store.get(conversation)
            try:
                await self.store.commit(Change(before=now, after=now, messages=(note,)))
            except ConflictError:
                if attempt == _TRIES - 1:
                    raise
            else:
                return

    def _acknowledge(self, callback: str) -> None:
        task = asyncio.create_task(self._acknowledge_once(callback))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _acknowledge_once(self, callback: str) -> None:
        with suppress(SendError):  # it only stops the waiting sign on a button
            await self.channel.acknowledge(callback)


def router(webhook: Webhook) -> APIRouter:
    """Return the route of the Telegram channel."""
    api = APIRouter(tags=["telegram"])

    @api.post("/webhooks/telegram", summary="Take an update from Telegram")
    async def take(request: Request) -> Response:
        # The secret comes first: a stranger learns nothing about what would be accepted.
        _check_secret(webhook.secret, request.headers.get(SECRET_HEADER))
        shopper = received(_parse(await request.body()))
        if shopper is not None:
            await webhook.take(shopper)
        return Response(status_code=200)

    return api


def _check_secret(expected: str | None, given: str | None) -> None:
    same = hmac.compare_digest((expected or "").encode(), (given or "").encode("utf-8", "replace"))
    if not expected or not same:
        raise ApiError(
            403, "forbidden", "The secret token is not the right one", expected=SECRET_HEADER
        )


def _parse(body: bytes) -> Update:
    try:
        return Update.model_validate_json(body)
    except ValidationError as error:
        places = sorted({".".join(str(p) for p in e["loc"]) or "body" for e in error.errors()})
        raise ApiError(
            400, "bad_update", f"Wrong: {', '.join(places)}", expected="an Update of the Bot API"
        ) from error
