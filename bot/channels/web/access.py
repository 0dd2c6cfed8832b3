"""Who may speak in a conversation: bearer tokens, kept as hashes, and limits on how often."""

import hashlib
import re
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from datetime import timedelta

from bot.contract import ApiError
from bot.model import ConversationId
from bot.ports import Now, Store, Tokens, UnknownConversationError

LIFETIME = timedelta(days=30)
"""How long a token opens its conversation."""

_REMEMBERED = 10_000
_TRUSTED_FOR = 30.0
"""Seconds for which a token that was looked up is not looked up again: an erased conversation
is closed to its old tokens that soon."""
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Access:
    """Grants tokens and checks them; the last ones are remembered for a short while."""

    def __init__(
        self,
        *,
        tokens: Tokens,
        store: Store,
        now: Now,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._tokens, self._store, self._now, self._clock = tokens, store, now, clock
        self._known: OrderedDict[str, tuple[ConversationId, float]] = OrderedDict()

    async def grant(self, conversation: ConversationId) -> str:
        """Return a new token for a conversation; only its hash is kept."""
        token = secrets.token_urlsafe(32)
        await self._tokens.grant(conversation, _hash(token), self._now() + LIFETIME)
        return token

    async def check(self, conversation: str, token: str | None) -> ConversationId:
        """Return the conversation if the token opens it; raises ApiError (401, 403 or 404)."""
        if not token:
            raise _unauthorized("No token came with the request")
        opened = await self._opened_by(token)
        if opened is not None and opened == conversation:
            return opened
        await self._must_exist(conversation)
        if opened is None:
            raise _unauthorized("The token is unknown or has expired")
        raise ApiError(403, "forbidden", "The token opens another conversation")

    async def _opened_by(self, token: str) -> ConversationId | None:
        key = _hash(token)
        known = self._known.get(key)
        if known is not None and known[1] > self._clock():
            self._known.move_to_end(key)
            return known[0]
        conversation = await self._tokens.conversation_of(key, self._now())
        self._known.pop(key, None)
        if conversation is not None:
            self._known[key] = (conversation, self._clock() + _TRUSTED_FOR)
            if len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
        return conversation

    async def _must_exist(self, conversation: str) -> None:
        if _ID.fullmatch(conversation) is None:
            raise UnknownConversationError(conversation)
        await self._store.get(ConversationId(conversation))


def _hash(token: str) -> str:
    # The token has 256 random bits: nothing slower than one hash is needed.
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def _unauthorized(message: str) -> ApiError:
    return ApiError(
        401,
        "unauthorized",
        message,
        expected="the token that POST /api/v1/conversations returned, as `Bearer TOKEN`",
        headers={"WWW-Authenticate": "Bearer"},
    )
